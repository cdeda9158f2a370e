package query

import "strings"

// dateFromString is $dateFromString: dateString, format, timezone, onError, onNull.
// What is wrong with the format or the zone is so whatever the string.
func dateFromString(name string, arguments []value) (value, error) {
	text, format, zone, onError, onNull := arguments[0], arguments[1], arguments[2], arguments[3], arguments[4]
	if err := checkFormat(name, 40684, "%bBdGHjLmMSuVYzZ", format); err != nil {
		return value{}, err
	}
	location, err := zoneOrNil(zone)
	switch {
	case err != nil:
		return value{}, err
	case text.nullish():
		return onNull, nil
	case text.isString() && (format.nullish() || zone.nullish()):
		return null, nil
	}
	date, err := value{}, error(failure(CodeConversionFailure, "$dateFromString requires that 'dateString' be a string, found: %s with value %s",
		TypeName(text.kind), brief(text)))
	switch {
	case text.isString() && format.isString():
		date, err = parseDateBy(string(format.text()), string(text.text()), location)
	case text.isString():
		date, err = scanDate(string(text.text()), location)
	}
	if err != nil && !onError.is(notGiven) && isConversionFailure(err) {
		return onError, nil
	}
	return date, err
}

// checkFormat checks the format of a date, if there is one, which may have these
// specifiers.
func checkFormat(name string, notString int, specifiers string, format value) error {
	switch {
	case format.is(notGiven), format.nullish():
		return nil
	case !format.isString():
		return failure(notString, "%s requires that 'format' be a string, found: %s with value %s", name, TypeName(format.kind), brief(format))
	}
	text := format.text()
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			continue
		}
		if i++; i == len(text) {
			return failure(18535, "Unmatched '%%' at end of format string")
		}
		if strings.IndexByte(specifiers, text[i]) < 0 {
			return failure(18536, "Invalid format character '%%%c' in format string", text[i])
		}
	}
	return nil
}

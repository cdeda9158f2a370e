package query

import (
	"strings"
	"time"
)

// dateFromString is $dateFromString: dateString, format, timezone, onError, onNull.
// What is wrong with the format or the zone is so whatever the string.
func dateFromString(name string, arguments []value) (value, error) {
	text, format, zone, onError, onNull := arguments[0], arguments[1], arguments[2], arguments[3], arguments[4]
	if err := checkFormat(format); err != nil {
		return value{}, err
	}
	location, err := time.UTC, error(nil)
	if !zone.nullish() {
		location, err = zoneOf(zone)
	}
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
		date, err = parseDate(string(text.text()), location, !zone.is(utc))
	}
	if err != nil && !onError.is(notGiven) {
		return onError, nil
	}
	return date, err
}

func checkFormat(format value) error {
	switch {
	case format.is(notGiven), format.nullish():
		return nil
	case !format.isString():
		return failure(40684, "$dateFromString requires that 'format' be a string, found: %s with value %s", TypeName(format.kind), brief(format))
	}
	text := format.text()
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			continue
		}
		if i++; i == len(text) {
			return failure(18535, "Unmatched '%%' at end of format string")
		}
		if strings.IndexByte("%bBdGHjLmMSuVYzZ", text[i]) < 0 {
			return failure(18536, "Invalid format character '%%%c' in format string", text[i])
		}
	}
	return nil
}

// dateLayouts are the forms of dates that are understood without a format, but for
// the zone and a fraction of the seconds.
var dateLayouts = []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02", "2006-01",
	"01/02/2006 15:04:05", "01/02/2006", "January 2, 2006", "Jan 2, 2006", "2 January 2006", "2 Jan 2006",
	"Mon, 02 Jan 2006 15:04:05"}

// parseDate reads a date. zoned tells that the zone was asked for, and the text must
// not name another.
func parseDate(text string, zone *time.Location, zoned bool) (value, error) {
	for _, layout := range dateLayouts {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return millisValue(t.UnixMilli()), nil
		}
		for _, suffix := range []string{"Z07:00", "Z0700", " Z07:00", " Z0700", " MST"} {
			t, err := time.ParseInLocation(layout+suffix, text, time.UTC)
			_, offset := t.Zone()
			switch {
			case err != nil || suffix == " MST" && offset == 0 && !strings.HasSuffix(text, "GMT") && !strings.HasSuffix(text, "UTC"):
				continue
			case zoned:
				return value{}, failure(CodeConversionFailure, "you cannot pass in a date/time string with time zone information ('%s') together with a timezone argument", text)
			}
			return millisValue(t.UnixMilli()), nil
		}
	}
	return value{}, failure(CodeConversionFailure, "Error parsing date string '%s'", text)
}

package query

import (
	"fmt"
	"strings"
	"time"
)

// The formats of $dateToString if it is given none: for UTC, and for other zones.
const (
	utcFormat   = "%Y-%m-%dT%H:%M:%S.%LZ"
	localFormat = "%Y-%m-%dT%H:%M:%S.%L"
)

// dateToString is $dateToString: date, format, timezone, onNull.
func dateToString(name string, arguments []value) (value, error) {
	format, zone := arguments[1], arguments[2]
	t, ok, err := localTime(arguments[0], zone, 16006, "can't convert from BSON type %s to Date")
	switch {
	case err != nil:
		return value{}, err
	case arguments[0].nullish():
		return arguments[3], nil
	case !ok || format.nullish():
		return null, nil
	}
	pattern := localFormat
	switch {
	case format.isString():
		pattern = string(format.text())
	case !format.is(notGiven):
		return value{}, failure(18533, "$dateToString requires that 'format' be a string, found: %s with value %s", TypeName(format.kind), brief(format))
	case t.Location() == time.UTC:
		pattern = utcFormat
	}
	if t.Year() < 0 || t.Year() > 9999 {
		return value{}, failure(18537, "Could not convert date to string: date component was outside the supported range of 0-9999: %d", t.Year())
	}
	text, err := formatDate(t, pattern)
	return stringValue(text), err
}

// formatDate writes a date as MongoDB's format says.
func formatDate(t time.Time, format string) (string, error) {
	var text strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			text.WriteByte(format[i])
			continue
		}
		i++
		if i == len(format) {
			return "", failure(18535, "Unmatched '%%' at end of format string")
		}
		part, ok := formatPart(t, format[i])
		if !ok {
			return "", failure(18536, "Invalid format character '%%%c' in format string", format[i])
		}
		text.WriteString(part)
	}
	return text.String(), nil
}

func formatPart(t time.Time, specifier byte) (string, bool) {
	year, week := t.ISOWeek()
	_, offset := t.Zone()
	switch specifier {
	case '%':
		return "%", true
	case 'Y':
		return fmt.Sprintf("%04d", t.Year()), true
	case 'j':
		return fmt.Sprintf("%03d", t.YearDay()), true
	case 'U':
		return fmt.Sprintf("%02d", weekOfYear(t)), true
	case 'w':
		return fmt.Sprint(int(t.Weekday()) + 1), true
	case 'u':
		return fmt.Sprint(isoWeekday(t)), true
	case 'V':
		return fmt.Sprintf("%02d", week), true
	case 'G':
		return fmt.Sprintf("%04d", year), true
	case 'Z':
		return fmt.Sprintf("%+d", offset/60), true
	}
	layouts := map[byte]string{'m': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'z': "-0700", 'b': "Jan", 'B': "January"}
	if layout, ok := layouts[specifier]; ok {
		return t.Format(layout), true
	}
	if specifier == 'L' {
		return fmt.Sprintf("%03d", t.Nanosecond()/1e6), true
	}
	return "", false
}

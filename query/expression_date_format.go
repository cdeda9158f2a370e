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

// dateFromString is $dateFromString: dateString, format, timezone, onError, onNull.
func dateFromString(name string, arguments []value) (value, error) {
	text, format, zone, onError, onNull := arguments[0], arguments[1], arguments[2], arguments[3], arguments[4]
	switch {
	case text.nullish():
		return onNull, nil
	case format.nullish(), zone.nullish():
		return null, nil
	case !format.is(notGiven) && !format.isString():
		return value{}, failure(40684, "$dateFromString requires that 'format' be a string, found: %s with value %s", TypeName(format.kind), brief(format))
	}
	location, err := zoneOf(zone)
	if err != nil {
		return value{}, err
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

// parseDateBy reads a date as MongoDB's format says.
func parseDateBy(format, text string, zone *time.Location) (value, error) {
	layouts := map[byte]string{'Y': "2006", 'm': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'j': "002", 'z': "Z0700", 'b': "Jan",
		'B': "January", '%': "%"}
	var layout strings.Builder
	for i := 0; i < len(format); i++ {
		switch c := format[i]; {
		case c != '%' && (c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' && c != 'T' && c != 'Z' || c == '_'):
			return value{}, failure(CodeNotImplemented, "the format '%s' of $dateFromString is not implemented", format)
		case c != '%':
			layout.WriteByte(c)
			continue
		}
		i++
		if i == len(format) {
			return value{}, failure(18535, "Unmatched '%%' at end of format string")
		}
		part, ok := layouts[format[i]]
		switch {
		case format[i] == 'L' && strings.HasSuffix(layout.String(), "05."):
			part = "000"
		case !ok:
			return value{}, failure(18536, "Invalid format character '%%%c' in format string", format[i])
		}
		layout.WriteString(part)
	}
	t, err := time.ParseInLocation(layout.String(), text, zone)
	if err != nil {
		return value{}, failure(CodeConversionFailure, "Error parsing date string '%s'; %v", text, err)
	}
	return millisValue(t.UnixMilli()), nil
}

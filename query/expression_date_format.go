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

// dateToString is $dateToString: date, format, timezone, onNull. What is wrong with
// the format or the zone is so whatever the date.
func dateToString(name string, arguments []value) (value, error) {
	date, format := arguments[0], arguments[1]
	if err := checkFormat(name, 18533, "%bBdGHjLmMSuUVwYzZ", format); err != nil {
		return value{}, err
	}
	zone, err := zoneOrNil(arguments[2])
	switch {
	case err != nil:
		return value{}, err
	case date.nullish():
		return arguments[3], nil
	case zone == nil || format.nullish():
		return null, nil
	}
	t, err := dateIn(zone, date, codeNoDate, noDate)
	if err != nil {
		return value{}, err
	}
	pattern := localFormat
	switch {
	case format.isString():
		pattern = string(format.text())
	case zone == time.UTC:
		pattern = utcFormat
	}
	if t.Year() < 0 || t.Year() > 9999 {
		return value{}, failure(18537, "Could not convert date to string: date component was outside the supported range of 0-9999: %d", t.Year())
	}
	return stringValue(formatDate(t, pattern)), nil
}

// formatDate writes a date as MongoDB's format, which is a valid one, says.
func formatDate(t time.Time, format string) string {
	var text strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			text.WriteByte(format[i])
			continue
		}
		i++
		text.WriteString(formatPart(t, format[i]))
	}
	return text.String()
}

func formatPart(t time.Time, specifier byte) string {
	year, week := t.ISOWeek()
	_, offset := t.Zone()
	switch specifier {
	case '%':
		return "%"
	case 'Y':
		return fmt.Sprintf("%04d", t.Year())
	case 'j':
		return fmt.Sprintf("%03d", t.YearDay())
	case 'U':
		return fmt.Sprintf("%02d", weekOfYear(t))
	case 'w':
		return fmt.Sprint(int(t.Weekday()) + 1)
	case 'u':
		return fmt.Sprint(isoWeekday(t))
	case 'V':
		return fmt.Sprintf("%02d", week)
	case 'G':
		return fmt.Sprintf("%04d", year)
	case 'Z':
		return fmt.Sprintf("%+d", offset/60)
	}
	layouts := map[byte]string{'m': "01", 'd': "02", 'H': "15", 'M': "04", 'S': "05", 'z': "-0700", 'b': "Jan", 'B': "January"}
	if layout, ok := layouts[specifier]; ok {
		return t.Format(layout)
	}
	return fmt.Sprintf("%03d", t.Nanosecond()/1e6) // %L
}

package query

import (
	"strconv"
	"strings"
	"time"
)

// dateReader reads a date by a format, as timelib does, which MongoDB uses.
type dateReader struct {
	text string // all of it, for messages
	rest string

	year, month, day    int // unread where it has not been read
	isoYear, week, wday int
	hour, minute, sec   int
	micros              int
	offset              int    // of the zone, in seconds, or unread
	zoneName            string // that told the offset, if one did

	// What text without a format can tell beside.
	dates, weeks, times, zones int // that were read
	since                      int64
	toWeekday                  int // to which the date is moved forward, or unread
	relative                   string
}

func newDateReader(text string) *dateReader {
	return &dateReader{
		text: text, rest: text, year: unread, month: unread, day: unread, isoYear: unread, week: unread, wday: unread,
		offset: unread, toWeekday: unread,
	}
}

// unread is what was not read.
const unread = -1 << 62

// parseDateBy reads a date as MongoDB's format, which is a valid one, says.
func parseDateBy(format, text string, zone *time.Location) (value, error) {
	r := newDateReader(text)
	for i := 0; i < len(format); i++ {
		c := format[i]
		literal := c != '%'
		if !literal {
			i++
			c = format[i]
			literal = c == '%'
		}
		err := r.read(c, literal)
		if err != nil {
			return value{}, err
		}
	}
	if r.rest != "" {
		return value{}, r.fails("Trailing data")
	}
	return r.date(zone)
}

func (r *dateReader) fails(message string) *Error {
	return failure(CodeConversionFailure, "Error parsing date string '%s'; %d: %s", r.text, len(r.text)-len(r.rest), message)
}

// read reads what a character of the format stands for.
func (r *dateReader) read(c byte, literal bool) *Error {
	if r.rest == "" {
		return r.fails("Not enough data available to satisfy format")
	}
	if literal {
		if r.rest[0] != c {
			return r.fails("Format literal not found")
		}
		r.rest = r.rest[1:]
		return nil
	}
	switch c {
	case 'b', 'B':
		return r.monthName()
	case 'j':
		return r.dayOfYear()
	case 'L':
		digits := len(r.rest)
		err := r.number(&r.micros, 1, 3)
		for n := digits - len(r.rest); n < 6; n++ {
			r.micros *= 10
		}
		return err
	case 'z':
		return r.zone()
	case 'Z':
		return r.zoneMinutes()
	}
	return r.plainNumber(c)
}

// plainNumber reads a number. Minutes and seconds must have two digits.
func (r *dateReader) plainNumber(c byte) *Error {
	switch c {
	case 'Y':
		return r.number(&r.year, 1, 4)
	case 'm':
		return r.number(&r.month, 1, 2)
	case 'd':
		return r.number(&r.day, 1, 2)
	case 'H':
		return r.number(&r.hour, 1, 2)
	case 'M':
		return r.number(&r.minute, 2, 2)
	case 'S':
		return r.number(&r.sec, 2, 2)
	case 'G':
		return r.number(&r.isoYear, 1, 4)
	case 'V':
		return r.number(&r.week, 1, 2)
	}
	return r.number(&r.wday, 1, 1) // %u
}

// number reads a number of so many digits.
func (r *dateReader) number(to *int, least, most int) *Error {
	n := 0
	for n < len(r.rest) && n < most && r.rest[n] >= '0' && r.rest[n] <= '9' {
		n++
	}
	if n < least {
		return r.fails("Unexpected data found.")
	}
	*to, _ = strconv.Atoi(r.rest[:n]) // they are digits, and few
	r.rest = r.rest[n:]
	return nil
}

// monthNames are those that begin with the same three letters as the months, and
// the Roman numbers that timelib knows beside.
var monthNames = map[string]int{
	"sept": 9, "i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10, "xi": 11, "xii": 12,
}

func (r *dateReader) monthName() *Error {
	name := strings.ToLower(r.letters())
	month := monthNames[name]
	for m := time.January; m <= time.December; m++ {
		if full := strings.ToLower(m.String()); name == full || name == full[:3] {
			month = int(m)
		}
	}
	if month == 0 {
		return r.fails("A textual month could not be found")
	}
	r.month, r.rest = month, r.rest[len(name):]
	return nil
}

// letters are those of ASCII that come next.
func (r *dateReader) letters() string {
	return r.rest[:len(r.rest)-len(strings.TrimLeftFunc(r.rest, isLetter))]
}

// dayOfYear is %j, which counts from zero.
func (r *dateReader) dayOfYear() *Error {
	days := 0
	if err := r.number(&days, 1, 3); err != nil {
		return err
	}
	if r.year == unread {
		return r.fails("A 'day of year' can only come after a year has been found")
	}
	t := time.Date(r.year, time.January, 1+days, 0, 0, 0, 0, time.UTC)
	r.year, r.month, r.day = t.Year(), int(t.Month()), t.Day()
	return nil
}

// clock reads H, HH, HMM, HHMM, H:MM or HH:MM.
func clock(text string) (hours, minutes int, ok bool) {
	before, after, colon := strings.Cut(text, ":")
	if !colon && len(text) > 2 {
		before, after, colon = text[:len(text)-2], text[len(text)-2:], true
	}
	if len(before) == 0 || len(before) > 2 || colon && len(after) != 2 || strings.Contains(after, ":") {
		return 0, 0, false
	}
	hours, _ = strconv.Atoi(before) // they are digits
	minutes, _ = strconv.Atoi(after)
	return hours, minutes, true
}

// zoneMinutes is %Z: an offset in minutes.
func (r *dateReader) zoneMinutes() *Error {
	sign := 60
	switch r.rest[0] {
	case '-':
		sign = -60
	case '+':
	default:
		return r.fails("Invalid timezone offset in minutes")
	}
	r.rest = r.rest[1:]
	if err := r.number(&r.offset, 1, 5); err != nil {
		return err
	}
	r.offset *= sign
	return nil
}

// date is what was read. What of the time was not read is zero.
func (r *dateReader) date(zone *time.Location) (value, error) {
	iso := r.isoYear != unread || r.week != unread || r.wday != unread
	switch {
	case iso && (r.year != unread || r.month != unread || r.day != unread):
		return value{}, r.fails("Mixing of ISO dates with natural dates is not allowed")
	case r.isoYear != unread:
		if err := r.fromISO(); err != nil {
			return value{}, err
		}
	case iso:
		return value{}, r.fails("The parsed date was invalid")
	}
	switch {
	case r.year == unread || r.month == unread || r.day == unread:
		return value{}, failure(CodeConversionFailure, "an incomplete date/time string has been found, with elements missing: \"%s\"", r.text)
	case r.hour > 23 || r.minute > 59 || r.sec > 59:
		return value{}, r.fails("The parsed time was invalid")
	case r.offset != unread && zone != time.UTC && r.zoneName != "":
		return value{}, failure(CodeConversionFailure,
			"you cannot pass in a date/time string with time zone information ('%s') together with a timezone argument", r.zoneName)
	case r.offset != unread && zone != time.UTC:
		return value{}, failure(CodeConversionFailure, "you cannot pass in a date/time string with GMT offset together with a timezone argument")
	case r.offset != unread:
		zone = time.FixedZone("", r.offset)
	}
	day := time.Date(r.year, time.Month(r.month), r.day, 0, 0, 0, 0, time.UTC)
	if r.year < 0 || r.day < 1 || day.Day() != r.day || int(day.Month()) != r.month {
		return value{}, r.fails("The parsed date was invalid")
	}
	if r.toWeekday != unread {
		r.day += (r.toWeekday - int(day.Weekday()) + 7) % 7
	}
	t := clockTime(r.year, time.Month(r.month), r.day, r.hour, r.minute, r.sec, r.micros*1000, zone)
	return millisValue(t.UnixMicro()/1000 + r.since*1000), nil
}

// fromISO sets the date by the ISO year, week and day of the week, of which the last
// two are the first if they were not read.
func (r *dateReader) fromISO() *Error {
	week, day := r.week, r.wday
	if week == unread {
		week = 1
	}
	if day == unread {
		day = 1
	}
	switch {
	case week < 1 || week > 53:
		return r.fails("ISO Week must be between 1 and 53")
	case day < 1 || day > 7:
		return r.fails("Day of week must be between 1 and 7")
	}
	t := isoDate(r.isoYear, week, day)
	r.year, r.month, r.day = t.Year(), int(t.Month()), t.Day()
	return nil
}

package query

import (
	"strconv"
	"strings"
	"time"
)

// What follows reads the parts of a date's forms.

// once counts what there may be one of.
func (r *dateReader) once(met *int, failure string) *Error {
	if *met++; *met > 1 {
		return r.fails(failure)
	}
	return nil
}

// clear sets the time to the beginning of the day.
func (r *dateReader) clear() { r.hour, r.minute, r.sec, r.micros = 0, 0, 0, 0 }

func isDigit(c rune) bool { return c >= '0' && c <= '9' }

func isLetter(c rune) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// skip leaves out what comes before the next character of a kind, if there is one.
func (r *dateReader) skip(kind func(rune) bool) {
	r.rest = r.rest[max(0, strings.IndexFunc(r.rest, kind)):]
}

// skipTo reads the next number, of so many digits at most, and tells how many it has.
func (r *dateReader) skipTo(to *int, most int) int {
	r.skip(isDigit)
	digits := 0
	for digits < min(most, len(r.rest)) && isDigit(rune(r.rest[digits])) {
		digits++
	}
	if digits > 0 {
		*to, _ = strconv.Atoi(r.rest[:digits])
		r.rest = r.rest[digits:]
	}
	return digits
}

// dayNumber reads a day with what makes it an ordinal.
func (r *dateReader) dayNumber() {
	r.skipTo(&r.day, 2)
	for _, suffix := range []string{"st", "nd", "rd", "th"} {
		r.rest = strings.TrimPrefix(r.rest, suffix)
	}
}

// shortYear reads a year of which the century may be left out.
func (r *dateReader) shortYear() {
	switch digits := r.skipTo(&r.year, 4); {
	case digits == 0 || digits == 4 || r.year >= 100:
	case r.year < 70:
		r.year += 2000
	default:
		r.year += 1900
	}
}

// fraction reads that of a second.
func (r *dateReader) fraction() {
	if !strings.HasPrefix(r.rest, ".") && !strings.HasPrefix(r.rest, ":") {
		return
	}
	for digits := r.skipTo(&r.micros, 6); digits < 6; digits++ {
		r.micros *= 10
	}
	r.rest = strings.TrimLeft(r.rest, "0123456789")
}

// meridian reads am or pm.
func (r *dateReader) meridian() {
	r.skip(isLetter)
	afternoon := strings.HasPrefix(strings.ToLower(r.rest), "p")
	switch {
	case afternoon && r.hour != 12:
		r.hour += 12
	case !afternoon && r.hour == 12:
		r.hour = 0
	}
}

// fourDigits reads an hour and a minute, or, after a time, a year.
func (r *dateReader) fourDigits() *Error {
	switch r.times++; r.times {
	case 1:
		r.clear()
		r.skipTo(&r.hour, 2)
		r.skipTo(&r.minute, 2)
	case 2:
		r.skipTo(&r.year, 4)
	default:
		return r.fails("Double time specification")
	}
	return nil
}

// timestamp reads the seconds since 1970.
func (r *dateReader) timestamp() *Error {
	seconds, _, _ := strings.Cut(r.rest[1:], ".")
	since, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || since > maxSeconds || since < -maxSeconds {
		return r.fails("Number out of range")
	}
	r.dates, r.times = 0, 0
	r.clear()
	r.rest = r.rest[1+len(seconds):]
	r.fraction()
	r.year, r.month, r.day, r.offset, r.since = 1970, 1, 1, 0, since
	return r.once(&r.zones, "Double timezone specification")
}

// maxSeconds is of what dates can hold, about.
const maxSeconds = 1 << 53

// isoWeek reads a week and, if it is there, its day. Timelib counts both from the
// beginning of the year, by which a day of the week beside would be another.
func (r *dateReader) isoWeek() {
	r.weeks++
	week, day := 0, 1
	r.skipTo(&week, 2)
	r.skipTo(&day, 1)
	t := isoDate(r.year, week, day)
	r.year, r.month, r.day = t.Year(), int(t.Month()), t.Day()
}

// isoDate is a day of a week of a year, as ISO 8601 counts them.
func isoDate(year, week, day int) time.Time {
	fourth := time.Date(year, time.January, 4, 0, 0, 0, 0, time.UTC) // is in the first week
	return fourth.AddDate(0, 0, 7*(week-1)+day-isoWeekday(fourth))
}

// dayOfWeek reads a day of the week, to which the date is moved forward.
func (r *dateReader) dayOfWeek() {
	r.clear()
	r.times = 0
	for day := range weekdays {
		if strings.EqualFold(weekdays[day][:3], r.rest[:3]) {
			r.toWeekday = day
		}
	}
}

// zone reads an offset, or the abbreviation of a zone.
func (r *dateReader) zone() *Error {
	r.rest = strings.TrimLeft(r.rest, " \t(")
	if name := strings.TrimPrefix(r.rest, "GMT"); strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		r.rest = name
	}
	end := strings.IndexAny(r.rest, " )\x00")
	if end < 0 {
		end = len(r.rest)
	}
	name := r.rest[:end]
	sign := 1
	switch {
	case strings.HasPrefix(name, "-"):
		sign = -1
	case !strings.HasPrefix(name, "+"):
		return r.abbreviation(name)
	}
	digits := len(name) - len(strings.TrimLeft(name[1:], "0123456789:"))
	hours, minutes, ok := clock(name[1:digits])
	if !ok {
		return r.fails("The timezone could not be found in the database")
	}
	r.offset, r.zoneName = sign*(hours*3600+minutes*60), ""
	r.rest = strings.TrimLeft(r.rest[digits:], ")")
	return nil
}

func (r *dateReader) abbreviation(name string) *Error {
	for minutes, names := range zoneAbbreviations {
		for known := range strings.FieldsSeq(names) {
			if strings.EqualFold(known, name) {
				r.offset, r.zoneName = minutes*60, known
				r.rest = strings.TrimLeft(r.rest[len(name):], ")")
				return nil
			}
		}
	}
	return r.fails("passing a time zone identifier as part of the string is not allowed")
}

// zoneAbbreviations are those that timelib knows, by their minutes east of Greenwich,
// but for those of local mean times, which have seconds.
var zoneAbbreviations = map[int]string{
	-720: "Y", -660: "SST X", -600: "AHST BDT HST W", -570: "HDT HPT HWT", -540: "AHDT AKST V YST",
	-480: "AKDT PST U YDT YPT YWT", -420: "MST PDT PPT PWT T YDDT", -360: "CST MDT MPT MWT PDDT S", -314: "QMT",
	-300: "CDT CPT CWT EST MDDT R", -289: "PPMT", -280: "SDMT", -240: "AST CDDT EDT EPT EWT Q", -210: "NST",
	-180: "ADT APT AWT EDDT P", -150: "NPT NWT", -120: "ADDT O", -90: "NDDT", -60: "N", 0: "GMT UCT UTC WET Z",
	60: "A BST CET MET WAT WEST", 84: "WMT", 120: "B BDST CAT CEST EET IST MEST SAST WAST WEMT",
	180: "C CEMT EAT EEST IDT MSK", 240: "D IDDT MSD", 300: "E PKT", 360: "F PKST", 420: "G WIB", 480: "AWST H HKT WITA",
	510: "KST", 540: "AWDT HKST I JST WIT", 570: "ACST CAST", 600: "AEST CHST GST JDT K KDT", 630: "ACDT",
	660: "AEDT GDT L", 690: "NZMT", 720: "M NZST", 780: "NZDT",
}

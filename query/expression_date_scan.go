package query

import (
	"regexp"
	"strings"
	"sync"
	"time"
)

// dateForm is one form of a date, a time or a zone in text without a format, and what
// is read of it: a letter for each part, see dateReader.part.
type dateForm struct {
	pattern *regexp.Regexp
	parts   string
}

// The parts of forms. Text ends in a NUL, by which some forms end.
const (
	hourForm     = `(?:2[0-4]|[01]?[0-9])`
	hourTwoForm  = `(?:2[0-4]|[01][0-9])`
	hour12Form   = `(?:1[0-2]|0?[1-9])`
	minuteForm   = `[0-5]?[0-9]`
	minTwoForm   = `[0-5][0-9]`
	secondForm   = `(?:60|[0-5]?[0-9])`
	secTwoForm   = `(?:60|[0-5][0-9])`
	meridianForm = `(?i:[ap]\.?m\.?)[\x00\t ]`
	zoneForm     = `(?:\(?[A-Za-z]{1,6}\)?|[A-Z][a-z]+(?:[_/-][A-Za-z]+)+)`
	offsetForm   = `(?:GMT)?[+-]` + hourForm + `:?(?:` + minuteForm + `)?`
	anyZoneForm  = `[ \t]*(?:` + offsetForm + `|` + zoneForm + `)`

	monthForm    = `(?:1[0-2]|0?[0-9])`
	monthTwoForm = `(?:1[0-2]|0[0-9])`
	dayForm      = `(?:3[01]|[0-2]?[0-9])(?:st|nd|rd|th)?`
	dayTwoForm   = `(?:3[01]|[0-2][0-9])`
	shortMonth   = `(?i:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)`
	monthName    = `(?i:january|february|march|april|may|june|july|august|september|october|november|december)`
	anyMonth     = `(?:` + monthName + `|` + shortMonth + `|I{1,3}|I[VX]|VI{0,3}|XI{0,2})`
	noYearForm   = anyMonth + `[ .\t-]*` + dayForm + `(?:[,.stndrh\t ]+|\x00)`
	shortTime    = `[tT]?` + hourForm + `[:.]` + minuteForm
	longTime     = shortTime + `[:.]` + secondForm
	zonedTime    = shortTime + `[:.]` + secTwoForm + anyZoneForm
	weekDays     = `(?i:(?:sun|mon|tues|wednes|thurs|fri|satur)day|sun|mon|tue|wed|thu|fri|sat)`
	relations    = `(?i:first|second|third|fourth|fifth|sixth|seventh|eighth?|ninth|tenth|eleventh|twelfth|next|last|previous|this)`
	spans        = `(?i:(?:msec|millisecond|µsec|microsecond|usec|sec|second|min|minute|hour|day|forth?night|month|year|week|weekday)s?|ms|µs)`
)

// dateForms are timelib's, which MongoDB uses. Of those that fit it takes the one that
// takes most of the text, and of these the first. They are made for the first text that
// is not usual: a program that starts has no use for them.
var dateForms = sync.OnceValue(func() []dateForm {
	return newDateForms(
		`(?i:yesterday|tomorrow|ago|weekdays?)`, "?",
		`(?i:first|last) (?i:day of)|(?i:back|front) (?i:of) `+hourForm, "?",
		relations+`[ \t]+(?:`+spans+`|`+weekDays+`)`, "?",
		`[+-]*[ \t]*[0-9]+[ \t]*(?:`+spans+`|`+weekDays+`)`, "?",
		`(?i:now)`, "",
		`(?i:noon)`, "0n",
		`(?i:midnight|today)`, "0",
		`@(?:-?[0-9]+|[0-9]+\.[0-9]{1,6})`, "@",
		hour12Form+`(?:[:.]`+minTwoForm+`(?:[:.]`+secTwoForm+`)?)?[ \t]*`+meridianForm, "THMSp",
		hour12Form+`:`+minTwoForm+`:`+secTwoForm+`[:.][0-9]+`+meridianForm, "THMSfp",
		shortTime+`|`+longTime+`(?:\.[0-9]+)?|[tT]`+hourForm, "THMSf",
		`[tT]?`+hourTwoForm+minTwoForm, "4",
		`[tT]?`+hourTwoForm+minTwoForm+secTwoForm, "THMS",
		monthForm+`/`+dayForm+`(?:/[0-9]{1,4})?`, "Dmdy",
		`\+?[0-9]{4}-`+monthTwoForm+`-`+dayTwoForm+`|[0-9]{4}/`+monthTwoForm+`/`+dayTwoForm+`/?|[0-9]{4}/`+monthForm+`/`+dayForm, "DYmd",
		`[0-9]{2}-`+monthTwoForm+`-`+dayTwoForm, "Dymd",
		`[0-9]{4}-`+monthForm, "Dym1",
		`[0-9]{1,4}-`+monthForm+`-`+dayForm, "Dymd",
		dayForm+`[ \t.-]*`+anyMonth+`[ \t.-]*[0-9]{1,4}`, "Ddby",
		dayForm+`[.\t-]`+monthForm+`[.-][0-9]{4}`, "DdmY",
		dayForm+`[.\t]`+monthForm+`\.[0-9]{2}`, "Ddmy",
		anyMonth+`[ .\t-]*[0-9]{4}`, "Dby1",
		`[0-9]{4}[ .\t-]*`+anyMonth, "Dyb1",
		anyMonth+`[ .\t-]*`+dayForm+`[,.stndrh\t ]+[0-9]{1,4}|`+noYearForm, "Dbdy",
		dayForm+`[ .\t-]*`+anyMonth, "Ddb",
		`[0-9]{4}`+monthTwoForm+dayTwoForm, "DYmd",
		`[0-9]{4}`+monthTwoForm+dayTwoForm+`(?:T`+hourForm+`:`+minTwoForm+`:`+secTwoForm+`|[tT]`+hourForm+minTwoForm+secTwoForm+`)`, "TDYmdHMS",
		`[0-9]{4}-`+monthTwoForm+`-`+dayTwoForm+`T`+hourTwoForm+`:`+minTwoForm+`:`+secTwoForm+`\.[0-9]+(?:`+offsetForm+`)?`, "TDYmdHMSfz",
		`[0-9]{4}-`+monthForm+`-`+dayForm+`T`+hourForm+`:`+minuteForm+`:`+secondForm, "TDYmdHMS",
		`[0-9]{4}:`+monthTwoForm+`:`+dayTwoForm+` `+hourTwoForm+`:`+minTwoForm+`:`+secTwoForm, "TDYmdHMS",
		`[0-9]{4}\.?(?:36[0-6]|3[0-5][0-9]|[12][0-9]{2}|0[1-9][0-9]|00[1-9])`, "Dyj",
		`[0-9]{4}-?W(?:5[0-3]|[1-4][0-9]|0[1-9])(?:-?[0-7])?`, "DYw",
		shortMonth+`-`+dayTwoForm+`-[0-9]{1,4}`, "Dbdy",
		`[0-9]{1,4}-`+shortMonth+`-`+dayTwoForm, "Dybd",
		dayForm+`/`+shortMonth+`/[0-9]{4}:`+hourTwoForm+`:`+minTwoForm+`:`+secTwoForm+`[ \t]+`+offsetForm, "TDdbYHMSz",
		`[0-9]{4}`, "Y",
		weekDays, "a",
		monthName+`|`+shortMonth, "Db",
		offsetForm+`|`+zoneForm, "Zz",
		noYearForm+hour12Form+`[:.]`+minTwoForm+`(?:[:.]`+secTwoForm+`)?[ \t]*`+meridianForm, "DbdTHMSp",
		noYearForm+`(?:`+longTime+`|`+shortTime+`|`+zonedTime+`)`, "DbdTHM:z",
	)
})

// usualForm is that of nearly all dates, which to find among the others takes thirty
// times as long.
var usualForm = dateForm{regexp.MustCompile(`^[0-9]{4}-` + monthTwoForm + `-` + dayTwoForm + `[T ]` + hourTwoForm + `:` + minTwoForm + `:` + secTwoForm +
	`(?:\.[0-9]+)?(?:Z|[+-]` + hourTwoForm + `:?` + minTwoForm + `)?\x00$`), "TDYmdHMSfz"}

func newDateForms(patternsAndParts ...string) []dateForm {
	var forms []dateForm
	for i := 0; i < len(patternsAndParts); i += 2 {
		pattern := regexp.MustCompile(`^(?:` + patternsAndParts[i] + `)`)
		pattern.Longest()
		forms = append(forms, dateForm{pattern, patternsAndParts[i+1]})
	}
	return forms
}

// Text may be as long as a record, and each of its parts is tried with each form.
const (
	maxTokens = 100
	maxToken  = 1 << 10 // bytes of one
)

// scanDate reads a date that may be written in any of timelib's forms. What is relative
// to another date is known, and refused.
func scanDate(text string, zone *time.Location) (value, error) {
	r := newDateReader(text)
	r.rest = strings.Trim(text, " \t\n\v\f\r") + "\x00"
	if len(r.rest) < maxToken && usualForm.pattern.MatchString(r.rest) {
		if err := r.take(usualForm, len(r.rest)); err != nil {
			return value{}, err
		}
	}
	for tokens := 0; ; tokens++ {
		if r.rest = strings.TrimLeft(r.rest, " .,\t\n\x00"); r.rest == "" {
			break
		}
		if tokens == maxTokens {
			return value{}, failure(CodeNotImplemented, "a date of more than %d parts is not implemented", maxTokens)
		}
		if err := r.scan(); err != nil {
			return value{}, err
		}
	}
	if r.weeks > 0 && r.toWeekday != unread {
		r.relative = text
	}
	if r.relative != "" {
		return value{}, failure(CodeNotImplemented, "'%s' in a date is not implemented", r.relative)
	}
	return r.date(zone)
}

// scan reads what comes next.
func (r *dateReader) scan() *Error {
	longest, form := 0, dateForm{}
	next := r.rest[:min(len(r.rest), maxToken)]
	for _, f := range dateForms() {
		if found := f.pattern.FindStringIndex(next); found != nil && found[1] > longest {
			longest, form = found[1], f
		}
	}
	if longest == 0 {
		return r.fails("Unexpected character")
	}
	return r.take(form, longest)
}

// take reads so many bytes as a form.
func (r *dateReader) take(form dateForm, length int) *Error {
	token, rest := r.rest[:length], r.rest[length:]
	r.rest = token
	for i := range form.parts {
		if err := r.part(form.parts[i]); err != nil {
			return err
		}
	}
	if form.parts == "?" {
		r.relative = token
	}
	r.rest = rest
	return nil
}

// part reads one part of a form, if it is there.
func (r *dateReader) part(letter byte) *Error {
	switch letter {
	case 'D':
		return r.once(&r.dates, "Double date specification")
	case 'T':
		r.clear()
		return r.once(&r.times, "Double time specification")
	case 'Z':
		return r.once(&r.zones, "Double timezone specification")
	case 'Y':
		r.skipTo(&r.year, 4)
	case 'y':
		r.shortYear()
	case 'm':
		r.skipTo(&r.month, 2)
	case 'd':
		r.dayNumber()
	case '1':
		r.day = 1
	case 'b':
		r.skip(isLetter)
		return r.monthName()
	case 'H':
		r.skipTo(&r.hour, 2)
	case 'M':
		r.skipTo(&r.minute, 2)
	case 'S':
		r.skipTo(&r.sec, 2)
	default:
		return r.specialPart(letter)
	}
	return nil
}

func (r *dateReader) specialPart(letter byte) *Error {
	switch letter {
	case '0':
		r.clear()
		r.times = 0
	case 'n':
		r.hour, r.times = 12, 1
	case '@':
		return r.timestamp()
	case ':':
		if strings.HasPrefix(r.rest, ":") {
			r.skipTo(&r.sec, 2)
		}
	case 'f':
		r.fraction()
	case 'p':
		r.meridian()
	case '4':
		return r.fourDigits()
	case 'j':
		r.skipTo(&r.day, 3)
		r.month = 1
	case 'w':
		r.isoWeek()
	case 'a':
		r.dayOfWeek()
	case 'z':
		if strings.Trim(r.rest, "\x00") != "" {
			return r.zone()
		}
	}
	return nil
}

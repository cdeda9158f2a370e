package query

import (
	"math"
	"time"
)

// dateFromParts is $dateFromParts. Parts beyond their bounds carry over.
func dateFromParts(name string, arguments []value) (value, error) {
	parts := &readParts{arguments: arguments}
	hour, minute := parts.bounded("hour", 0), parts.bounded("minute", 0)
	second, millisecond := parts.number("second", 0), parts.number("millisecond", 0)
	zone := parts.zone()
	if !arguments[parameterOf(dateFromPartsParameters, []byte("year"))].is(notGiven) {
		year := parts.year("year", 40523)
		month, day := parts.bounded("month", 1), parts.bounded("day", 1)
		return parts.date(int(year), int(month), int(day), int(hour), int(minute), second, millisecond, zone)
	}
	year := parts.year("isoWeekYear", 31095)
	week, weekday := parts.bounded("isoWeek", 1), parts.bounded("isoDayOfWeek", 1)
	day := isoDate(int(year), int(week), int(weekday))
	return parts.date(day.Year(), int(day.Month()), day.Day(), int(hour), int(minute), second, millisecond, zone)
}

// readParts reads the parts of a date, until one is null, or wrong.
type readParts struct {
	arguments []value
	isNull    bool
	err       error
}

func (r *readParts) next(name string) (v value, ok bool) {
	if r.err != nil || r.isNull {
		return value{}, false
	}
	v = r.arguments[parameterOf(dateFromPartsParameters, []byte(name))]
	r.isNull = v.nullish()
	return v, !r.isNull
}

func (r *readParts) number(name string, absent int64) int64 {
	v, ok := r.next(name)
	if !ok || v.is(notGiven) {
		return absent
	}
	n, whole := v.whole()
	if !whole {
		r.err = failure(40515, "'%s' must evaluate to an integer, found %s with value %s", name, TypeName(v.kind), brief(v))
	}
	return n
}

func (r *readParts) bounded(name string, absent int64) int64 {
	n := r.number(name, absent)
	if r.err == nil && (n < math.MinInt16 || n > math.MaxInt16) {
		r.err = failure(31034, "'%s' must evaluate to a value in the range [-32768, 32767]; value %d is not in range", name, n)
	}
	return n
}

func (r *readParts) year(name string, code int) int64 {
	year := r.number(name, 1)
	if r.err == nil && (year < 1 || year > 9999) {
		r.err = failure(code, "'%s' must evaluate to an integer in the range 1 to 9999, found %d", name, year)
	}
	return year
}

func (r *readParts) zone() (zone *time.Location) {
	if v, ok := r.next("timezone"); ok {
		zone, r.err = zoneOf(v)
	}
	return zone
}

func (r *readParts) date(year, month, day, hour, minute int, second, millisecond int64, zone *time.Location) (value, error) {
	if r.err != nil || r.isNull {
		return null, r.err
	}
	if _, fits := multiplyIntegers(millisecond, 1000); !fits {
		return value{}, failure(CodeDurationOverflow, "Overflow casting from a lower-precision duration to a higher-precision duration")
	}
	t := clockTime(year, time.Month(month), day, hour, minute, 0, 0, zone)
	return millisValue(t.UnixMilli() + second*1000 + millisecond), nil
}

var dateFromPartsParameters = []parameter{
	{name: "year", absent: notGiven}, {name: "isoWeekYear", absent: notGiven},
	{name: "month", absent: notGiven}, {name: "day", absent: notGiven}, {name: "isoWeek", absent: notGiven}, {name: "isoDayOfWeek", absent: notGiven},
	{name: "hour", absent: notGiven}, {name: "minute", absent: notGiven}, {name: "second", absent: notGiven}, {name: "millisecond", absent: notGiven},
	{name: "timezone", absent: utc},
}

func (p expressionParser) dateFromParts(v value, at trail) (expression, *Error) {
	n := named{dateFromPartsParameters, 40519, 40518, dateFromParts}
	given, err := namedArguments("$dateFromParts", n.parameters, n.notObject, n.unknown, v, at)
	if err != nil {
		return nil, err
	}
	if err := checkDateFromParts(given, at); err != nil {
		return nil, err
	}
	return p.named("$dateFromParts", n, v, at)
}

// checkDateFromParts checks which parts are given: those of a date, or those of a week.
func checkDateFromParts(given []value, at trail) *Error {
	has := func(name string) bool { return !given[parameterOf(dateFromPartsParameters, []byte(name))].missing() }
	switch {
	case !has("year") && !has("isoWeekYear"):
		return at.fail(40516, "$dateFromParts requires either 'year' or 'isoWeekYear' to be present")
	case has("year") && (has("isoWeekYear") || has("isoWeek") || has("isoDayOfWeek")):
		return at.fail(40489, "$dateFromParts does not allow mixing natural dates with ISO dates")
	case has("isoWeekYear") && (has("month") || has("day")):
		return at.fail(40525, "$dateFromParts does not allow mixing ISO dates with natural dates")
	}
	return nil
}

package query

import (
	"encoding/binary"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // names of time zones mean the same on every machine

	"go.mongodb.org/mongo-driver/v2/bson"
)

// instant returns the milliseconds since 1970 of what has a time: a date, a
// timestamp, an ObjectID.
func (v value) instant() (int64, bool) {
	switch v.kind {
	case bson.TypeDateTime:
		return v.int64(), true
	case bson.TypeTimestamp:
		return int64(v.uint64()>>32) * 1000, true
	case bson.TypeObjectID:
		return int64(binary.BigEndian.Uint32(v.data)) * 1000, true
	}
	return 0, false
}

var zoneOffset = regexp.MustCompile(`^([+-])(\d\d)(?::?(\d\d))?$`)

// zoneOf returns the time zone that a value names: as the Olson database does, or
// by its offset.
func zoneOf(v value) (*time.Location, error) {
	if !v.isString() {
		return nil, failure(40517, "timezone must evaluate to a string, found %s", TypeName(v.kind))
	}
	name := string(v.text())
	if parts := zoneOffset.FindStringSubmatch(name); parts != nil {
		hours, _ := strconv.Atoi(parts[2])
		minutes, _ := strconv.Atoi("0" + parts[3])
		seconds := hours*3600 + minutes*60
		if parts[1] == "-" {
			seconds = -seconds
		}
		if seconds == 0 {
			return time.UTC, nil
		}
		return time.FixedZone(name, seconds), nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, failure(40485, `unrecognized time zone identifier: "%s"`, name)
	}
	return zone, nil
}

// localTime returns the time of a value in a zone. It tells false if one of them
// is null.
func localTime(date, zone value, code int, format string, args ...any) (t time.Time, ok bool, err error) {
	if date.nullish() || zone.nullish() {
		return t, false, nil
	}
	ms, isInstant := date.instant()
	if !isInstant {
		return t, false, failure(code, format, append(args, TypeName(date.kind))...)
	}
	location, err := zoneOf(zone)
	if err != nil {
		return t, false, err
	}
	return time.UnixMilli(ms).In(location), true, nil
}

// datePart makes $year and its kin: their arguments are a date and a time zone.
func datePart(part func(t time.Time) int64) operation {
	return func(name string, arguments []value) (value, error) {
		t, ok, err := localTime(arguments[0], arguments[1], 16006, "can't convert from BSON type %s to Date")
		if !ok || err != nil {
			return null, err
		}
		return intValue(part(t)), nil
	}
}

// dateParts are the operators that take a part of a date.
var dateParts = map[string]func(t time.Time) int64{
	"$year":         func(t time.Time) int64 { return int64(t.Year()) },
	"$month":        func(t time.Time) int64 { return int64(t.Month()) },
	"$dayOfMonth":   func(t time.Time) int64 { return int64(t.Day()) },
	"$dayOfYear":    func(t time.Time) int64 { return int64(t.YearDay()) },
	"$dayOfWeek":    func(t time.Time) int64 { return int64(t.Weekday()) + 1 },
	"$week":         func(t time.Time) int64 { return int64(weekOfYear(t)) },
	"$hour":         func(t time.Time) int64 { return int64(t.Hour()) },
	"$minute":       func(t time.Time) int64 { return int64(t.Minute()) },
	"$second":       func(t time.Time) int64 { return int64(t.Second()) },
	"$millisecond":  func(t time.Time) int64 { return int64(t.Nanosecond() / 1e6) },
	"$isoDayOfWeek": func(t time.Time) int64 { return int64(isoWeekday(t)) },
	"$isoWeek":      func(t time.Time) int64 { _, week := t.ISOWeek(); return int64(week) },
	"$isoWeekYear":  func(t time.Time) int64 { year, _ := t.ISOWeek(); return int64(year) },
}

// weekOfYear counts weeks from the year's first Sunday; before it is week 0.
func weekOfYear(t time.Time) int { return (t.YearDay() + 6 - int(t.Weekday())) / 7 }

// isoWeekday counts from Monday, which is 1.
func isoWeekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

// datePart parses the argument of $year and its kin: a date, or a document of date
// and time zone.
func (p expressionParser) datePart(name string, part func(t time.Time) int64, v value, at trail) (expression, *Error) {
	operation := datePart(part)
	if v.kind == bson.TypeEmbeddedDocument {
		if it := elementsOf(v.data); it.next() && !strings.HasPrefix(string(it.key), "$") {
			return p.named(name, named{
				parameters: []parameter{{name: "date", required: 40539}, {name: "timezone", absent: utc}},
				unknown:    40535, call: operation,
			}, v, at)
		}
	}
	if v.kind == bson.TypeArray {
		if n := len(elementValues(v)); n != 1 {
			return nil, at.fail(40536, "%s accepts exactly one argument if given an array, but was given %d", name, n)
		}
	}
	arguments, err := p.arguments(name, 1, 1, v, at)
	if err != nil {
		return nil, err
	}
	arguments = append(arguments, constant{utc})
	return p.folded(&call{name, operation, arguments}, at, arguments...)
}

var utc = stringValue("UTC")

// dateToParts is $dateToParts: its arguments are a date, a time zone, and whether
// weeks are wanted.
func dateToParts(name string, arguments []value) (value, error) {
	t, ok, err := localTime(arguments[0], arguments[1], 16006, "can't convert from BSON type %s to Date")
	iso := arguments[2]
	switch {
	case !ok || err != nil || iso.nullish():
		return null, err
	case iso.kind != bson.TypeBoolean:
		return value{}, failure(40521, "iso8601 must evaluate to a bool, found %s", TypeName(iso.kind))
	}
	keys := []string{"year", "$year", "month", "$month", "day", "$dayOfMonth"}
	if iso.truthy() {
		keys = []string{"isoWeekYear", "$isoWeekYear", "isoWeek", "$isoWeek", "isoDayOfWeek", "$isoDayOfWeek"}
	}
	keys = append(keys, "hour", "$hour", "minute", "$minute", "second", "$second", "millisecond", "$millisecond")
	var parts fields
	for i := 0; i < len(keys); i += 2 {
		parts.set(keys[i], intValue(dateParts[keys[i+1]](t)))
	}
	return parts.value(), nil
}

// dateFromParts is $dateFromParts. Parts beyond their bounds carry over.
func dateFromParts(name string, arguments []value) (value, error) {
	year, week := arguments[0], arguments[1]
	switch {
	case year.is(notGiven) == week.is(notGiven):
		if year.is(notGiven) {
			return value{}, failure(40516, "$dateFromParts requires either 'year' or 'isoWeekYear' to be present")
		}
		return value{}, failure(40489, "$dateFromParts does not allow mixing natural dates with ISO dates")
	}
	zone := arguments[len(arguments)-1]
	if zone.nullish() {
		return null, nil
	}
	location, err := zoneOf(zone)
	if err != nil {
		return value{}, err
	}
	parts := make([]int, len(arguments)-1)
	for i, v := range arguments[:len(parts)] {
		what := dateFromPartsParameters[i].name
		if v.is(notGiven) {
			continue
		}
		if v.nullish() {
			return null, nil
		}
		n, ok := v.whole()
		switch isYear := i < 2; {
		case !ok:
			return value{}, failure(40515, "'%s' must evaluate to an integer, found %s with value %s", what, TypeName(v.kind), brief(v))
		case isYear && (n < 1 || n > 9999):
			return value{}, failure(40523, "'%s' must evaluate to an integer in the range 1 to 9999, found %d", what, n)
		case !isYear && (n < math.MinInt16 || n > math.MaxInt16) && i < 8:
			return value{}, failure(31034, "'%s' must evaluate to a value in the range [-32768, 32767]; value %d is not in range", what, n)
		}
		parts[i] = int(n)
	}
	clock := func(year, month, day int) time.Time {
		return clockTime(year, time.Month(month), day, parts[6], parts[7], parts[8], 0, location)
	}
	var t time.Time
	if week.is(notGiven) {
		t = clock(parts[0], parts[2], parts[3])
	} else {
		day := isoDate(parts[1], parts[4], parts[5])
		t = clock(day.Year(), int(day.Month()), day.Day())
	}
	return millisValue(t.UnixMilli() + int64(parts[9])), nil
}

var dateFromPartsParameters = []parameter{
	{name: "year", absent: notGiven}, {name: "isoWeekYear", absent: notGiven},
	{name: "month", absent: one}, {name: "day", absent: one}, {name: "isoWeek", absent: one}, {name: "isoDayOfWeek", absent: one},
	{name: "hour", absent: zero}, {name: "minute", absent: zero}, {name: "second", absent: zero}, {name: "millisecond", absent: zero},
	{name: "timezone", absent: utc},
}

// timestampPart makes $tsSecond and $tsIncrement.
func timestampPart(code int, of func(t uint64) uint64) operation {
	return func(name string, arguments []value) (value, error) {
		v := arguments[0]
		switch {
		case v.nullish():
			return null, nil
		case v.kind != bson.TypeTimestamp:
			return value{}, failure(code, " Argument to %s must be a timestamp, but is %s", name, TypeName(v.kind))
		}
		return int64Value(int64(of(v.uint64()))), nil
	}
}

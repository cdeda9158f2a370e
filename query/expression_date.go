package query

import (
	"encoding/binary"
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

// zoneOrNil is zoneOf, or nil for null.
func zoneOrNil(v value) (*time.Location, error) {
	if v.nullish() {
		return nil, nil
	}
	return zoneOf(v)
}

// dateIn returns the time of a value in a zone. What has none is an error.
func dateIn(zone *time.Location, date value, code int, format string, args ...any) (time.Time, error) {
	ms, ok := date.instant()
	if !ok {
		return time.Time{}, failure(code, format, append(args, TypeName(date.kind))...)
	}
	return time.UnixMilli(ms).In(zone), nil
}

// codeNoDate and its words are of what is no date.
const (
	codeNoDate = 16006
	noDate     = "can't convert from BSON type %s to Date"
)

// datePart makes $year and its kin: their arguments are a date and a time zone.
func datePart(part func(t time.Time) int64) operation {
	return func(name string, arguments []value) (value, error) {
		if arguments[0].nullish() {
			return null, nil
		}
		t, err := dateIn(time.UTC, arguments[0], codeNoDate, noDate)
		if err != nil {
			return value{}, err
		}
		zone, err := zoneOrNil(arguments[1])
		if zone == nil || err != nil {
			return null, err
		}
		return intValue(part(t.In(zone))), nil
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
	date, iso := arguments[0], arguments[2]
	zone, err := zoneOrNil(arguments[1])
	switch {
	case zone == nil || err != nil || iso.nullish():
		return null, err
	case iso.kind != bson.TypeBoolean:
		return value{}, failure(40521, "iso8601 must evaluate to a bool, found %s", TypeName(iso.kind))
	case date.nullish():
		return null, nil
	}
	t, err := dateIn(zone, date, codeNoDate, noDate)
	if err != nil {
		return value{}, err
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

package query

import (
	"math"
	"slices"
	"strings"
	"time"
)

// unit is a unit of time: so many milliseconds, or so many months.
type unit struct {
	millis int64
	months int
}

const (
	hourMillis = 3_600_000
	dayMillis  = 24 * hourMillis
	weekMillis = 7 * dayMillis
)

var units = map[string]unit{
	"millisecond": {millis: 1}, "second": {millis: 1000}, "minute": {millis: 60_000}, "hour": {millis: hourMillis},
	"day": {millis: dayMillis}, "week": {millis: weekMillis}, "month": {months: 1}, "quarter": {months: 3}, "year": {months: 12},
}

// ofClock tells whether the unit has the same length in every time zone.
func (u unit) ofClock() bool { return u.months == 0 && u.millis <= hourMillis }

func unitOf(name string, v value) (unit, error) {
	if !v.isString() {
		return unit{}, failure(5439013, "%s requires 'unit' to be a string, but got %s", name, TypeName(v.kind))
	}
	u, known := units[string(v.text())]
	if !known {
		return unit{}, failure(CodeFailedToParse, "%s parameter 'unit' value parsing failed :: caused by :: unknown time unit value: %s", name, v.text())
	}
	return u, nil
}

var weekdays = []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}

func weekdayOf(name string, v value) (time.Weekday, error) {
	if !v.isString() {
		return 0, failure(5439015, "%s requires 'startOfWeek' to be a string, but got %s", name, TypeName(v.kind))
	}
	day := slices.IndexFunc(weekdays, func(weekday string) bool {
		return strings.EqualFold(weekday, string(v.text())) || strings.EqualFold(weekday[:3], string(v.text()))
	})
	if day < 0 {
		return 0, failure(5439016, "%s parameter 'startOfWeek' value cannot be recognized as a day of a week: %s", name, v.text())
	}
	return time.Weekday(day), nil
}

// wall is the time that clocks show, as milliseconds.
func wall(t time.Time) int64 {
	_, offset := t.Zone()
	return t.UnixMilli() + int64(offset)*1000
}

// atWall is the time at which the clocks of a zone show what a wall time says.
func atWall(ms int64, zone *time.Location) time.Time {
	t := time.UnixMilli(ms).UTC()
	return clockTime(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), zone)
}

// clockTime is time.Date, but that a time over which the clocks are set forward is as
// much after they are.
func clockTime(year int, month time.Month, day, hour, minute, second, nanosecond int, zone *time.Location) time.Time {
	t := time.Date(year, month, day, hour, minute, second, nanosecond, zone)
	asked := time.Date(year, month, day, hour, minute, second, nanosecond, time.UTC).UnixMilli()
	if lost := asked - wall(t); lost > 0 {
		t = t.Add(time.Duration(lost) * time.Millisecond)
	}
	return t
}

// floorDiv divides and rounds down.
func floorDiv(a, b int64) int64 {
	quotient := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		quotient--
	}
	return quotient
}

// addTo moves a time by so many units. Of a month that has not that day it is the
// last.
func (u unit) addTo(t time.Time, n int64) (time.Time, bool) {
	switch {
	case u.months > 0:
		return addMonths(t, n*int64(u.months))
	case u.ofClock():
		by, fits := multiplyIntegers(n, u.millis)
		ms, ok := addIntegers(t.UnixMilli(), by)
		return time.UnixMilli(ms), ok && fits
	}
	by, fits := multiplyIntegers(n, u.millis)
	ms, ok := addIntegers(wall(t), by)
	return atWall(ms, t.Location()), ok && fits
}

func addMonths(t time.Time, n int64) (time.Time, bool) {
	if n > math.MaxInt32 || n < math.MinInt32 {
		return t, false
	}
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return clockTime(first.Year(), first.Month(), min(t.Day(), last), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location()), true
}

// between counts the beginnings of units that lie between two times.
func (u unit) between(from, to time.Time, startOfWeek time.Weekday) int64 {
	switch {
	case u.months > 0:
		return floorDiv(monthsOf(to), int64(u.months)) - floorDiv(monthsOf(from), int64(u.months))
	case u.millis == hourMillis: // by the clocks, less what they were set forward or back between
		shift := (wall(to) - to.UnixMilli()) - (wall(from) - from.UnixMilli())
		return floorDiv(wall(to), hourMillis) - floorDiv(wall(from), hourMillis) - shift/hourMillis
	case u.ofClock():
		return floorDiv(to.UnixMilli(), u.millis) - floorDiv(from.UnixMilli(), u.millis)
	case u.millis == weekMillis:
		start := weekStart(startOfWeek)
		return floorDiv(wall(to)-start, weekMillis) - floorDiv(wall(from)-start, weekMillis)
	}
	return floorDiv(wall(to), u.millis) - floorDiv(wall(from), u.millis)
}

func monthsOf(t time.Time) int64 { return int64(t.Year())*12 + int64(t.Month()) - 1 }

// bins are counted from the beginning of 2000, a Saturday.
var binStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// weekStart is the beginning of the first week that begins in 2000.
func weekStart(day time.Weekday) int64 {
	days := (int64(day) - int64(binStart.Weekday()) + 7) % 7
	return binStart.UnixMilli() + days*dayMillis
}

// truncate returns the beginning of the bin of so many units in which a time lies.
func (u unit) truncate(t time.Time, size int64, startOfWeek time.Weekday) (time.Time, bool) {
	length, fits := multiplyIntegers(size, max(u.millis, int64(u.months)))
	if !fits {
		return t, false
	}
	if u.months > 0 {
		start := monthsOf(binStart)
		month := start + floorDiv(monthsOf(t)-start, length)*length
		return clockTime(int(floorDiv(month, 12)), time.Month(month-floorDiv(month, 12)*12+1), 1, 0, 0, 0, 0, t.Location()), true
	}
	start := binStart.UnixMilli()
	if u.millis == weekMillis {
		start = weekStart(startOfWeek)
	}
	ms := start + floorDiv(wall(t)-start, length)*length
	if u.ofClock() {
		return time.UnixMilli(ms - (wall(t) - t.UnixMilli())), true
	}
	return atWall(ms, t.Location()), true
}

// unitAndZone reads the unit, the time zone, and the day on which weeks begin, of
// $dateTrunc and $dateDiff. If one of them is null, isNull is true.
func unitAndZone(name string, unitName, timezone, startOfWeek value) (u unit, zone *time.Location, day time.Weekday, isNull bool, err error) {
	if unitName.nullish() {
		return u, nil, 0, true, nil
	}
	if u, err = unitOf(name, unitName); err != nil {
		return u, nil, 0, false, err
	}
	if u.millis == weekMillis {
		if startOfWeek.nullish() {
			return u, nil, 0, true, nil
		}
		if day, err = weekdayOf(name, startOfWeek); err != nil {
			return u, nil, 0, false, err
		}
	}
	zone, err = zoneOrNil(timezone)
	return u, zone, day, zone == nil, err
}

// dateTrunc is $dateTrunc: date, unit, binSize, timezone, startOfWeek.
func dateTrunc(name string, arguments []value) (value, error) {
	date, bin := arguments[0], arguments[2]
	if date.nullish() || bin.nullish() {
		return null, nil
	}
	size, ok := bin.whole()
	switch {
	case !ok:
		return value{}, failure(5439017, "$dateTrunc requires 'binSize' to be a 64-bit integer, but got value '%s' of type %s", brief(bin), TypeName(bin.kind))
	case size <= 0:
		return value{}, failure(5439018, "$dateTrunc requires 'binSize' to be greater than 0, but got value %d", size)
	}
	u, zone, startOfWeek, isNull, err := unitAndZone(name, arguments[1], arguments[3], arguments[4])
	if err != nil || isNull {
		return null, err
	}
	t, err := dateIn(zone, date, codeNotADate, notADate, name, "date")
	if err != nil {
		return value{}, err
	}
	truncated, fits := u.truncate(t, size, startOfWeek)
	if !fits {
		return value{}, failure(5439018, "$dateTrunc 'binSize' is too large: %d", size)
	}
	return millisValue(truncated.UnixMilli()), nil
}

// codeNotADate and its words are of an argument that is no date.
const (
	codeNotADate = 5166307
	notADate     = "%s requires '%s' to be a date, but got %s"
)

// dateDiff is $dateDiff: startDate, endDate, unit, timezone, startOfWeek.
func dateDiff(name string, arguments []value) (value, error) {
	start, end := arguments[0], arguments[1]
	if start.nullish() || end.nullish() {
		return null, nil
	}
	u, zone, startOfWeek, isNull, err := unitAndZone(name, arguments[2], arguments[3], arguments[4])
	if err != nil || isNull {
		return null, err
	}
	from, err := dateIn(zone, start, codeNotADate, notADate, name, "startDate")
	if err != nil {
		return value{}, err
	}
	to, err := dateIn(zone, end, codeNotADate, notADate, name, "endDate")
	if err != nil {
		return value{}, err
	}
	return int64Value(u.between(from, to, startOfWeek)), nil
}

// dateAdd makes $dateAdd and $dateSubtract: startDate, unit, amount, timezone.
func dateAdd(sign int64) operation {
	return func(name string, arguments []value) (value, error) {
		start, unitName, amount := arguments[0], arguments[1], arguments[2]
		if start.nullish() || unitName.nullish() {
			return null, nil
		}
		u, err := unitOf(name, unitName)
		if err != nil || amount.nullish() {
			return null, err
		}
		zone, err := zoneOrNil(arguments[3])
		if err != nil || zone == nil {
			return null, err
		}
		t, err := dateIn(zone, start, 5166403, "%s requires startDate to be convertible to a date, but got %s", name)
		if err != nil {
			return value{}, err
		}
		n, ok := amount.whole()
		switch {
		case !ok:
			return value{}, failure(5166405, "%s expects integer amount of time units", name)
		case n == math.MinInt64 && sign < 0:
			return value{}, failure(6045000, "invalid $dateSubtract 'amount' parameter value: %d", n)
		}
		moved, fits := u.addTo(t, sign*n)
		if !fits {
			return value{}, failure(5166406, "%s overflowed", name)
		}
		return millisValue(moved.UnixMilli()), nil
	}
}

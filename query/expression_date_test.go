package query_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

func TestDatesInExpressions(t *testing.T) {
	checkExpressions(t, `{_id: 1, d: ISODate("2017-06-19T15:13:25.713Z"), n: null, new: ISODate("2016-01-01T00:00:00Z")}`, []expressionCase{
		{`{$year: "$d"}`, `2017`},
		{`{$month: "$d"}`, `6`},
		{`{$dayOfMonth: "$d"}`, `19`},
		{`{$dayOfYear: "$d"}`, `170`},
		{`{$dayOfWeek: "$d"}`, `2`},
		{`{$week: "$d"}`, `25`},
		{`{$week: "$new"}`, `0`},
		{`{$hour: {date: "$d", timezone: "America/Chicago"}}`, `10`},
		{`{$hour: {date: "$d", timezone: "-0330"}}`, `11`},
		{`{$minute: ["$d"]}`, `13`},
		{`{$second: "$d"}`, `25`},
		{`{$millisecond: "$d"}`, `713`},
		{`{$isoWeek: "$new"}`, `53`},
		{`{$isoWeekYear: "$new"}`, `2015`},
		{`{$isoDayOfWeek: "$new"}`, `5`},
		{`{$year: "$n"}`, `null`},
		{`{$dateToString: {date: "$d"}}`, `"2017-06-19T15:13:25.713Z"`},
		{`{$dateToString: {date: "$d", format: "%Y-%m-%d"}}`, `"2017-06-19"`},
		{`{$dateToString: {date: "$d", format: "%H:%M:%S:%L%z", timezone: "America/New_York"}}`, `"11:13:25:713-0400"`},
		{`{$dateToString: {date: "$d", format: "%j %w %u %U %V %G %Z %b %B 100%%"}}`, `"170 2 1 25 25 2017 +0 Jun June 100%"`},
		{`{$dateToString: {date: "$d", format: "%H:%M:%S:%L%z", timezone: "+04:30"}}`, `"19:43:25:713+0430"`},
		{`{$dateToString: {date: "$n", onNull: "never"}}`, `"never"`},
		{`{$dateTrunc: {date: "$d", unit: "hour"}}`, `ISODate("2017-06-19T15:00:00Z")`},
		{`{$dateTrunc: {date: "$d", unit: "hour", binSize: 4}}`, `ISODate("2017-06-19T12:00:00Z")`},
		{`{$dateTrunc: {date: "$d", unit: "minute", binSize: 10}}`, `ISODate("2017-06-19T15:10:00Z")`},
		{`{$dateTrunc: {date: "$d", unit: "day", timezone: "America/New_York"}}`, `ISODate("2017-06-19T04:00:00Z")`},
		{`{$dateTrunc: {date: "$d", unit: "week"}}`, `ISODate("2017-06-18T00:00:00Z")`},
		{`{$dateTrunc: {date: ISODate("2021-03-20T11:30:05Z"), unit: "week", binSize: 2, timezone: "America/Los_Angeles", startOfWeek: "Monday"}}`,
			`ISODate("2021-03-15T07:00:00Z")`}, // the documentation's example
		{`{$dateTrunc: {date: "$d", unit: "month"}}`, `ISODate("2017-06-01T00:00:00Z")`},
		{`{$dateTrunc: {date: "$d", unit: "quarter", binSize: 2}}`, `ISODate("2017-01-01T00:00:00Z")`},
		{`{$dateTrunc: {date: "$d", unit: "year", binSize: 10}}`, `ISODate("2010-01-01T00:00:00Z")`},
		{`{$dateTrunc: {date: "$n", unit: "year"}}`, `null`},
		{`{$dateAdd: {startDate: "$d", unit: "day", amount: 3}}`, `ISODate("2017-06-22T15:13:25.713Z")`},
		{`{$dateAdd: {startDate: ISODate("2020-12-31T12:10:05Z"), unit: "month", amount: 2}}`, `ISODate("2021-02-28T12:10:05Z")`},
		{`{$dateSubtract: {startDate: ISODate("2021-03-31T12:10:05Z"), unit: "month", amount: 1}}`, `ISODate("2021-02-28T12:10:05Z")`},
		{`{$dateAdd: {startDate: ISODate("2021-03-13T20:00:00Z"), unit: "day", amount: 1, timezone: "America/New_York"}}`, `ISODate("2021-03-14T19:00:00Z")`},
		{`{$dateAdd: {startDate: ISODate("2021-03-13T20:00:00Z"), unit: "hour", amount: 24, timezone: "America/New_York"}}`, `ISODate("2021-03-14T20:00:00Z")`},
		{`{$dateAdd: {startDate: "$n", unit: "day", amount: 3}}`, `null`},
		{`{$dateDiff: {startDate: ISODate("2021-01-31T23:00:00Z"), endDate: ISODate("2021-02-01T01:00:00Z"), unit: "month"}}`, `NumberLong(1)`},
		{`{$dateDiff: {startDate: ISODate("2021-01-01T00:00:00Z"), endDate: ISODate("2021-01-02T00:00:00Z"), unit: "week"}}`, `NumberLong(0)`},
		{`{$dateDiff: {startDate: ISODate("2021-01-01T00:00:00Z"), endDate: ISODate("2021-01-03T00:00:00Z"), unit: "week"}}`, `NumberLong(1)`},
		{`{$dateDiff: {startDate: ISODate("2021-01-01T00:00:00Z"), endDate: ISODate("2021-01-04T00:00:00Z"), unit: "week", startOfWeek: "tue"}}`, `NumberLong(0)`},
		{`{$dateDiff: {startDate: ISODate("2021-11-06T23:00:00Z"), endDate: ISODate("2021-11-07T23:00:00Z"), unit: "hour", timezone: "America/New_York"}}`, `NumberLong(24)`},
		{`{$dateDiff: {startDate: "$d", endDate: ISODate("2017-06-19T15:12:25.713Z"), unit: "second"}}`, `NumberLong(-60)`},
		{`{$dateFromString: {dateString: "2017-02-08T12:10:40.787"}}`, `ISODate("2017-02-08T12:10:40.787Z")`},
		{`{$dateFromString: {dateString: "2017-02-08T12:10:40.787", timezone: "America/New_York"}}`, `ISODate("2017-02-08T17:10:40.787Z")`},
		{`{$dateFromString: {dateString: "2017-02-08"}}`, `ISODate("2017-02-08T00:00:00Z")`},
		{`{$dateFromString: {dateString: "06-15-2018", format: "%m-%d-%Y"}}`, `ISODate("2018-06-15T00:00:00Z")`},
		{`{$dateFromString: {dateString: "x", onError: "bad"}}`, `"bad"`},
		{`{$dateFromString: {dateString: "$n", onNull: 0}}`, `0`},
		{`{$dateFromParts: {year: 2017, month: 2, day: 8, hour: 12}}`, `ISODate("2017-02-08T12:00:00Z")`},
		{`{$dateFromParts: {year: 2017, month: 14, day: 1, hour: 12}}`, `ISODate("2018-02-01T12:00:00Z")`},
		{`{$dateFromParts: {year: 2017, month: 0, day: 1, hour: 12}}`, `ISODate("2016-12-01T12:00:00Z")`},
		{`{$dateFromParts: {isoWeekYear: 2017, isoWeek: 6, isoDayOfWeek: 3, hour: 12}}`, `ISODate("2017-02-08T12:00:00Z")`},
		{`{$dateFromParts: {year: 2016, month: 12, day: 31, hour: 23, minute: 46, second: 12, timezone: "America/New_York"}}`, `ISODate("2017-01-01T04:46:12Z")`},
		{`{$dateToParts: {date: "$d"}}`, `{year: 2017, month: 6, day: 19, hour: 15, minute: 13, second: 25, millisecond: 713}`},
		{`{$dateToParts: {date: "$new", iso8601: true}}`,
			`{isoWeekYear: 2015, isoWeek: 53, isoDayOfWeek: 5, hour: 0, minute: 0, second: 0, millisecond: 0}`},
	})
}

func TestDatesByFormats(t *testing.T) {
	date := func(text, format string) string {
		return `{$dateFromString: {dateString: "` + text + `", format: "` + format + `"}}`
	}
	checkExpressions(t, `{_id: 1, n: null}`, []expressionCase{
		{date("2018-06-15 10:20:30.4", "%Y-%m-%d %H:%M:%S.%L"), `ISODate("2018-06-15T10:20:30.400Z")`},
		{date("1/2/2018", "%m/%d/%Y"), `ISODate("2018-01-02T00:00:00Z")`},
		{date("2007-12-03T10:15", "%Y-%m-%dT%H:%M"), `ISODate("2007-12-03T10:15:00Z")`},
		{date("day 3 of Sept 2020", "day %d of %b %Y"), `ISODate("2020-09-03T00:00:00Z")`},
		{date("3 december 2020", "%d %B %Y"), `ISODate("2020-12-03T00:00:00Z")`},
		{date("2018-W05-3", "%G-W%V-%u"), `ISODate("2018-01-31T00:00:00Z")`},
		{date("2018-05", "%G-%V"), `ISODate("2018-01-29T00:00:00Z")`},
		{date("2018 031", "%Y %j"), `ISODate("2018-02-01T00:00:00Z")`}, // counted from zero
		{date("2018-06-15T10:00:00+02:30", "%Y-%m-%dT%H:%M:%S%z"), `ISODate("2018-06-15T07:30:00Z")`},
		{date("2018-06-15T10:00:00-0230", "%Y-%m-%dT%H:%M:%S%z"), `ISODate("2018-06-15T12:30:00Z")`},
		{date("2018-06-15T10:00:00Z", "%Y-%m-%dT%H:%M:%S%z"), `ISODate("2018-06-15T10:00:00Z")`},
		{date("2018-06-15 10:00 CEST", "%Y-%m-%d %H:%M%z"), `ISODate("2018-06-15T08:00:00Z")`},
		{date("2018-06-15 +90", "%Y-%m-%d %Z"), `ISODate("2018-06-14T22:30:00Z")`},
		{date("100% 2018-06-15", "100%% %Y-%m-%d"), `ISODate("2018-06-15T00:00:00Z")`},
		{`{$dateFromString: {dateString: "15.6.2018 8", format: "%d.%m.%Y %H", timezone: "Europe/Berlin"}}`, `ISODate("2018-06-15T06:00:00Z")`},
		{`{$dateFromString: {dateString: "2018", format: "$n"}}`, `null`},
		{`{$dateFromString: {dateString: "$n", format: "%Y", onNull: 1}}`, `1`},
		{`{$dateFromString: {dateString: "2018", format: "%Y", onError: "incomplete"}}`, `"incomplete"`},
	})
	codes := map[string]int{
		`{$dateFromString: {dateString: "$n", format: "%"}}`: 18535, `{$dateFromString: {dateString: "$n", format: "%y"}}`: 18536,
		`{$dateFromString: {dateString: "$n", format: 1}}`: 40684, `{$dateFromString: {dateString: "$n", timezone: "Nowhere"}}`: 40485,
		`{$dateFromString: {dateString: "2018-06-15 +01", format: "%Y-%m-%d %z", timezone: "Europe/Berlin"}}`: 241,
		date("2018-06-15 Europe/Berlin", "%Y-%m-%d %z"):                                                       241,
	}
	for text, format := range map[string]string{
		"2018": "%Y", "2018-06": "%Y-%m", "2018-06-31": "%Y-%m-%d", "2018-13-01": "%Y-%m-%d", "2018-06-15 24": "%Y-%m-%d %H", "2018-06-15 1:5": "%Y-%m-%d %H:%M",
		"2018-06-15x": "%Y-%m-%d", "2018-06-1": "%Y-%m-%d%%", "2018/06/15": "%Y-%m-%d", "031": "%j", "3 Foo 2018": "%d %b %Y", "05-3": "%V-%u", "2018-54": "%G-%V",
		"2018-1-8": "%G-%V-%u", "2018-2018": "%G-%Y", "x": "%Y", "2018-06-15 -": "%Y-%m-%d %z", "2018-06-15 60": "%Y-%m-%d %Z",
	} {
		codes[date(text, format)] = 241
	}
	checkExpressionErrors(t, `{_id: 1, n: null}`, codes)
}

// Text without a format is read as timelib reads it, which MongoDB uses.
func TestDatesInAnyForm(t *testing.T) {
	var cases []expressionCase
	for text, want := range map[string]string{
		"2017-07-04T11:56:02Z": "2017-07-04T11:56:02Z", "2017-07-04T11:56.02.81": "2017-07-04T11:56:02.810Z", "2017-07-04 11:56:02,": "2017-07-04T11:56:02Z",
		"2026-11-22 01:07:18.977123+00:00": "2026-11-22T01:07:18.977Z", "20261122T010718Z": "2026-11-22T01:07:18Z", "2026-11-22T01:07Z": "2026-11-22T01:07:00Z",
		"2017-07-14T12:02:44.771 GMT+02": "2017-07-14T10:02:44.771Z", "2017-07-14T12:02:44.771+0330": "2017-07-14T08:32:44.771Z",
		"2017-07-14T12:02:44.771 CEST": "2017-07-14T10:02:44.771Z", "2017-07-14T12:02:44.771 est": "2017-07-14T17:02:44.771Z",
		"2017-07-14T12:02:44.771 PDT": "2017-07-14T19:02:44.771Z", "2017-07-14T12:02:44.771 L": "2017-07-14T01:02:44.771Z",
		"2017-07-04 12:48:07 GMT+0545": "2017-07-04T07:03:07Z", "2017-07-04 12:48:07 GMT-0200": "2017-07-04T14:48:07Z",
		"July 4th, 2017": "2017-07-04T00:00:00Z", "July 4th, 2017 12:39:30 BST": "2017-07-04T11:39:30Z", "July 4th, 2017 11am": "2017-07-04T11:00:00Z",
		"July 4th, 2017 12pm": "2017-07-04T12:00:00Z", "7/4/17": "2017-07-04T00:00:00Z", "04-07-2017": "2017-07-04T00:00:00Z", "2017-Jul-04 noon": "2017-07-04T12:00:00Z",
		"Sun, 22 Nov 2026 01:07:18 +0100": "2026-11-22T00:07:18Z", "Sun Nov 22 01:07:18 2026": "2026-11-22T01:07:18Z",
		"Sun Nov 22 2026 01:07:18 GMT+0100": "2026-11-22T00:07:18Z", "22/Nov/2026:01:07:18 +0000": "2026-11-22T01:07:18Z",
		"Sat, 22 Nov 2026 01:07:18": "2026-11-28T01:07:18Z", "22 Nov 2026 01:07:18 Saturday": "2026-11-28T00:00:00Z",
		"2026-W05-3": "2026-01-28T00:00:00Z", "@1500000000.5": "2017-07-14T02:40:00.500Z", "2017-07-04 10:00 today": "2017-07-04T00:00:00Z",
		"1960-01-01T00:00:00.1239": "1960-01-01T00:00:00.124Z", // rounded towards 1970
	} {
		cases = append(cases, expressionCase{`{$dateFromString: {dateString: "` + text + `"}}`, `ISODate("` + want + `")`})
	}
	cases[0].expression = `{$toDate: "2017-07-04T11:56:02Z"}`
	cases[0].want = `ISODate("2017-07-04T11:56:02Z")`
	checkExpressions(t, `{_id: 1}`, cases)
	codes := map[string]int{
		`{$dateFromString: {dateString: "2017-07-12T22:23:55 GMT+02:00", timezone: "Europe/Amsterdam"}}`: 241,
		`{$dateFromString: {dateString: "2017-07-12T22:23:55 CEST", timezone: "GMT"}}`:                   241,
		`{$dateFromString: {dateString: "2017-07-12 next monday", onError: 1}}`:                          238,
		`{$dateFromString: {dateString: "2017-07-12", timezone: "Europe/Nowhere"}}`:                      40485,
	}
	for text, code := range map[string]int{
		"July 4th": 241, "12:50:53": 241, "2017, 12:50:53": 241, "60.Monday1770/06:59": 241, "2017-07-12T22:23:55 Europe/Amsterdam": 241, "": 241, "soon": 241,
		"2017-02-29": 241, "2017-07-04 24:00": 241, "2017-07-04 2017-07-05": 241, "2017-07-04T10:00 Z Z": 241, "2017-07-04 tomorrow": 238, "2017-07-04 +1 day": 238,
	} {
		codes[`{$dateFromString: {dateString: "`+text+`"}}`] = code
	}
	checkExpressionErrors(t, `{_id: 1}`, codes)
}

// Times over which clocks are set forward are after that, in whatever zone.
func TestTimesThatClocksLeaveOut(t *testing.T) {
	checkExpressions(t, `{_id: 1}`, []expressionCase{
		{`{$dateFromString: {dateString: "2017-03-12T02:30:00", timezone: "America/New_York"}}`, `ISODate("2017-03-12T07:30:00Z")`},
		{`{$dateFromString: {dateString: "2017-03-26T02:30:00", timezone: "Europe/Berlin"}}`, `ISODate("2017-03-26T01:30:00Z")`},
		{`{$dateFromParts: {year: 2017, month: 3, day: 12, hour: 2, minute: 30, timezone: "America/New_York"}}`, `ISODate("2017-03-12T07:30:00Z")`},
		{`{$dateAdd: {startDate: ISODate("2017-03-11T07:30:00Z"), unit: "day", amount: 1, timezone: "America/New_York"}}`, `ISODate("2017-03-12T07:30:00Z")`},
		{`{$dateFromString: {dateString: "2017-11-05T01:30:00", timezone: "America/New_York"}}`, `ISODate("2017-11-05T05:30:00Z")`},
		{`{$dateFromString: {dateString: "2017-11-05T01:30:00Z", timezone: "+00:00"}}`, `ISODate("2017-11-05T01:30:00Z")`},
	})
}

// What is null, and what is wrong, is looked for in MongoDB's order.
func TestWrongDates(t *testing.T) {
	doc := `{_id: 1, d: ISODate("2017-06-19T15:13:25.713Z"), n: null, big: 10000, huge: NumberLong("9223372036854775807")}`
	checkExpressions(t, doc, []expressionCase{
		{`{$dateTrunc: {date: "$n", unit: "century", binSize: 0, timezone: 1}}`, `null`},
		{`{$dateTrunc: {date: "$d", unit: "year", startOfWeek: 1}}`, `ISODate("2017-01-01T00:00:00Z")`},
		{`{$dateDiff: {startDate: "$n", endDate: 1, unit: "century", timezone: "Nowhere"}}`, `null`},
		{`{$dateDiff: {startDate: 1, endDate: 2, unit: "week", startOfWeek: "$n", timezone: "Nowhere"}}`, `null`},
		{`{$dateAdd: {startDate: 1, unit: "day", amount: "$n", timezone: "Nowhere"}}`, `null`},
		{`{$year: {date: "$n", timezone: "Nowhere"}}`, `null`},
		{`{$dateFromParts: {year: "x", hour: "$n"}}`, `null`},
		{`{$dateFromParts: {year: 1970, second: 70000000, millisecond: -1}}`, `ISODate("1972-03-21T04:26:39.999Z")`},
		{`{$dateToParts: {date: 42, timezone: "$n"}}`, `null`},
		{`{$dateToString: {date: "$d", format: "%Y", timezone: "$n"}}`, `null`},
	})
	checkExpressionErrors(t, doc, map[string]int{
		`{$dateTrunc: {date: "$d", unit: "century", timezone: "$n"}}`: 9, `{$dateTrunc: {date: "$d", unit: 1}}`: 5439013,
		`{$dateTrunc: {date: 1, unit: "century", binSize: 0}}`: 5439018, `{$dateTrunc: {date: "$d", unit: "week", startOfWeek: "fryday"}}`: 5439016,
		`{$dateDiff: {startDate: 1, endDate: "$d", unit: "hour", timezone: "Nowhere"}}`: 40485, `{$dateDiff: {startDate: 1, endDate: "$d", unit: "hour"}}`: 5166307,
		`{$dateAdd: {startDate: 1, unit: "day", amount: 1.5}}`: 5166403, `{$dateAdd: {startDate: "$d", unit: 1, amount: 1}}`: 5439013,
		`{$dateSubtract: {startDate: "$d", unit: "day", amount: NumberLong("-9223372036854775808")}}`: 6045000,
		`{$year: {date: 1, timezone: "$n"}}`: 16006, `{$dateToParts: {date: "$n", timezone: "Nowhere"}}`: 40485, `{$dateToParts: {date: "$n", iso8601: 1}}`: 40521,
		`{$dateToString: {date: "$n", format: "%"}}`: 18535, `{$dateToString: {date: "$n", format: "%y"}}`: 18536, `{$dateToString: {date: "$n", timezone: "Nowhere"}}`: 40485,
		`{$dateFromParts: {year: 2017, isoWeek: 3}}`: 40489, `{$dateFromParts: {isoWeekYear: 2017, month: 12}}`: 40525, `{$dateFromParts: {month: 1}}`: 40516,
		`{$dateFromParts: {isoWeekYear: "$big"}}`: 31095, `{$dateFromParts: {year: "$big"}}`: 40523, `{$dateFromParts: {year: 1970, month: 32768}}`: 31034,
		`{$dateFromParts: {year: 1970, millisecond: "$huge"}}`: 159, `{$dateFromParts: {year: "$big", minute: 1.5}}`: 40515,
	})
}

// TestLongTextIsNoDate holds that text of any length is soon found to be no date.
func TestLongTextIsNoDate(t *testing.T) {
	const many = 4 << 20
	for text, code := range map[string]int{
		"now ": query.CodeNotImplemented, "1 day ": query.CodeNotImplemented, "1": query.CodeConversionFailure, "word ": query.CodeConversionFailure,
	} {
		_, err := query.MustParse(`{$expr: {$toDate: "$text"}}`).Match(encode(bson.D{{Key: "text", Value: strings.Repeat(text, many/len(text))}}))
		require.Equal(t, code, requireQueryError(t, err).Code, text)
	}
}

package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestParseDate(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-22T10:00Z":           "2026-11-22T10:00:00Z",
		"2026-11-22 10:00:01Z":        "2026-11-22T10:00:01Z",
		"2026-11-22T10:00:01.987654Z": "2026-11-22T10:00:01.987654Z",
		"2026-11-22T10:00+01:30":      "2026-11-22T08:30:00Z",
		"2026-11-22Z":                 "2026-11-22T00:00:00Z",
		"-2h":                         "2026-11-22T10:00:00Z",
		"-90m":                        "2026-11-22T10:30:00Z",
		"-1h30m":                      "2026-11-22T10:30:00Z",
		"-1.5s":                       "2026-11-22T11:59:58.5Z",
		"-7d":                         "2026-11-15T12:00:00Z",
		"-2w":                         "2026-11-08T12:00:00Z",
	} {
		got, err := parseDate(text, noon)
		require.Nil(t, err, text)
		require.Equal(t, want, got.UTC().Format(time.RFC3339Nano), text)
	}
	for _, text := range []string{"", "-", "now", "2026", "2026-11-22", "2026-11-22T10:00", "2026-13-01Z", "2h", "--2h", "-2", "-2y", "-1.5d", "-99999999d", "-999999999h"} {
		_, err := parseDate(text, noon)
		require.NotNil(t, err, text)
		require.NotEmpty(t, err.hint, text)
	}
}

func TestDatesInFilter(t *testing.T) {
	const date = `{$date: '2026-11-22T10:00:00Z'}`
	for filter, want := range map[string]string{
		`{submitted: '-2h'}`: `{submitted: ` + date + `}`,
		`{started: {$gt: '-2h', $lte: '2026-11-22T10:00Z'}}`:  `{started: {$gt: ` + date + `, $lte: ` + date + `}}`,
		`{completed: {$ge: '-2h'}, received: {$le: '-2h'}}`:   `{completed: {$ge: ` + date + `}, received: {$le: ` + date + `}}`,
		`{submitted: {$in: [null, '-2h'], $nin: ['-2h']}}`:    `{submitted: {$in: [null, ` + date + `], $nin: [` + date + `]}}`,
		`{submitted: {$not: {$not: {$eq: '-2h'}}}}`:           `{submitted: {$not: {$not: {$eq: ` + date + `}}}}`,
		`{$or: [{$nor: [{$and: [{submitted: '-2h'}]}]}]}`:     `{$or: [{$nor: [{$and: [{submitted: ` + date + `}]}]}]}`,
		`{submitted: {$type: 'string', $regex: '^a'}}`:        `{submitted: {$type: 'string', $regex: '^a'}}`,
		`{submitted: null, started: {$ne: null}, label: '-'}`: `{submitted: null, started: {$ne: null}, label: '-'}`,
		`{'header.date': '-2h', msg_id: {$gt: '-2h'}}`:        `{'header.date': '-2h', msg_id: {$gt: '-2h'}}`,
		`{$or: 1, submitted: {$in: 2, $not: 3}, $and: [4]}`:   `{$or: 1, submitted: {$in: 2, $not: 3}, $and: [4]}`,
	} {
		doc, err := query.Document(filter)
		require.NoError(t, err, filter)
		wanted, err := query.Document(want)
		require.NoError(t, err, want)
		got, err := datesIn("filter", doc, noon)
		require.NoError(t, err, filter)
		require.Equal(t, wanted, got, filter)
	}
}

func TestDatesInUpdate(t *testing.T) {
	const date = `{$date: '2026-11-22T10:00:00Z'}`
	for update, want := range map[string]string{
		`{$set: {submitted: '-2h', label: '-2h'}}`:                `{$set: {submitted: ` + date + `, label: '-2h'}}`,
		`{$setOnInsert: {started: '-2h'}}`:                        `{$setOnInsert: {started: ` + date + `}}`,
		`{$min: {received: '-2h'}, $max: {completed: '-2h'}}`:     `{$min: {received: ` + date + `}, $max: {completed: ` + date + `}}`,
		`{$rename: {submitted: 'started'}, $set: {'a.b': '-2h'}}`: `{$rename: {submitted: 'started'}, $set: {'a.b': '-2h'}}`,
		`{$set: 1, $min: {started: null}, submitted: '-2h'}`:      `{$set: 1, $min: {started: null}, submitted: '-2h'}`,
	} {
		doc, err := query.Document(update)
		require.NoError(t, err, update)
		wanted, err := query.Document(want)
		require.NoError(t, err, want)
		got, err := datesInUpdate(doc, noon)
		require.NoError(t, err, update)
		require.Equal(t, wanted, got, update)
	}
}

// TestDatesAreReadAsTheyArePrinted holds that the time that a table shows can be
// asked for.
func TestDatesAreReadAsTheyArePrinted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		date := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "seconds"), 0).UTC()
		got, err := parseDate(date.Format(dateForm), noon)
		require.Nil(t, err)
		require.True(t, date.Equal(got))
	})
}

func FuzzDatesIn(f *testing.F) {
	f.Add(`{submitted: '-2h'}`)
	f.Add(`{$or: [{started: {$not: {$in: ['2026-11-22Z']}}}]}`)
	f.Fuzz(func(t *testing.T, filter string) {
		doc, err := query.Document(filter)
		if err != nil {
			return
		}
		rewritten, err := datesIn("filter", doc, noon)
		if err != nil {
			return
		}
		require.NoError(t, rewritten.Validate())
		again, err := datesIn("filter", rewritten, noon)
		require.NoError(t, err)
		require.Equal(t, rewritten, again, "no string is left that is meant as a date")
	})
}

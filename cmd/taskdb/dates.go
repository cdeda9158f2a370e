package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// isDateKey tells whether a key of a record holds a date, so that a string that a
// filter compares it with is meant as one.
func isDateKey(key string) bool {
	switch key {
	case "submitted", "started", "completed", "received":
		return true
	}
	return false
}

// datesIn returns a filter, or a record, in which strings that a date key is
// compared with, or has, are dates: MongoDB would find no date by a string. It looks
// at equality, $eq, $ne, $gt, $gte, $lt, $lte, $ge, $le, $in and $nin, also below
// $and, $or, $nor and $not. What is no valid filter is left for the parser to refuse.
// Errors say what it is.
func datesIn(what string, doc bson.Raw, now time.Time) (bson.Raw, error) {
	rewritten, err := dateRewriter{what: what, now: now}.filter(doc, "")
	return bson.Raw(rewritten), err
}

type dateRewriter struct {
	what        string
	now         time.Time
	expressions bool // strings that begin with a dollar name a path or a variable
}

// filter rewrites a document of paths and operators. at is its path.
func (d dateRewriter) filter(doc []byte, at string) ([]byte, error) {
	return rewriteValues(doc, func(key string, v bsoncore.Value) (bsoncore.Value, error) {
		path := join(at, key)
		switch {
		case isDateKey(key) && v.Type == bsoncore.TypeEmbeddedDocument:
			return rewritten(v, func(doc []byte) ([]byte, error) { return d.operators(doc, path) })
		case isDateKey(key):
			return d.value(v, path)
		case v.Type == bsoncore.TypeArray && (key == "$and" || key == "$or" || key == "$nor"):
			return rewritten(v, func(doc []byte) ([]byte, error) { return d.branches(doc, path) })
		}
		return v, nil
	})
}

func (d dateRewriter) branches(array []byte, at string) ([]byte, error) {
	return rewriteValues(array, func(index string, v bsoncore.Value) (bsoncore.Value, error) {
		if v.Type != bsoncore.TypeEmbeddedDocument {
			return v, nil
		}
		return rewritten(v, func(doc []byte) ([]byte, error) { return d.filter(doc, join(at, index)) })
	})
}

// operators rewrites what stands under a date key.
func (d dateRewriter) operators(doc []byte, at string) ([]byte, error) {
	return rewriteValues(doc, func(operator string, v bsoncore.Value) (bsoncore.Value, error) {
		path := join(at, operator)
		switch operator {
		case "$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$ge", "$le":
			return d.value(v, path)
		case "$in", "$nin":
			if v.Type == bsoncore.TypeArray {
				return rewritten(v, func(doc []byte) ([]byte, error) { return d.values(doc, path) })
			}
		case "$not":
			if v.Type == bsoncore.TypeEmbeddedDocument {
				return rewritten(v, func(doc []byte) ([]byte, error) { return d.operators(doc, path) })
			}
		}
		return v, nil
	})
}

func (d dateRewriter) values(array []byte, at string) ([]byte, error) {
	return rewriteValues(array, func(index string, v bsoncore.Value) (bsoncore.Value, error) {
		return d.value(v, join(at, index))
	})
}

func (d dateRewriter) value(v bsoncore.Value, at string) (bsoncore.Value, error) {
	text, ok := v.StringValueOK()
	if !ok || d.expressions && strings.HasPrefix(text, "$") {
		return v, nil
	}
	date, err := parseDate(text, d.now)
	if err != nil {
		err.message, err.where = "wrong "+d.what+": "+err.message, place(at)
		return v, err
	}
	return bsoncore.Value{Type: bsoncore.TypeDateTime, Data: bsoncore.AppendDateTime(nil, date.UnixMilli())}, nil
}

// datesInUpdate is datesIn for an update: strings that $set, $setOnInsert, $min and
// $max give to a date key are dates.
func datesInUpdate(doc bson.Raw, now time.Time) (bson.Raw, error) {
	changed, err := dateRewriter{what: "update", now: now}.assignments(doc, "")
	return bson.Raw(changed), err
}

// datesInPipeline is datesIn for an update by a pipeline: strings that its stages $set
// and $addFields give to a date key are dates, unless they are expressions.
func datesInPipeline(stages bson.RawArray, now time.Time) (bson.RawArray, error) {
	d := dateRewriter{what: "update", now: now, expressions: true}
	changed, err := rewriteValues(stages, func(index string, v bsoncore.Value) (bsoncore.Value, error) {
		if v.Type != bsoncore.TypeEmbeddedDocument {
			return v, nil
		}
		return rewritten(v, func(stage []byte) ([]byte, error) { return d.assignments(stage, index) })
	})
	return bson.RawArray(changed), err
}

// assignments rewrites what operators, or a stage, give to keys.
func (d dateRewriter) assignments(doc []byte, at string) ([]byte, error) {
	return rewriteValues(doc, func(operator string, v bsoncore.Value) (bsoncore.Value, error) {
		switch operator {
		case "$set", "$addFields", "$setOnInsert", "$min", "$max":
			if v.Type == bsoncore.TypeEmbeddedDocument {
				return rewritten(v, func(doc []byte) ([]byte, error) { return d.keys(doc, join(at, operator)) })
			}
		}
		return v, nil
	})
}

// keys rewrites a document of keys and the values that they get.
func (d dateRewriter) keys(doc []byte, at string) ([]byte, error) {
	return rewriteValues(doc, func(key string, v bsoncore.Value) (bsoncore.Value, error) {
		if isDateKey(key) {
			return d.value(v, join(at, key))
		}
		return v, nil
	})
}

// rewriteValues returns a document or array with each value replaced.
func rewriteValues(doc []byte, replace func(key string, v bsoncore.Value) (bsoncore.Value, error)) ([]byte, error) {
	elements, err := bsoncore.Document(doc).Elements()
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	start, dst := bsoncore.AppendDocumentStart(nil)
	for _, element := range elements {
		v, err := replace(element.Key(), element.Value())
		if err != nil {
			return nil, err
		}
		dst = bsoncore.AppendValueElement(dst, element.Key(), v)
	}
	return bsoncore.AppendDocumentEnd(dst, start)
}

// rewritten returns a value, a document or array, with its bytes rewritten.
func rewritten(v bsoncore.Value, rewrite func(doc []byte) ([]byte, error)) (bsoncore.Value, error) {
	doc, err := rewrite(v.Data)
	return bsoncore.Value{Type: v.Type, Data: doc}, err
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

const dateHint = "write a date as 2026-11-22T10:00Z or 2026-11-22Z, or as time ago: -30m, -2h, -7d"

// dateLayouts are ISO 8601's, with a space allowed for the T, as the table has it.
var dateLayouts = []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02Z07:00"}

var withoutZone = regexp.MustCompile(`^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$`)

// parseDate reads a date with its zone, or how long ago it was after a minus.
func parseDate(text string, now time.Time) (time.Time, *usageError) {
	if ago, ok := strings.CutPrefix(text, "-"); ok {
		return timeAgo(text, ago, now)
	}
	for _, layout := range dateLayouts {
		if date, err := time.Parse(layout, strings.Replace(text, " ", "T", 1)); err == nil {
			return date, nil
		}
	}
	if withoutZone.MatchString(text) {
		return time.Time{}, usage("add Z for UTC: "+text+"Z", "the date %q has no zone", text)
	}
	return time.Time{}, usage(dateHint, "%q is no date", text)
}

// parseSince reads the operand of --since, in which the minus may be left out.
func parseSince(text string, now time.Time) (time.Time, error) {
	date, err := parseDate(text, now)
	if err != nil && !strings.Contains(text, "-") {
		date, err = timeAgo(text, text, now)
	}
	if err != nil {
		err.message = "wrong --since: " + err.message
		return time.Time{}, err
	}
	return date, nil
}

// timeAgo reads a duration as Go writes it, or a whole number of days (d) or weeks
// (w), and returns the time that long before now.
func timeAgo(text, ago string, now time.Time) (time.Time, *usageError) {
	for unit, days := range map[string]int{"d": 1, "w": 7} {
		if number, ok := strings.CutSuffix(ago, unit); ok {
			if n, err := strconv.ParseUint(number, 10, 16); err == nil {
				return now.UTC().AddDate(0, 0, -days*int(n)), nil
			}
		}
	}
	duration, err := time.ParseDuration(ago)
	if err != nil || duration < 0 {
		return time.Time{}, usage(dateHint, "%q is no date", text)
	}
	return now.Add(-duration), nil
}

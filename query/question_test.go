package query_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// numbered is n texts made of their numbers, as the elements of a list.
func numbered(n int, format string) string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(texts, ", ")
}

// Many predicates on many values end, and many changes of many elements.
func TestNothingAskedOfADocumentGoesOnForever(t *testing.T) {
	const many = 30_000
	doc := shell(t, `{_id: 1, a: [`+numbered(many, `{b: %d}`)+`], s: [`+numbered(many, `"a%d"`)+`], `+numbered(many, `k%d: 1`)+`}`)
	var arrayFilters []any
	for i := range many {
		arrayFilters = append(arrayFilters, fmt.Sprintf(`{"i%d.c": 0}`, i))
	}
	for name, text := range map[string]string{
		"filters":  `{$nor: [` + numbered(many, `{"a.b": {$lt: -%d}}`) + `]}`,
		"elements": `{a: {$elemMatch: {$and: [` + numbered(many, `{b: {$ne: -1%d}}`) + `, {b: {$type: "string"}}]}}}`,
		"regexes":  `{s: {$in: [` + numbered(many, `/x%d/`) + `]}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := query.MustParse(text).Match(doc)
			require.Equal(t, query.CodeMaxTimeExpired, requireQueryError(t, err).Code)
		})
	}
	for text, filters := range map[string][]any{
		`{$push: {a: {$each: [], $sort: {` + numbered(many, `c%d: 1`) + `}}}}`:     nil,
		`{$pull: {a: {$and: [` + numbered(many, `{$nor: [{b: -1%d}]}`) + `]}}}`:    nil,
		`{$pull: {s: {$in: [` + numbered(many, `/x%d/`) + `]}}}`:                   nil,
		`{$rename: {` + numbered(many, `k%[1]d: "x%[1]d"`) + `}}`:                  nil,
		`{$unset: {` + numbered(many, `"a.$[].c%d": 1`) + `}}`:                     nil,
		`{$unset: {` + numbered(many, `"a.$[].b.c%d": 1`) + `}}`:                   nil,
		`{$set: {` + numbered(many, `"a.$[i%[1]d].c%[1]d": 1`) + `}}`:              arrayFilters,
		`{$setOnInsert: {` + numbered(many, `"a.$[].c%d": 1`) + `}, $set: {d: 1}}`: nil,
	} {
		t.Run(text[:30], func(t *testing.T) {
			t.Parallel()
			u, err := query.ParseUpdateValue(text, filters...)
			require.NoError(t, err)
			_, _, err = u.Apply(doc, nil, time.Now())
			require.Equal(t, query.CodeMaxTimeExpired, requireQueryError(t, err).Code)
		})
	}
}

// A path of many parts that are keys and indexes alike leads through arrays in more ways
// than can be gone, though it and the document are short.
func TestAPathThatLeadsEverywhereEnds(t *testing.T) {
	doc := shell(t, strings.Repeat(`{"0": [`, 60)+`5`+strings.Repeat(`]}`, 60))
	path := strings.Repeat("0.", 59) + "0"
	for _, filter := range []string{`{"` + path + `": 7}`, `{"` + path[:39] + `": {$elemMatch: {"` + path[:79] + `": 7}}}`} {
		_, err := query.MustParse(filter).Match(doc)
		require.Equal(t, query.CodeMaxTimeExpired, requireQueryError(t, err).Code)
	}
	found, err := query.MustParse(`{"0.0.0.0.0": {$exists: true}}`).Match(doc)
	require.NoError(t, err)
	require.True(t, found)
}

// Matches that each take a part of a second do not add up to minutes, though the filter and
// the document are short.
func TestExpressionsThatBacktrackEnd(t *testing.T) {
	doc := shell(t, `{s: [`+numbered(60, `"aaaaaaaaaaaaaaaaaaaa%d"`)+`]}`)
	_, err := query.MustParse(`{s: /^(a+)+\1b/}`).Match(doc)
	require.Error(t, err)
}

// What a plan leaves of a filter is bounded as the whole is.
func TestWhatAnIndexLeavesEnds(t *testing.T) {
	const many = 30_000
	doc := shell(t, `{_id: 1, a: [`+numbered(many, `{b: %d}`)+`]}`)
	filter := query.MustParse(`{_id: 1, $nor: [` + numbered(many, `{"a.b": {$lt: -%d}}`) + `]}`)
	plan := query.NewPlan(filter, sortOf(t, `{}`), 0, nil, []*query.Index{indexOf(t, `{_id: 1}`)}, nil)
	require.NotNil(t, plan.Rest)
	_, err := plan.Rest.Match(doc)
	require.Equal(t, query.CodeMaxTimeExpired, requireQueryError(t, err).Code)
}

// What has many names costs what it names.
func TestManyNames(t *testing.T) {
	const many = 100_000
	doc := shell(t, `{_id: 1, `+numbered(many, `k%d: 1`)+`}`)
	p, err := query.ParseProjectionValue(`{` + numbered(many, `k%d: 0`) + `}`)
	require.NoError(t, err)
	shown, err := p.Apply(nil, doc, nil)
	require.NoError(t, err)
	require.Equal(t, shell(t, `{_id: 1}`), bson.Raw(shown))
	made, err := runPipeline(t, t.Context(), doc, `{$set: {`+numbered(many, `k%d: 2`)+`}}`, `{$project: {`+numbered(many, `k%d: 1`)+`}}`)
	require.NoError(t, err)
	require.Equal(t, shell(t, `{_id: 1, `+numbered(many, `k%d: 2`)+`}`), made[0])
}

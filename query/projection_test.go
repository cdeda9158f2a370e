package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

func TestProjections(t *testing.T) {
	for _, c := range []struct{ rule, projection, doc, want string }{
		{"{} shows all", `{}`, `{_id: 1, a: [1, {b: 2}]}`, `{_id: 1, a: [1, {b: 2}]}`},
		{"inclusion", `{a: 1}`, `{_id: 1, b: 2, a: 3}`, `{_id: 1, a: 3}`},
		{"inclusion keeps the document's order", `{a: 1, b: 1}`, `{b: 2, _id: 1, a: 3}`, `{b: 2, _id: 1, a: 3}`},
		{"any true value includes", `{a: true, b: -1, c: 0.1}`, `{a: 1, b: 2, c: 3, d: 4}`, `{a: 1, b: 2, c: 3}`},
		{"inclusion ends with the last name", `{a: 1, _id: 0}`, `{a: 3, b: 2, a: 4}`, `{a: 3}`},
		{"without _id", `{a: 1, _id: 0}`, `{_id: 1, a: 3}`, `{a: 3}`},
		{"_id alone", `{_id: 1}`, `{_id: 1, a: 3}`, `{_id: 1}`},
		{"all but _id", `{_id: 0}`, `{_id: 1, a: 3}`, `{a: 3}`},
		{"exclusion", `{a: 0}`, `{_id: 1, b: 2, a: 3}`, `{_id: 1, b: 2}`},
		{"exclusion with _id", `{a: false, _id: 1}`, `{_id: 1, b: 2, a: 3}`, `{_id: 1, b: 2}`},
		{"what is missing", `{x: 1}`, `{_id: 1, a: 3}`, `{_id: 1}`},
		{"dotted inclusion", `{"a.b": 1}`, `{a: {b: 1, c: 2}, d: 3}`, `{a: {b: 1}}`},
		{"dotted exclusion", `{"a.b": 0}`, `{a: {b: 1, c: 2}, d: 3}`, `{a: {c: 2}, d: 3}`},
		{"nested instead of dotted", `{a: {b: 1, c: 1}}`, `{a: {b: 1, c: 2, d: 3}}`, `{a: {b: 1, c: 2}}`},
		{"inclusion drops scalars in arrays", `{"a.b": 1}`, `{a: [1, {b: 2, c: 3}]}`, `{a: [{b: 2}]}`},
		{"exclusion keeps them", `{"a.b": 0}`, `{a: [1, {b: 2, c: 3}]}`, `{a: [1, {c: 3}]}`},
		{"inclusion of a scalar's key", `{"a.b": 1}`, `{a: 5}`, `{}`},
		{"exclusion of a scalar's key", `{"a.b": 0}`, `{a: 5}`, `{a: 5}`},
		{"arrays in arrays", `{"a.b": 1}`, `{a: [[1, {b: 1, c: 2}], []]}`, `{a: [[{b: 1}], []]}`},
		{"numbers are keys, not indexes", `{"a.0": 1}`, `{a: [1, {"0": 2, b: 3}]}`, `{a: [{"0": 2}]}`},
		{"$slice from the start", `{a: {$slice: 2}}`, `{a: [1, 2, 3], b: 1}`, `{a: [1, 2], b: 1}`},
		{"$slice from the end", `{a: {$slice: -2}}`, `{a: [1, 2, 3]}`, `{a: [2, 3]}`},
		{"$slice of none", `{a: {$slice: 0}}`, `{a: [1, 2, 3]}`, `{a: []}`},
		{"$slice skip and limit", `{a: {$slice: [1, 1]}}`, `{a: [1, 2, 3]}`, `{a: [2]}`},
		{"$slice skip from the end", `{a: {$slice: [-2, 1]}}`, `{a: [1, 2, 3]}`, `{a: [2]}`},
		{"$slice skip beyond the start", `{a: {$slice: [-9, 2]}}`, `{a: [1, 2, 3]}`, `{a: [1, 2]}`},
		{"$slice skip beyond the end", `{a: {$slice: [9, 2]}}`, `{a: [1, 2, 3]}`, `{a: []}`},
		{"$slice of great numbers", `{a: {$slice: [1e300, NumberLong("9223372036854775807")]}}`, `{a: [1]}`, `{a: []}`},
		{"$slice of no array", `{a: {$slice: 1}}`, `{a: "x"}`, `{a: "x"}`},
		{"$slice with inclusion", `{a: {$slice: 1}, b: 1}`, `{a: [1, 2], b: 1, c: 1}`, `{a: [1], b: 1}`},
		{"$slice below", `{"a.b": {$slice: 1}}`, `{a: [{b: [1, 2]}, 5], c: 1}`, `{a: [{b: [1]}, 5], c: 1}`},
		{"$elemMatch shows the first", `{a: {$elemMatch: {b: {$gt: 1}}}}`, `{_id: 1, a: [{b: 1}, {b: 2}, {b: 3}], c: 1}`, `{_id: 1, a: [{b: 2}]}`},
		{"$elemMatch by values", `{a: {$elemMatch: {$gt: 1}}}`, `{a: [1, 2, 3]}`, `{a: [2]}`},
		{"$elemMatch of none", `{a: {$elemMatch: {$gt: 9}}}`, `{_id: 1, a: [1]}`, `{_id: 1}`},
		{"$elemMatch of no array", `{a: {$elemMatch: {$gt: 0}}}`, `{_id: 1, a: 1}`, `{_id: 1}`},
		{"$elemMatch comes last", `{a: {$elemMatch: {$gt: 1}}, b: 1}`, `{a: [2], b: 1}`, `{b: 1, a: [2]}`},
		{"$elemMatch with exclusion", `{b: 0, a: {$elemMatch: {$gt: 1}}}`, `{a: [1, 2], b: 1, c: 1}`, `{a: [2], c: 1}`},
		{"a constant", `{a: "x"}`, `{_id: 1, b: 1}`, `{_id: 1, a: "x"}`},
		{"$literal", `{a: {$literal: 1}, b: 1}`, `{a: 5, b: 2}`, `{b: 2, a: 1}`},
	} {
		t.Run(c.rule, func(t *testing.T) {
			p, err := query.ParseProjectionValue(c.projection)
			require.NoError(t, err)
			shown, err := p.Apply(nil, shell(t, c.doc), nil)
			require.NoError(t, err)
			require.Equal(t, shell(t, c.want).String(), bson.Raw(shown).String())
		})
	}
}

// TestPositions shows the element by which the filter selected the document.
func TestPositions(t *testing.T) {
	for _, c := range []struct{ rule, projection, filter, doc, want string }{
		{"a value", `{"a.$": 1}`, `{a: 2}`, `{a: [1, 2, 2]}`, `{a: [2]}`},
		{"a range", `{"a.$": 1}`, `{a: {$gt: 1}}`, `{_id: 1, a: [1, 2, 3]}`, `{_id: 1, a: [2]}`},
		{"a document's key", `{"a.$": 1}`, `{"a.b": 2}`, `{a: [{b: 1}, {b: 2, c: 3}]}`, `{a: [{b: 2, c: 3}]}`},
		{"$elemMatch", `{"a.$": 1}`, `{a: {$elemMatch: {b: 1, c: 1}}}`, `{a: [{b: 1}, {b: 1, c: 1}]}`, `{a: [{b: 1, c: 1}]}`},
		{"$in", `{"a.$": 1}`, `{a: {$in: [2, 3]}}`, `{a: [1, 3, 2]}`, `{a: [3]}`},
		{"a lower array", `{"a.b.$": 1}`, `{"a.b": 2}`, `{a: {b: [1, 2], c: 1}}`, `{a: {b: [2]}}`},
		{"the outermost index of two", `{"a.$": 1}`, `{"a.b": 3}`, `{a: [{b: [1]}, {b: [2, 3]}]}`, `{a: [{b: [2, 3]}]}`},
		{"one array's index in another", `{"b.$": 1}`, `{a: 2, b: {$exists: true}}`, `{a: [1, 2], b: [7, 8]}`, `{b: [7]}`},
		{"an $or of one branch", `{"a.$": 1}`, `{$or: [{a: {$gt: 1}}]}`, `{a: [1, 2]}`, `{a: [2]}`},
		{"an $or of equalities is an $in", `{"a.$": 1}`, `{$or: [{a: 2}, {a: 3}]}`, `{a: [1, 3]}`, `{a: [3]}`},
		{"equalities decide in the order of their paths", `{"a.$": 1}`, `{b: 2, a: 1}`, `{a: [0, 1], b: [2]}`, `{a: [0]}`},
		{"an $in of one is an equality", `{"a.$": 1}`, `{b: {$in: [2]}, c: {$gt: 0}}`, `{a: [0, 1], b: [2], c: [0, 1]}`, `{a: [1]}`},
		{"nested $and is dissolved", `{"a.$": 1}`, `{b: 2, $and: [{$and: [{a: 1}]}]}`, `{a: [0, 1], b: [2]}`, `{a: [0]}`},
		{"of a scalar", `{"a.$": 1}`, `{a: 1}`, `{a: 1}`, `{a: 1}`},
	} {
		t.Run(c.rule, func(t *testing.T) {
			p, err := query.ParseProjectionValue(c.projection)
			require.NoError(t, err)
			filter := query.MustParse(c.filter)
			shown, err := p.Apply(nil, shell(t, c.doc), filter)
			require.NoError(t, err)
			require.Equal(t, shell(t, c.want).String(), bson.Raw(shown).String())
		})
	}
}

func TestNegationsHaveNoPosition(t *testing.T) {
	p, err := query.ParseProjectionValue(`{"a.$": 1}`)
	require.NoError(t, err)
	for _, filter := range []string{`{a: {$ne: 5}}`, `{$nor: [{a: 5}]}`, `{$or: [{a: 1}, {a: {$gt: 7}}]}`, `{b: null}`} {
		_, err := p.Apply(nil, shell(t, `{a: [1]}`), query.MustParse(filter))
		errorCase{code: 51246, words: "positional operator"}.check(t, err)
	}
}

func TestNeeds(t *testing.T) {
	for _, c := range []struct {
		projection   string
		needs, spare docs
	}{
		{`{}`, docs{"_id", "a", ""}, nil},
		{`{a: 1}`, docs{"_id", "a"}, docs{"b", ""}},
		{`{"a.b": 1, _id: 0}`, docs{"a"}, docs{"_id", "b", "a.b"}},
		{`{a: 0}`, docs{"_id", "b"}, docs{"a"}},
		{`{"a.b": 0}`, docs{"_id", "a", "b"}, nil},
		{`{a: {$elemMatch: {b: 1}}}`, docs{"_id", "a"}, docs{"b"}},
		{`{a: {$slice: 1}}`, docs{"_id", "a", "b"}, nil},
		{`{"a.$": 1}`, docs{"_id", "a"}, docs{"b"}},
	} {
		p, err := query.ParseProjectionValue(c.projection)
		require.NoError(t, err)
		for _, key := range c.needs {
			require.True(t, p.Needs(key), "%s needs %q", c.projection, key)
		}
		for _, key := range c.spare {
			require.False(t, p.Needs(key), "%s does not need %q", c.projection, key)
		}
	}
}

func TestProjectionPrints(t *testing.T) {
	p, err := query.ParseProjectionValue(`{a: {$slice: 1}}`)
	require.NoError(t, err)
	require.Equal(t, `{"a":{"$slice":{"$numberInt":"1"}}}`, p.String())
	require.Equal(t, shell(t, `{a: {$slice: 1}}`), p.Source())
	same, err := query.ParseProjectionValue(p)
	require.NoError(t, err)
	require.Same(t, p, same)
}

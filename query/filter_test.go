package query_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/query"
)

// matchCase is a rule, a filter, and documents that it selects or not.
type matchCase struct {
	rule    string
	filter  string
	matches []string
	not     []string
}

func (c matchCase) test(t *testing.T) {
	t.Run(c.rule+": "+c.filter, func(t *testing.T) {
		filter, err := query.Parse(c.filter)
		require.NoError(t, err)
		for _, doc := range c.matches {
			got, err := filter.Match(shell(t, doc))
			require.NoError(t, err)
			require.True(t, got, "must match %s", doc)
		}
		for _, doc := range c.not {
			got, err := filter.Match(shell(t, doc))
			require.NoError(t, err)
			require.False(t, got, "must not match %s", doc)
		}
	})
}

type docs = []string

func TestPaths(t *testing.T) {
	for _, c := range []matchCase{
		{"P1 missing at the end", `{a: null}`, docs{`{}`, `{a: null}`, `{b: 1}`}, docs{`{a: 1}`, `{a: []}`}},
		{"P1 scalar in the way", `{"a.b": null}`, docs{`{a: 5}`, `{a: {}}`, `{}`, `{a: {b: null}}`}, docs{`{a: {b: 1}}`}},
		{"P2 each element", `{a: 1}`, docs{`{a: 1}`, `{a: [0, 1]}`}, docs{`{a: [[1]]}`, `{a: []}`, `{}`}},
		{"P2 and the array itself", `{a: [1]}`, docs{`{a: [1]}`, `{a: [[1], 2]}`}, docs{`{a: 1}`, `{a: [1, 2]}`, `{a: [[[1]]]}`}},
		{"P2 an empty array is itself alone", `{a: []}`, docs{`{a: []}`, `{a: [[]]}`}, docs{`{}`, `{a: null}`, `{a: [1]}`}},
		{"P3 through an array of documents", `{"a.b": 1}`, docs{`{a: [{b: 0}, {b: 1}]}`, `{a: [{b: [0, 1]}]}`}, docs{`{a: [1]}`, `{a: []}`}},
		{"P3 an element without the key is missing", `{"a.b": null}`, docs{`{a: [{b: 1}, {}]}`, `{a: [1, {}]}`}, docs{`{a: [{b: 1}]}`}},
		{"P3 scalars in an array give nothing", `{"a.b": null}`, nil, docs{`{a: []}`, `{a: [1]}`, `{a: [[]]}`, `{a: [null]}`}},
		{"P3 by index", `{"a.1.b": 4}`, docs{`{a: [0, {b: 4}]}`, `{a: {"1": {b: 4}}}`}, docs{`{a: [{b: 4}]}`}},
		{"P4 ArrayIndex2: not unwound", `{"a.1": 2}`, docs{`{a: [5, 2]}`}, docs{`{a: [5, [2, 4]]}`, `{a: [2]}`}},
		{"P4 ArrayIndex2: whole", `{"a.1": [2, 4]}`, docs{`{a: [5, [2, 4]]}`}, docs{`{a: [5, 2, 4]}`}},
		{"P5 ArrayIndex3: by key", `{"a.1": 4}`, docs{`{a: [5, {"1": 4}]}`}, docs{`{a: [{"0": 4}]}`}},
		{"P5 ArrayIndex3: by index", `{"a.1": {"1": 4}}`, docs{`{a: [5, {"1": 4}]}`}, docs{`{a: [{"1": 4}]}`}},
		{"P5 ArrayIndexNested1", `{"a.1.b": null}`, docs{`{a: [5, {b: 4}]}`}, docs{`{a: [5, 6]}`}},
		{"P5 the element without its index", `{"a.0.b": null}`, docs{`{a: [{b: 1}]}`}, docs{`{a: [1]}`}},
		{"P6 index, then implicitly", `{"a.1.b": 4}`, docs{`{a: [5, [{b: 4}], 3]}`}, docs{`{a: [[{b: 4}]]}`}},
		{"P6 no array in an array", `{"a.b": 1}`, nil, docs{`{a: [[{b: 1}]]}`}},
		{"P6 nor for $exists", `{"a.b": {$exists: false}}`, docs{`{a: [[{b: 1}]]}`}, docs{`{a: [{b: 1}]}`}},
		{"P6 two indexes", `{"a.0.1": 2}`, docs{`{a: [[1, 2]]}`}, docs{`{a: [1, 2]}`, `{a: [[2]]}`}},
		{"P7 a numeric key of a document", `{"a.0.b": 1}`, docs{`{a: {"0": {b: 1}}}`, `{a: [{b: 1}]}`}, nil},
		{"P7 00 is no index", `{"a.00": 1}`, docs{`{a: {"00": 1}}`, `{a: [{"00": 1}]}`}, docs{`{a: [1]}`}},
		{"P7 an index beyond all integers", `{"a.99999999999999999999": 1}`, docs{`{a: {"99999999999999999999": 1}}`}, docs{`{a: [1]}`}},
		{"P7 the empty name", `{"": 1}`, docs{`{"": 1}`}, docs{`{a: 1}`, `{}`}},
		{"P7 empty parts", `{"a..b": 1}`, docs{`{a: {"": {b: 1}}}`}, docs{`{a: {b: 1}}`}},
		{"P8 predicates are independent", `{a: {$gt: 5, $lt: 10}}`, docs{`{a: [3, 12]}`, `{a: 7}`}, docs{`{a: 3}`, `{a: [3]}`}},
		{"P9 $ne over documents", `{"a.b": {$ne: 1}}`, docs{`{a: [{b: 2}]}`, `{a: []}`, `{}`}, docs{`{a: [{b: 1}, {b: 2}]}`}},
		{"P9 $nin", `{a: {$nin: [1, 2]}}`, docs{`{}`, `{a: null}`, `{a: [3]}`}, docs{`{a: [3, 1]}`}},
		{"P9 $not", `{a: {$not: {$gt: 5}}}`, docs{`{}`, `{a: "x"}`, `{a: [1]}`}, docs{`{a: [1, 6]}`}},
		{"P9 $nor", `{$nor: [{a: 1}, {b: 1}]}`, docs{`{}`, `{a: 2}`}, docs{`{a: 1}`, `{b: [1]}`}},
		{"P9 $exists: false", `{"a.b": {$exists: false}}`, docs{`{a: [{c: 1}]}`, `{a: 1}`}, docs{`{a: [{c: 1}, {b: null}]}`}},
	} {
		c.test(t)
	}
}

func TestLogic(t *testing.T) {
	for _, c := range []matchCase{
		{"all keys", `{a: 1, b: 2}`, docs{`{a: 1, b: 2}`}, docs{`{a: 1}`, `{b: 2}`}},
		{"{} is every document", `{}`, docs{`{}`, `{a: 1}`}, nil},
		{"$and", `{$and: [{a: 1}, {b: 2}]}`, docs{`{a: 1, b: 2}`}, docs{`{a: 1}`}},
		{"$or", `{$or: [{a: 1}, {b: 2}]}`, docs{`{a: 1}`, `{b: 2}`}, docs{`{}`}},
		{"$or of one path", `{$or: [{a: 1}, {a: /^x/}, {a: null}]}`, docs{`{a: 1}`, `{a: "xy"}`, `{}`}, docs{`{a: 2}`}},
		{"an empty clause is true", `{$or: [{a: 1}, {}]}`, docs{`{}`}, nil},
		{"an empty clause in $nor", `{$nor: [{}]}`, nil, docs{`{}`, `{a: 1}`}},
		{"nested", `{$and: [{$or: [{a: 1}, {$nor: [{b: 1}]}]}, {c: 1}]}`, docs{`{a: 1, b: 1, c: 1}`, `{c: 1}`}, docs{`{b: 1, c: 1}`, `{a: 1}`}},
		{"the same operator twice", `{$or: [{a: 1}], $or: [{b: 1}]}`, docs{`{a: 1, b: 1}`}, docs{`{a: 1}`, `{b: 1}`}},
		{"$comment", `{$comment: "why", a: 1}`, docs{`{a: 1}`}, docs{`{}`}},
		{"$comment of any kind", `{$comment: {$ge: 1}}`, docs{`{}`}, nil},
		{"$not of a regular expression", `{a: {$not: /^x/}}`, docs{`{}`, `{a: "y"}`, `{a: 1}`}, docs{`{a: "x"}`, `{a: ["y", "x"]}`}},
		{"$not of $regex", `{a: {$not: {$regex: "^X", $options: "i"}}}`, docs{`{a: "y"}`}, docs{`{a: "x"}`}},
		{"$not ANDs, then negates", `{a: {$not: {$gt: 1, $lt: 5}}}`, docs{`{a: 7}`, `{a: 0}`, `{}`}, docs{`{a: 3}`, `{a: [0, 7]}`}},
		{"$not of $not", `{a: {$not: {$not: {$eq: 1}}}}`, docs{`{a: 1}`}, docs{`{a: 2}`, `{}`}},
		{"a literal document", `{a: {b: 2, $gt: 1}}`, docs{`{a: {b: 2, $gt: 1}}`}, docs{`{a: {b: 2}}`}},
		{"the empty document is a literal", `{a: {}}`, docs{`{a: {}}`, `{a: [{}]}`}, docs{`{}`, `{a: {b: 1}}`}},
		{"a DBRef is a literal", `{a: {$ref: "x", $id: 1}}`, docs{`{a: {$ref: "x", $id: 1}}`}, docs{`{a: 1}`}},
	} {
		c.test(t)
	}
}

func TestSeed(t *testing.T) {
	for _, c := range []matchCase{
		{"$ge is $gt", `{a: {$ge: 1}}`, docs{`{a: 2}`}, docs{`{a: 1}`, `{a: 0}`}},
		{"$le is $lt", `{a: {$le: 1}}`, docs{`{a: 0}`}, docs{`{a: 1}`}},
		{"in $not", `{a: {$not: {$ge: 1}}}`, docs{`{a: 1}`, `{}`}, docs{`{a: 2}`}},
		{"in $and, $or, $nor", `{$and: [{$or: [{a: {$ge: 1}}]}, {$nor: [{a: {$ge: 5}}]}]}`, docs{`{a: 2}`}, docs{`{a: 1}`, `{a: 6}`}},
		{"in $elemMatch by values", `{a: {$elemMatch: {$ge: 1, $le: 3}}}`, docs{`{a: [2]}`}, docs{`{a: [1, 3]}`}},
		{"in $elemMatch by filter", `{a: {$elemMatch: {b: {$ge: 1}}}}`, docs{`{a: [{b: 2}]}`}, docs{`{a: [{b: 1}]}`}},
		{"in $elemMatch by $or", `{a: {$elemMatch: {$or: [{b: {$ge: 1}}]}}}`, docs{`{a: [{b: 2}]}`}, docs{`{a: [{b: 1}]}`}},
		{"in $all", `{a: {$all: [{$elemMatch: {$ge: 1}}]}}`, docs{`{a: [2]}`}, docs{`{a: [1]}`}},
		{"not in a literal", `{a: {b: {$ge: 1}}}`, docs{`{a: {b: {$ge: 1}}}`}, docs{`{a: {b: 2}}`, `{a: {b: {$gt: 1}}}`}},
		{"nor in $eq", `{a: {$eq: {$ge: 1}}}`, docs{`{a: {$ge: 1}}`}, docs{`{a: 2}`}},
		{"$glob", `{a: {$glob: "x*"}}`, docs{`{a: "x"}`, `{a: "xyz"}`, `{a: "x\ny"}`, `{a: ["b", "xb"]}`}, docs{`{a: "ax"}`, `{a: 1}`, `{}`}},
		{"$glob is of the whole text", `{a: {$glob: "[!a]?"}}`, docs{`{a: "bc"}`}, docs{`{a: "ab"}`, `{a: "bcd"}`, `{a: "bc\n"}`}},
		{"$glob with siblings", `{a: {$glob: "x*", $ne: "xy", $ge: "xa"}}`, docs{`{a: "xz"}`}, docs{`{a: "xy"}`, `{a: "x"}`}},
		{"$glob in $not", `{a: {$not: {$glob: "x*"}}}`, docs{`{a: "y"}`, `{}`}, docs{`{a: "x"}`}},
		{"$glob in $elemMatch", `{a: {$elemMatch: {$glob: "x*", $ne: "x"}}}`, docs{`{a: ["xy"]}`}, docs{`{a: ["x", "y"]}`}},
		{"two globs by $and", `{$and: [{a: {$glob: "x*"}}, {a: {$glob: "*y"}}]}`, docs{`{a: "xy"}`}, docs{`{a: "x"}`, `{a: "y"}`}},
	} {
		c.test(t)
	}
}

func TestMongoDBForm(t *testing.T) {
	for _, c := range []struct{ seed, mongodb string }{
		{`{a: {$ge: 1, $le: 5}}`, `{a: {$gt: 1, $lt: 5}}`},
		{`{$or: [{a: {$ge: 1}}, {b: {$not: {$le: 1}}}]}`, `{$or: [{a: {$gt: 1}}, {b: {$not: {$lt: 1}}}]}`},
		{`{a: {$all: [{$elemMatch: {b: {$ge: 1}}}]}}`, `{a: {$all: [{$elemMatch: {b: {$gt: 1}}}]}}`},
		{`{a: {$elemMatch: {$nor: [{b: {$ge: 1}}]}}}`, `{a: {$elemMatch: {$nor: [{b: {$gt: 1}}]}}}`},
		{`{a: {$eq: {$ge: 1}}, b: {$in: ["$ge"]}, c: {d: {$ge: 1}}}`, `{a: {$eq: {$ge: 1}}, b: {$in: ["$ge"]}, c: {d: {$ge: 1}}}`},
		{`{$comment: {$ge: 1}}`, `{$comment: {$ge: 1}}`},
	} {
		filter, err := query.Parse(c.seed)
		require.NoError(t, err, c.seed)
		require.Equal(t, shell(t, c.mongodb), filter.MongoDB(), c.seed)
		require.Equal(t, shell(t, c.seed), filter.Source(), c.seed)
	}
	glob, err := query.Parse(`{a: {$glob: "x*.py", $ne: 1}}`)
	require.NoError(t, err)
	require.False(t, strings.Contains(glob.MongoDB().String(), "$glob"))
	mongo, err := query.ParseMongoFilter(glob.MongoDB())
	require.NoError(t, err, "what is sent to MongoDB is in its own operators")
	ok, err := mongo.Match(shell(t, `{a: "x1.py"}`))
	require.NoError(t, err)
	require.True(t, ok)
}

func TestMatchesAll(t *testing.T) {
	for text, want := range map[string]bool{
		`{}`: true, `{$comment: "x"}`: true, `{$and: [{}]}`: true, `{$and: [{}, {$and: [{}]}]}`: true, `{a: 1}`: false,
		`{$or: [{}]}`: true, `{$nor: [{}]}`: false, `{a: {$exists: true}}`: false,
	} {
		filter, err := query.Parse(text)
		require.NoError(t, err)
		require.Equal(t, want, filter.MatchesAll(), text)
	}
}

func TestFilterKeepsACopy(t *testing.T) {
	source := shell(t, `{a: {$in: [1, "x"]}}`)
	filter, err := query.ParseFilter(source)
	require.NoError(t, err)
	clear(source[5:])
	ok, err := filter.Match(shell(t, `{a: "x"}`))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, `{"a":{"$in":[{"$numberInt":"1"},"x"]}}`, filter.String())
}

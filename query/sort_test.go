package query_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// sorted returns documents in a sort's order; those that tie keep their places.
func sorted(t *testing.T, sort string, documents docs) docs {
	parsed, err := query.ParseSortValue(sort)
	require.NoError(t, err)
	keys := map[string][]byte{}
	for _, doc := range documents {
		keys[doc], err = parsed.AppendKey(nil, shell(t, doc))
		require.NoError(t, err, doc)
	}
	inOrder := slices.Clone(documents)
	slices.SortStableFunc(inOrder, func(a, b string) int { return bytes.Compare(keys[a], keys[b]) })
	return inOrder
}

func TestSorts(t *testing.T) {
	for _, c := range []struct {
		rule, sort string
		want       docs
	}{
		{"S1 classes", `{a: 1}`, docs{
			`{a: MinKey()}`, `{a: []}`, `{a: null}`, `{a: NaN}`, `{a: -Infinity}`, `{a: 1}`, `{a: "x"}`, `{a: {}}`,
			`{a: [[]]}`, `{a: BinData(0, "")}`, `{a: ObjectId("000000000000000000000000")}`, `{a: false}`, `{a: true}`,
			`{a: ISODate("1970-01-01T00:00:00Z")}`, `{a: Timestamp(0, 0)}`, `{a: /x/}`, `{a: {$code: "f"}}`, `{a: MaxKey()}`,
		}},
		{"S1 upside down", `{a: -1}`, docs{`{a: MaxKey()}`, `{a: "x"}`, `{a: 1}`, `{a: null}`, `{a: []}`, `{a: MinKey()}`}},
		{"S1 missing ties with null", `{a: 1}`, docs{`{b: 1}`, `{a: null}`, `{b: 2}`, `{a: 0}`}},
		{"S1 [] before null", `{a: 1}`, docs{`{a: undefined}`, `{a: []}`, `{}`}},
		{"S1 an empty array in the way is missing", `{"a.b": 1}`, docs{`{a: []}`, `{}`, `{a: [{b: 1}]}`}},
		{"S2 the smallest upwards", `{a: 1}`, docs{`{a: [9, 1]}`, `{a: 2}`, `{a: [3]}`}},
		{"S2 the largest downwards", `{a: -1}`, docs{`{a: [9, 1]}`, `{a: [3]}`, `{a: 2}`}},
		{"S2 of mixed types", `{a: 1}`, docs{`{a: ["x", null]}`, `{a: ["y", 1]}`, `{a: "a"}`}},
		{"S2 [5] ties with 5", `{a: 1}`, docs{`{a: [5]}`, `{a: 5}`, `{a: [5, 6]}`}},
		{"S2 not unwrapped twice", `{a: 1}`, docs{`{a: 100}`, `{a: {}}`, `{a: [[1, 2]]}`}},
		{"S2 through documents", `{"a.b": 1}`, docs{`{a: [{b: 7}, {b: 0}]}`, `{a: {b: 1}}`, `{a: [{b: [5, 2]}]}`}},
		{"S2 an element without the key is null", `{"a.b": 1}`, docs{`{a: [{b: 5}, {}]}`, `{a: [1, {b: 7}]}`, `{a: [{b: 1}]}`}},
		{"S2 by index", `{"a.1": 1}`, docs{`{a: [5]}`, `{a: [9, 1]}`, `{a: [0, 2]}`}},
		{"several keys", `{a: 1, b: -1}`, docs{`{a: 1, b: 2}`, `{a: 1, b: 1}`, `{a: 2, b: 9}`}},
		{"S2 one element gives all keys", `{"a.b": 1, "a.c": 1}`, docs{
			`{a: [{b: 0, c: 3}]}`, `{a: [{b: 1, c: 0}, {b: 0, c: 9}]}`, `{a: [{b: 1, c: 0}]}`,
		}},
		{"S3 directions are cut", `{a: -1.999}`, docs{`{a: 2}`, `{a: 1}`}},
		{"S3 decimals are rounded", `{a: NumberDecimal("-0.51")}`, docs{`{a: 2}`, `{a: 1}`}},
		{"C5 exactly", `{a: 1}`, docs{`{a: 9007199254740992.0}`, `{a: NumberLong("9007199254740993")}`, `{a: NumberDecimal("9007199254740993.5")}`}},
		{"C7 length first", `{a: 1}`, docs{`{a: BinData(0, "/w==")}`, `{a: BinData(4, "AA==")}`, `{a: BinData(0, "AAA=")}`}},
	} {
		t.Run(c.rule, func(t *testing.T) {
			require.Equal(t, c.want, sorted(t, c.sort, c.want))
		})
	}
}

func TestTheValuesThatPlaceADocumentMakeItsKey(t *testing.T) {
	for _, c := range []struct{ sort, doc, want string }{
		{`{a: 1}`, `{a: [9, "x", 1]}`, `[1]`},
		{`{a: -1}`, `{a: [9, "x", 1]}`, `["x"]`},
		{`{a: 1, b: -1}`, `{b: ISODate("2026-11-22T10:00:00Z")}`, `[null,{"$date":"2026-11-22T10:00:00Z"}]`},
		{`{a: 1, "c.d": 1}`, `{c: {d: [[1, 2]]}}`, `[null,[1,2]]`},
		{`{a: 1}`, `{a: []}`, `[{"$undefined":true}]`},
		{`{"a.b": 1, "a.c": -1}`, `{a: [{b: 1, c: 0}, {b: 0, c: 9}, {b: 0, c: 10}]}`, `[0,10]`},
		{`{}`, `{a: 1}`, `[]`},
	} {
		s, err := query.ParseSortValue(c.sort)
		require.NoError(t, err)
		doc := shell(t, c.doc)
		values, err := s.Values(doc)
		require.NoError(t, err)
		text, err := bson.MarshalExtJSON(bson.D{{Key: "v", Value: values}}, false, false)
		require.NoError(t, err)
		require.Equal(t, `{"v":`+c.want+`}`, string(text), c.sort)
		key, err := s.AppendKey(nil, doc)
		require.NoError(t, err)
		require.Equal(t, key, s.KeyOf(values), c.sort)
	}
	s, err := query.ParseSortValue(`{a: 1, b: 1}`)
	require.NoError(t, err)
	_, err = s.Values(shell(t, `{a: [1], b: [2]}`))
	errorCase{code: 2, words: "cannot sort with keys that are parallel arrays"}.check(t, err)
}

func TestParallelArrays(t *testing.T) {
	s, err := query.ParseSortValue(`{a: 1, b: 1}`)
	require.NoError(t, err)
	_, err = s.AppendKey(nil, shell(t, `{a: [1], b: [2]}`))
	errorCase{code: 2, words: "cannot sort with keys that are parallel arrays"}.check(t, err)
	_, err = s.AppendKey(nil, shell(t, `{a: [1], b: 2}`))
	require.NoError(t, err)
	nested, err := query.ParseSortValue(`{"a.b": 1, "a.c": 1}`)
	require.NoError(t, err)
	_, err = nested.AppendKey(nil, shell(t, `{a: [{b: [1], c: 1}, {b: 1, c: [1]}]}`))
	require.NoError(t, err, "no element has two arrays")
	_, err = nested.AppendKey(nil, shell(t, `{a: [{b: [1], c: [1]}]}`))
	errorCase{code: 2, words: "parallel arrays"}.check(t, err)
}

func TestEmptySort(t *testing.T) {
	s, err := query.ParseSortValue(nil)
	require.NoError(t, err)
	require.True(t, s.Empty())
	key, err := s.AppendKey([]byte("x"), shell(t, `{a: [1]}`))
	require.NoError(t, err)
	require.Equal(t, "x", string(key))
	s, err = query.ParseSortValue(map[string]int{"a": -1})
	require.NoError(t, err)
	require.False(t, s.Empty())
	require.Equal(t, `{"a":{"$numberInt":"-1"}}`, s.String())
	require.Equal(t, encode(bson.D{{Key: "a", Value: -1}}), s.Source())
	same, err := query.ParseSortValue(s)
	require.NoError(t, err)
	require.Same(t, s, same)
}

func TestDistinctValues(t *testing.T) {
	for _, c := range []struct {
		rule, path string
		docs       docs
		want       string
	}{
		{"S5 one level of arrays", "a", docs{`{a: [1, [2]]}`, `{a: 1}`}, `[1,[2]]`},
		{"S5 C5 equal numbers are one", "a", docs{`{a: 1}`, `{a: 1.0}`, `{a: NumberDecimal("1.0")}`, `{a: 1.5}`}, `[1,1.5]`},
		{"S5 C8 documents", "a", docs{`{a: {x: 1}}`, `{a: {x: 1.0}}`, `{a: {y: 1}}`}, `[{"x":1},{"y":1}]`},
		{"S5 missing is nothing, null is", "a", docs{`{}`, `{a: null}`, `{a: []}`}, `[null]`},
		{"S5 through documents", "a.b", docs{`{a: [{b: 1}, {b: [2, 3]}, 5]}`, `{a: {b: 2}}`}, `[1,2,3]`},
		{"S5 by index", "a.0", docs{`{a: [1, 2]}`, `{a: {"0": 3}}`, `{a: [[4, 5]]}`}, `[1,3,4,5]`},
	} {
		t.Run(c.rule, func(t *testing.T) {
			found, err := query.NewDistinct(c.path)
			require.NoError(t, err)
			for _, doc := range c.docs {
				found.Add(shell(t, doc))
			}
			text, err := bson.MarshalExtJSON(bson.D{{Key: "v", Value: found.Values()}}, false, false)
			require.NoError(t, err)
			require.Equal(t, `{"v":`+c.want+`}`, string(text))
		})
	}
}

func TestDistinctKeepsCopies(t *testing.T) {
	found, err := query.NewDistinct("a")
	require.NoError(t, err)
	doc := shell(t, `{a: "x"}`)
	require.NoError(t, found.Add(doc))
	clear(doc[4:])
	require.Equal(t, "x", found.Values()[0].StringValue())
}

// TestDistinctIsBounded holds that what counts is how large a reply with the values would
// be: of small values the most is their places in it.
func TestDistinctIsBounded(t *testing.T) {
	found, err := query.NewDistinct("a")
	require.NoError(t, err)
	require.NoError(t, found.Add(shell(t, `{a: "`+strings.Repeat("x", 16<<20-100_000)+`"}`)))
	numbers := make([]int32, 20_000)
	for i := range numbers {
		numbers[i] = int32(i)
	}
	doc, err := bson.Marshal(bson.D{{Key: "a", Value: numbers[:5_000]}})
	require.NoError(t, err)
	require.NoError(t, found.Add(doc))
	doc, err = bson.Marshal(bson.D{{Key: "a", Value: numbers}})
	require.NoError(t, err)
	var refused *query.Error
	require.ErrorAs(t, found.Add(doc), &refused)
	require.Equal(t, 17217, refused.Code)
}

func TestDistinctTakesValuesThatAServerFound(t *testing.T) {
	found, err := query.NewDistinct("a.b")
	require.NoError(t, err)
	require.Equal(t, "a.b", found.Path())
	values, err := shell(t, `{v: [1, [2], 1.0, [2], "x"]}`).Lookup("v").Array().Values()
	require.NoError(t, err)
	for _, v := range values {
		require.NoError(t, found.AddValue(v))
		clear(v.Value)
	}
	text, err := bson.MarshalExtJSON(bson.D{{Key: "v", Value: found.Values()}}, false, false)
	require.NoError(t, err)
	require.Equal(t, `{"v":[1,[2],"x"]}`, string(text))
}

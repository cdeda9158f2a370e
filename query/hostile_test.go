package query_test

import (
	"bytes"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
)

// nested is inner in depth documents of one key.
func nested(depth int, key string, inner bson.RawValue) bson.Raw {
	v := bsoncore.Value{Type: bsoncore.Type(inner.Type), Data: inner.Value}
	for range depth {
		v = bsoncore.Value{Type: bsoncore.TypeEmbeddedDocument, Data: bsoncore.NewDocumentBuilder().AppendValue(key, v).Build()}
	}
	return bson.Raw(v.Data)
}

// nestedArrays is depth arrays of one element, under the key a.
func nestedArrays(depth int) bson.Raw {
	v := bsoncore.Value{Type: bsoncore.TypeInt32, Data: []byte{1, 0, 0, 0}}
	for range depth {
		v = bsoncore.Value{Type: bsoncore.TypeArray, Data: bsoncore.NewArrayBuilder().AppendValue(v).Build()}
	}
	return bson.Raw(bsoncore.NewDocumentBuilder().AppendValue("a", v).Build())
}

func TestDeepNesting(t *testing.T) {
	one := value(1)
	for name, doc := range map[string]bson.Raw{
		"documents": nested(1000, "a", one), "arrays": nestedArrays(1000),
		"$not": nested(1, "a", value(nested(1000, "$not", value(bson.D{{Key: "$eq", Value: 1}})))),
	} {
		t.Run(name, func(t *testing.T) {
			err := query.Validate(doc)
			require.Equal(t, 15, requireQueryError(t, err).Code)
			require.ErrorContains(t, err, "maximum nested object depth: 200")
			_, err = query.ParseFilter(doc)
			requireQueryError(t, err)
			_, err = query.ParseProjection(doc)
			requireQueryError(t, err)
			_, err = query.ParseSort(doc)
			requireQueryError(t, err)
		})
	}
	require.NoError(t, query.Validate(nested(200, "a", one)))
	require.NoError(t, query.Validate(nestedArrays(199)))
}

func TestDeepFilters(t *testing.T) {
	condition := bson.D{{Key: "$eq", Value: 1}}
	for name, filter := range map[string]bson.Raw{
		"$not":       nested(1, "a", value(nested(150, "$not", value(condition)))),
		"$elemMatch": nested(1, "a", value(nested(150, "$elemMatch", value(condition)))),
	} {
		_, err := query.ParseFilter(filter)
		errorCase{source: name, code: 2, words: "exceeded maximum query tree depth of 100",
			path: "a" + strings.Repeat("."+name, 101)}.check(t, err)
	}
	branch := encode(bson.D{{Key: "a", Value: 1}})
	for range 100 {
		branch = encode(bson.D{{Key: "$and", Value: bson.A{branch}}})
	}
	_, err := query.ParseFilter(branch)
	require.NoError(t, err, "100 expressions, in 200 documents and arrays")
}

// TestDeepDocuments asks about documents as deep as they may be.
func TestDeepDocuments(t *testing.T) {
	path := strings.Repeat("a.", 199) + "a"
	doc := nested(200, "a", value(1))
	filter := query.MustParse(bson.D{{Key: path, Value: 1}})
	ok, err := filter.Match(doc)
	require.NoError(t, err)
	require.True(t, ok)
	sort, err := query.ParseSortValue(bson.D{{Key: path, Value: 1}, {Key: "a", Value: 1}})
	require.NoError(t, err)
	key, err := sort.AppendKey(nil, doc)
	require.NoError(t, err)
	require.NotEmpty(t, key)
	same := query.MustParse(doc)
	ok, err = same.Match(doc)
	require.NoError(t, err)
	require.True(t, ok)
	p, err := query.ParseProjectionValue(bson.D{{Key: path, Value: 1}})
	require.NoError(t, err)
	shown, err := p.Apply(nil, doc, nil)
	require.NoError(t, err)
	require.Equal(t, []byte(doc), shown)
}

// longArray is an array of n numbers, or of what else make makes, under a key.
func longArray(key string, n int, element func(dst []byte, index string, i int) []byte) bson.Raw {
	start, list := bsoncore.AppendArrayStart(nil)
	for i := range n {
		list = element(list, strconv.Itoa(i), i)
	}
	list, err := bsoncore.AppendArrayEnd(list, start)
	if err != nil {
		panic(err)
	}
	return bson.Raw(bsoncore.NewDocumentBuilder().AppendArray(key, list).Build())
}

func appendNumber(dst []byte, index string, i int) []byte {
	return bsoncore.AppendInt32Element(dst, index, int32(i))
}

func TestLongLists(t *testing.T) {
	const million = 1_000_000
	numbers := longArray("$in", million, appendNumber)
	filter := query.MustParse(nested(1, "a", value(numbers)))
	long := longArray("a", million, appendNumber)
	for _, c := range []struct {
		doc  bson.Raw
		want bool
	}{
		{encode(bson.D{{Key: "a", Value: 999_999.0}}), true},
		{encode(bson.D{{Key: "a", Value: 0.5}}), false},
		{long, true},
	} {
		ok, err := filter.Match(c.doc)
		require.NoError(t, err)
		require.Equal(t, c.want, ok)
	}
	for text, want := range map[string]bool{
		`{a: {$size: 1000000}}`: true, `{a: 999999}`: true, `{"a.999999": 999999}`: true, `{a: -1}`: false,
		`{a: {$elemMatch: {$gt: 999998}}}`: true, `{"a.b": null}`: false,
	} {
		ok, err := query.MustParse(text).Match(long)
		require.NoError(t, err)
		require.Equal(t, want, ok, text)
	}
	sort, err := query.ParseSortValue(`{a: -1}`)
	require.NoError(t, err)
	key, err := sort.AppendKey(nil, long)
	require.NoError(t, err)
	want, err := sort.AppendKey(nil, shell(t, `{a: 999999}`))
	require.NoError(t, err)
	require.Equal(t, want, key)
	p, err := query.ParseProjectionValue(`{a: {$slice: -1}}`)
	require.NoError(t, err)
	shown, err := p.Apply(nil, long, nil)
	require.NoError(t, err)
	require.Equal(t, shell(t, `{a: [999999]}`), bson.Raw(shown))
}

func TestLongDisjunction(t *testing.T) {
	filter := query.MustParse(longArray("$or", 100_000, func(dst []byte, index string, i int) []byte {
		branch := bsoncore.NewDocumentBuilder().AppendInt32("a"+strconv.Itoa(i%7), int32(i)).Build()
		return bsoncore.AppendDocumentElement(dst, index, branch)
	}))
	ok, err := filter.Match(shell(t, `{a4: 99999}`))
	require.NoError(t, err)
	require.Equal(t, 99_999%7 == 4, ok)
	ok, err = filter.Match(shell(t, `{a1: -1}`))
	require.NoError(t, err)
	require.False(t, ok)
}

func TestLargeMasks(t *testing.T) {
	mask := make([]byte, 16<<20)
	filter := func(operator string) *query.Filter {
		return query.MustParse(bson.D{{Key: "a", Value: bson.D{{Key: operator, Value: bson.Binary{Data: mask}}}}})
	}
	none := filter("$bitsAllClear")
	mask[len(mask)-1] = 0x80
	last := filter("$bitsAnySet")
	for _, doc := range []string{`{a: 5}`, `{a: BinData(0, "/w==")}`} {
		ok, err := none.Match(shell(t, doc))
		require.NoError(t, err)
		require.True(t, ok)
		ok, err = last.Match(shell(t, doc))
		require.NoError(t, err)
		require.False(t, ok)
	}
	ok, err := last.Match(encode(bson.D{{Key: "a", Value: bson.Binary{Data: mask}}}))
	require.NoError(t, err)
	require.True(t, ok)
}

func TestExtremeDecimals(t *testing.T) {
	doc := shell(t, `{a: NumberDecimal("9.999999999999999999999999999999999E+6144")}`)
	for text, want := range map[string]bool{
		`{a: {$gt: 1.7976931348623157e308}}`: true, `{a: {$lt: Infinity}}`: true,
		`{a: {$gt: NumberDecimal("1E-6176")}}`: true, `{a: {$mod: [2, 0]}}`: false, `{a: {$bitsAnySet: 1}}`: false,
	} {
		ok, err := query.MustParse(text).Match(doc)
		require.NoError(t, err)
		require.Equal(t, want, ok, text)
	}
	for _, text := range []string{
		`{a: {$size: NumberDecimal("1E+6144")}}`, `{a: {$size: NumberDecimal("1E-6176")}}`, `{a: {$mod: [NumberDecimal("1E+6144"), 0]}}`,
		`{a: {$mod: [NumberDecimal("1E-6176"), 0]}}`, `{a: {$bitsAllSet: NumberDecimal("1E+6144")}}`, `{a: {$type: NumberDecimal("1E+6144")}}`,
	} {
		_, err := query.Parse(text)
		requireQueryError(t, err)
	}
}

func TestExplosiveRegexes(t *testing.T) {
	doc := encode(bson.D{{Key: "a", Value: strings.Repeat("a", 50_000) + "!"}})
	for _, pattern := range []string{`^(a+)+$`, `^(a|aa)+$`, `(a*)*b`, `^(?:a?){60}a{60}$`, `^(a+)+\1$`, `(?=(a+)+$)b`} {
		filter, err := query.Parse(bson.D{{Key: "a", Value: bson.Regex{Pattern: pattern}}})
		if err != nil {
			requireQueryError(t, err)
			continue
		}
		ok, err := filter.Match(doc)
		require.False(t, ok, pattern)
		if err != nil {
			require.NotEmpty(t, err.Error(), "a match that ran out of its budget is told, and is not a 'no'")
		}
	}
}

func TestBadText(t *testing.T) {
	for name, doc := range map[string]bson.Raw{
		"string": encode(bson.D{{Key: "a", Value: "\xff"}}), "key": encode(bson.D{{Key: "\xff", Value: 1}}),
		"symbol": encode(bson.D{{Key: "a", Value: bson.Symbol("\xc0\x80")}}),
		"nested": encode(bson.D{{Key: "a", Value: bson.A{bson.D{{Key: "b", Value: "\xed\xa0\x80"}}}}}),
		"regex":  encode(bson.D{{Key: "a", Value: bson.Regex{Pattern: "\xff"}}}),
		"code":   encode(bson.D{{Key: "a", Value: bson.JavaScript("\xff")}}),
	} {
		err := query.Validate(doc)
		require.Equal(t, 22, requireQueryError(t, err).Code, name)
		_, err = query.ParseFilter(doc)
		require.Equal(t, 22, requireQueryError(t, err).Code, name)
	}
}

// everyType is a document with a value of each type.
func everyType() bson.Raw {
	doc := bson.D{}
	for i, pool := range [][]any{numberPool, textPool, otherPool, regexPool, {bson.Undefined{}, bson.A{1, bson.D{{Key: "b", Value: "x"}}}}} {
		for j, v := range pool {
			doc = append(doc, bson.E{Key: string(rune('a'+i)) + strconv.Itoa(j), Value: v})
		}
	}
	return encode(append(bson.D{{Key: "a", Value: bson.A{bson.D{{Key: "b", Value: 1}}}}}, doc...))
}

// TestBrokenDocuments gives what is no BSON to everything that takes BSON. A
// broken document may be refused or seen up to the break.
func TestBrokenDocuments(t *testing.T) {
	whole := everyType()
	require.NoError(t, query.Validate(whole))
	for end := range len(whole) {
		require.Error(t, query.Validate(whole[:end]))
		useEverywhere(t, whole[:end])
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		flipped := bytes.Clone(whole)
		for range 1 + random.IntN(3) {
			flipped[random.IntN(len(flipped))] ^= 1 << random.IntN(8)
		}
		useEverywhere(t, flipped)
	}
}

// useEverywhere passes a document to all that takes one.
func useEverywhere(t *testing.T, doc bson.Raw) {
	valid := query.Validate(doc) == nil
	if filter, err := query.ParseFilter(doc); err == nil {
		require.True(t, valid)
		_, err = filter.Match(doc)
		require.NoError(t, err)
	}
	for _, filter := range everyOperator {
		_, err := filter.Match(doc)
		require.NoError(t, err)
	}
	if sort, err := query.ParseSort(doc); err == nil {
		require.True(t, valid)
		_, _ = sort.AppendKey(nil, doc)
	}
	for _, p := range someProjections {
		shown, err := p.Apply(nil, doc, nil)
		require.NoError(t, err)
		require.True(t, !valid || query.Validate(shown) == nil, "%x", doc)
	}
	if p, err := query.ParseProjection(doc); err == nil {
		require.True(t, valid)
		_, _ = p.Apply(nil, doc, nil)
	}
	_, _ = byAll.AppendKey(nil, doc)
}

var (
	everyOperator = []*query.Filter{
		query.MustParse(`{"a.b": {$gt: 1}, a0: {$lte: NumberDecimal("1")}, b0: {$in: ["x", /a/, null]}}`),
		query.MustParse(`{$nor: [{a: {$elemMatch: {b: {$type: "int"}}}}, {"a.0.b": {$mod: [2, 0]}}, {a: {$size: 5}}]}`),
		query.MustParse(`{$or: [{c8: {$bitsAllSet: 1}}, {e1: {$all: [1]}}, {d0: /a/}, {"e1.1.b": {$exists: false}}, {c22: {x: 1}}]}`),
	}
	someProjections = []*query.Projection{
		mustProject(`{"a.b": 1, b0: 1}`), mustProject(`{"e1.b": 0, c0: 0}`), mustProject(`{a: {$slice: -1}}`), mustProject(`{}`),
	}
	byAll = mustSort(`{"a.b": 1, e1: -1, c22: 1, c23: -1, d0: 1}`)
)

func mustProject(text string) *query.Projection {
	p, err := query.ParseProjectionValue(text)
	if err != nil {
		panic(err)
	}
	return p
}

func mustSort(text string) *query.Sort {
	s, err := query.ParseSortValue(text)
	if err != nil {
		panic(err)
	}
	return s
}

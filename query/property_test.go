package query_test

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
)

// rounds multiplies rapid's number of checks, 100 if no flag says otherwise.
func rounds(t *testing.T, n int, property func(*rapid.T)) {
	t.Parallel()
	for range n {
		rapid.Check(t, property)
	}
}

func TestMatchIsTheOracles(t *testing.T) {
	rounds(t, 200, func(t *rapid.T) {
		w := newWorld(t)
		source := encode(w.filter(t, 2))
		parsed, err := query.ParseFilter(source)
		require.NoError(t, err, "%s", source)
		oracle := decodeDocument(source)
		for _, doc := range w.records {
			before := bytes.Clone(doc)
			got, err := parsed.Match(doc)
			require.NoError(t, err)
			require.Equal(t, selects(oracle, decodeDocument(doc)), got, "filter %s\ndocument %s", source, doc)
			require.Equal(t, before, []byte(doc), "Match must not write to the document")
		}
		require.Equal(t, source, parsed.Source())
	})
}

func TestSortIsTheOracles(t *testing.T) {
	rounds(t, 50, func(t *rapid.T) {
		w := newWorld(t)
		source := encode(w.sort(t))
		parsed, err := query.ParseSort(source)
		require.NoError(t, err, "%s", source)
		oracle := decodeDocument(source)
		var keys [][]byte
		var rows [][]datum
		for _, doc := range w.records {
			row, wrong := sortRow(oracle, decodeDocument(doc))
			key, err := parsed.AppendKey(nil, doc)
			require.Equal(t, wrong != nil, err != nil, "sort %s\ndocument %s\n%v", source, doc, err)
			if err != nil {
				requireQueryError(t, err)
				continue
			}
			for i := range rows {
				require.Equal(t, orderRows(oracle, rows[i], row), bytes.Compare(keys[i], key), "sort %s\ndocument %s", source, doc)
			}
			keys, rows = append(keys, key), append(rows, row)
		}
	})
}

func TestProjectionIsTheOracles(t *testing.T) {
	rounds(t, 50, func(t *rapid.T) {
		w := newWorld(t)
		source := encode(w.projection(t))
		parsed, err := query.ParseProjection(source)
		require.NoError(t, err, "%s", source)
		oracle := decodeDocument(source)
		for _, doc := range w.records {
			before := bytes.Clone(doc)
			shown, err := parsed.Apply([]byte("before"), doc, nil)
			require.NoError(t, err)
			require.Equal(t, before, []byte(doc), "Apply must not write to the document")
			require.Equal(t, "before", string(shown[:6]), "Apply appends")
			got := bson.Raw(shown[6:])
			require.NoError(t, query.Validate(got))
			want := projected(oracle, decodeDocument(doc))
			require.True(t, identical(want, decodeDocument(got)), "projection %s\ndocument %s\nshown %s", source, doc, got)
			requireUnneededKeys(t, parsed, doc, got)
		}
	})
}

// requireUnneededKeys checks that a record without the keys that a projection
// does not need shows the same.
func requireUnneededKeys(t *rapid.T, p *query.Projection, doc, shown bson.Raw) {
	needed := bson.D{}
	elements, err := doc.Elements()
	require.NoError(t, err)
	for _, e := range elements {
		if p.Needs(e.Key()) {
			needed = append(needed, bson.E{Key: e.Key(), Value: e.Value()})
		}
	}
	got, err := p.Apply(nil, encode(needed), nil)
	require.NoError(t, err)
	require.Equal(t, shown.String(), bson.Raw(got).String())
}

func TestDistinctIsTheOracles(t *testing.T) {
	rounds(t, 20, func(t *rapid.T) {
		w := newWorld(t)
		path := w.plainPath(t)
		for _, doc := range w.records {
			found, err := query.NewDistinct(path)
			require.NoError(t, err)
			require.NoError(t, found.Add(doc))
			require.NoError(t, found.Add(doc))
			want := distinctValues(decodeDocument(doc), strings.Split(path, "."))
			got := found.Values()
			require.Len(t, got, len(want), "distinct %s of %s", path, doc)
			for i, v := range got {
				require.True(t, identical(want[i], decode(v)), "distinct %s of %s: %s", path, doc, v)
			}
		}
	})
}

func rawValue(t *rapid.T) bson.RawValue {
	return encode(bson.D{{Key: "", Value: stored(t)}}).Index(0).Value()
}

func TestCompareIsATotalOrder(t *testing.T) {
	rounds(t, 100, func(t *rapid.T) {
		a, b, c := rawValue(t), rawValue(t), rawValue(t)
		require.Zero(t, query.Compare(a, a))
		require.Equal(t, cmp.Compare(order(decode(a), decode(b)), 0), query.Compare(a, b), "%s, %s", a, b)
		require.Equal(t, query.Compare(a, b), -query.Compare(b, a), "%s, %s", a, b)
		sorted := []bson.RawValue{a, b, c}
		slices.SortFunc(sorted, query.Compare)
		require.LessOrEqual(t, query.Compare(sorted[0], sorted[2]), 0, "%s", sorted)
	})
}

func TestKeysAreInOrder(t *testing.T) {
	rounds(t, 100, func(t *rapid.T) {
		a, b, c := rawValue(t), rawValue(t), rawValue(t)
		x, y := query.AppendKey(nil, a), query.AppendKey(nil, b)
		require.Equal(t, query.Compare(a, b), bytes.Compare(x, y), "%s, %s", a, b)
		require.Equal(t, bytes.Equal(x, y), bytes.HasPrefix(x, y), "the key of %s begins with that of %s", a, b)
		require.Equal(t, append(bytes.Clone(y), x...), query.AppendKey(y, a), "AppendKey appends")
		if query.Compare(a, b) != 0 {
			require.Equal(t, query.Compare(a, b), bytes.Compare(query.AppendKey(x, c), query.AppendKey(y, c)))
		}
	})
}

// TestPools compares every value of the pools with every other.
func TestPools(t *testing.T) {
	var all []bson.RawValue
	for _, pool := range [][]any{numberPool, textPool, otherPool, regexPool, {bson.Undefined{}}} {
		for _, v := range pool {
			all = append(all, value(v))
		}
	}
	all = append(all, bson.RawValue{})
	for _, a := range all {
		for _, b := range all {
			want := order(decode(a), decode(b))
			require.Equal(t, want, query.Compare(a, b), "%s, %s", a, b)
			require.Equal(t, want, bytes.Compare(query.AppendKey(nil, a), query.AppendKey(nil, b)), "%s, %s", a, b)
		}
	}
}

// TestKeysOfNumbers tries numbers beside each other, where a key goes wrong first.
func TestKeysOfNumbers(t *testing.T) {
	rounds(t, 50, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "long")
		near := rapid.Int64Range(-3, 3).Draw(t, "step")
		exponent := rapid.SampledFrom([]int{0, -1, -18, -30, 10, 300, -330}).Draw(t, "exponent")
		for _, pair := range [][2]any{
			{n, n + near}, {n, float64(n)}, {float64(n), float64(n + near)}, {n, scaled(n+near, 0)},
			{scaled(n, exponent), scaled(n+near, exponent)}, {float64(n), scaled(n+near, exponent)},
		} {
			a, b := value(pair[0]), value(pair[1])
			want := order(decode(a), decode(b))
			require.Equal(t, want, query.Compare(a, b), "%s, %s", a, b)
			require.Equal(t, want, bytes.Compare(query.AppendKey(nil, a), query.AppendKey(nil, b)), "%s, %s", a, b)
		}
	})
}

func TestPrintedFilterIsTheSame(t *testing.T) {
	rounds(t, 20, func(t *rapid.T) {
		w := newWorld(t)
		parsed, err := query.ParseFilter(encode(w.filter(t, 2)))
		require.NoError(t, err)
		printed := parsed.String()
		again, err := query.Parse(printed)
		require.NoError(t, err, printed)
		require.Equal(t, printed, again.String())
		for _, doc := range w.records {
			want, err := parsed.Match(doc)
			require.NoError(t, err)
			got, err := again.Match(doc)
			require.NoError(t, err)
			require.Equal(t, want, got, printed)
		}
	})
}

// TestSeedSpellings writes MongoDB's $gt and $lt as IPython's $ge and $le,
// wherever they stand as operators.
func TestSeedSpellings(t *testing.T) {
	rounds(t, 20, func(t *rapid.T) {
		w := newWorld(t)
		plain := w.filter(t, 2)
		seed, err := query.ParseFilter(encode(inSeed(plain)))
		require.NoError(t, err)
		require.Equal(t, encode(plain), seed.MongoDB())
		mongo, err := query.ParseMongoFilter(encode(plain))
		require.NoError(t, err)
		for _, doc := range w.records {
			want, err := mongo.Match(doc)
			require.NoError(t, err)
			got, err := seed.Match(doc)
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}

// inSeed replaces $gt and $lt throughout: the generator writes them nowhere but
// as operators.
func inSeed(v any) any {
	switch v := v.(type) {
	case bson.D:
		doc := bson.D{}
		for _, e := range v {
			switch e.Key {
			case "$gt":
				e.Key = "$ge"
			case "$lt":
				e.Key = "$le"
			}
			doc = append(doc, bson.E{Key: e.Key, Value: inSeed(e.Value)})
		}
		return doc
	case bson.A:
		list := bson.A{}
		for _, element := range v {
			list = append(list, inSeed(element))
		}
		return list
	}
	return v
}

// anyQuery draws what may be a query, but most often is not: operators with
// arguments of any kind.
func anyQuery(t *rapid.T) bson.Raw {
	names := append([]string{"$and", "$or", "$nor", "$options", "$slice", "$glob", "$ge", "a.$", "$where", "$comment", "$x"}, operatorPool...)
	var wrong func(t *rapid.T, depth int) any
	wrong = func(t *rapid.T, depth int) any {
		if depth == 0 || number(t, 0, 2) == 0 {
			return stored(t)
		}
		if number(t, 0, 2) == 0 {
			return bson.A{wrong(t, depth-1)}
		}
		key := rapid.SampledFrom(append(names, keyPool...)).Draw(t, "key")
		return bson.D{{Key: key, Value: wrong(t, depth-1)}}
	}
	return encode(bson.D{
		{Key: rapid.SampledFrom(append(names, keyPool...)).Draw(t, "key"), Value: wrong(t, 4)},
		{Key: "a", Value: wrong(t, 1)},
	})
}

func TestWrongQueriesAreRefused(t *testing.T) {
	rounds(t, 50, func(t *rapid.T) {
		source, doc := anyQuery(t), encode(record(t))
		if parsed, err := query.ParseFilter(source); err != nil {
			requireQueryError(t, err)
		} else {
			_, err := parsed.Match(doc)
			require.NoError(t, err, "%s", source)
		}
		if parsed, err := query.ParseSort(source); err != nil {
			requireQueryError(t, err)
		} else if _, err := parsed.AppendKey(nil, doc); err != nil {
			requireQueryError(t, err)
		}
		if parsed, err := query.ParseProjection(source); err != nil {
			requireQueryError(t, err)
		} else if _, err := parsed.Apply(nil, doc, nil); err != nil {
			requireQueryError(t, err)
		}
	})
}

func requireQueryError(t require.TestingT, err error) *query.Error {
	var wrong *query.Error
	require.ErrorAs(t, err, &wrong)
	require.NotZero(t, wrong.Code)
	require.NotEmpty(t, wrong.Message)
	require.Contains(t, err.Error(), wrong.Message)
	return wrong
}

package query_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// fuzzedDoc is what fuzzers change and look at.
const fuzzedDoc = `{a: [{b: 1}, 2], e1: [1, {b: "x"}], a0: 5, b0: "a"}`

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{a: 1}`, `{a: {$gt: 1, $lt: 5}}`, `{$or: [{a: null}, {"a.b": {$in: [1, /x/]}}]}`, `{a: {$not: {$elemMatch: {$ge: 1}}}}`,
		`{a: {$all: [{$elemMatch: {b: 1}}]}}`, `{a: {$bitsAllSet: [1, 5]}}`, `{a: {$regex: "x", $options: "i"}}`, `{a: {$glob: "[!a]*"}}`,
	} {
		f.Add([]byte(seed))
		f.Add([]byte(shell(f, seed)))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		source = fuzzed(source)
		filter, err := query.ParseFilter(source)
		if err != nil {
			requireQueryError(t, err)
			return
		}
		require.Equal(t, source, []byte(filter.Source()))
		_, err = query.ParseMongoFilter(filter.MongoDB())
		require.NoError(t, err, "what is sent to MongoDB is in its own operators: %s", filter)
	})
}

func FuzzSort(f *testing.F) {
	for _, seed := range []string{`{}`, `{a: 1, "b.c": -1}`, `{a: NumberDecimal("0.51")}`, `{"a.0": 1.9}`, `{a: {$meta: "textScore"}}`} {
		f.Add([]byte(seed), []byte(fuzzedDoc))
		f.Add([]byte(shell(f, seed)), []byte(shell(f, fuzzedDoc)))
	}
	f.Fuzz(func(t *testing.T, source, doc []byte) {
		source, doc = fuzzed(source), fuzzed(doc)
		sort, err := query.ParseSort(source)
		if err != nil {
			requireQueryError(t, err)
			return
		}
		if key, err := sort.AppendKey([]byte("x"), doc); err == nil {
			require.True(t, bytes.HasPrefix(key, []byte("x")))
		} else {
			requireQueryError(t, err)
		}
	})
}

func FuzzProjection(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{a: 1}`, `{"a.b": 0}`, `{a: {b: 1}}`, `{a: {$slice: [1, 2]}}`, `{a: {$elemMatch: {b: 1}}}`, `{"a.$": 1}`, `{a: "x"}`,
	} {
		f.Add([]byte(seed), []byte(fuzzedDoc))
		f.Add([]byte(shell(f, seed)), []byte(shell(f, fuzzedDoc)))
	}
	any := query.MustParse(`{}`)
	f.Fuzz(func(t *testing.T, source, doc []byte) {
		source, doc = fuzzed(source), fuzzed(doc)
		p, err := query.ParseProjection(source)
		if err != nil {
			requireQueryError(t, err)
			return
		}
		shown, err := p.Apply(nil, doc, any)
		if err != nil {
			requireQueryError(t, err)
		} else if query.Validate(doc) == nil {
			require.NoError(t, query.Validate(shown), "%s of %s", p, bson.Raw(doc))
		}
	})
}

func FuzzMatch(f *testing.F) {
	for _, seed := range []string{`{"a.b": 1}`, `{e1: {$elemMatch: {b: "x"}}}`, `{a0: {$gte: -1}}`, `{$nor: [{b0: /a/}]}`} {
		f.Add([]byte(fuzzedDoc), []byte(seed))
		f.Add([]byte(shell(f, fuzzedDoc)), []byte(shell(f, seed)))
	}
	f.Fuzz(func(t *testing.T, doc, source []byte) {
		doc, source = fuzzed(doc), fuzzed(source)
		filter, err := query.ParseFilter(source)
		if err != nil {
			requireQueryError(t, err)
			return
		}
		first, err := filter.Match(doc)
		if err != nil {
			return
		}
		again, err := query.MustParse(filter.MongoDB()).Match(doc)
		require.NoError(t, err)
		require.Equal(t, first, again, "%s", filter)
	})
}

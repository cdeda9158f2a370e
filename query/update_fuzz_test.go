package query_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

func FuzzUpdate(f *testing.F) {
	docs := []string{`{_id: 1, a: [{b: 1}, 2, [3]], c: {d: 5, e: "x"}, n: NumberLong(7)}`, `{}`}
	for _, seed := range []string{
		`{$set: {a: 1, "c.d": 2, "x.y.z": 3}}`, `{$unset: {"a.0": 1, c: 1}}`, `{$inc: {n: 1, "c.d": 0.5}, $mul: {m: NumberDecimal("2")}}`,
		`{$min: {n: 1}, $max: {"c.d": 9}}`, `{$rename: {n: "m", "c.d": "a"}}`, `{$push: {a: {$each: [1, 2], $sort: {b: 1}, $slice: -3, $position: 1}}}`,
		`{$addToSet: {a: {$each: [1, {b: 1}]}}}`, `{$pull: {a: {$gte: 2}}}`, `{$pull: {a: {b: 1}}}`, `{$pullAll: {a: [2]}}`, `{$pop: {a: -1}}`,
		`{$bit: {n: {and: 5}}}`, `{$currentDate: {t: {$type: "timestamp"}}}`, `{$set: {"a.$": 1}}`, `{$set: {"a.$[].b": 1}}`, `{$set: {"a.$[x].b": 1}}`,
		`{$setOnInsert: {_id: 5}, $set: {"a.7": 1}}`, `{a: 1, t: Timestamp(0, 0)}`,
	} {
		for _, doc := range docs {
			f.Add([]byte(seed), []byte(`{"x.b": 1}`), []byte(doc))
			f.Add([]byte(shell(f, seed)), []byte(shell(f, `{"x.b": 1}`)), []byte(shell(f, doc)))
		}
	}
	filter := query.MustParse(`{"a.b": 1}`)
	f.Fuzz(func(t *testing.T, source, arrayFilter, doc []byte) {
		source, arrayFilter, doc = fuzzed(source), fuzzed(arrayFilter), fuzzed(doc)
		update, err := query.ParseUpdate(source, []bson.Raw{arrayFilter})
		if err != nil {
			requireQueryError(t, err)
			update, err = query.ParseUpdate(source, nil)
		}
		if err != nil {
			requireQueryError(t, err)
			return
		}
		before := bytes.Clone(doc)
		changed, modified, err := update.Apply(doc, filter, updateTime)
		require.Equal(t, before, doc, "Apply must not write to the document")
		switch {
		case err != nil:
			requireQueryError(t, err)
		case !modified:
			require.Equal(t, before, []byte(changed))
		case query.Validate(doc) == nil:
			require.NoError(t, query.Validate(changed), "%s of %s", update, bson.Raw(doc))
		}
		if inserted, err := update.Upsert(filter, updateTime); err != nil {
			requireQueryError(t, err)
		} else {
			require.NoError(t, query.Validate(inserted))
		}
	})
}

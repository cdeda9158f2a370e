package query_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
)

// ofKeys tells whether a condition holds for a document by its keys. They do not
// tell if one of the paths leads to or through an array, or is none of an index.
func ofKeys(t *rapid.T, c query.KeyCondition, doc bson.Raw) (holds, told bool) {
	switch {
	case len(c.All) > 0:
		none, told := ofAnyKeys(t, c.All, doc, false)
		return !none, told
	case len(c.Any) > 0:
		return ofAnyKeys(t, c.Any, doc, true)
	}
	x, err := query.NewIndex("", encode(bson.D{{Key: c.Path, Value: 1}}))
	if err != nil {
		return false, false // a filter may ask about more paths than an index
	}
	keys, err := x.Keys(doc)
	require.NoError(t, err)
	in := func(r query.Range) bool {
		return bytes.Compare(r.Low, keys.List[0]) <= 0 && (r.High == nil || bytes.Compare(keys.List[0], r.High) < 0)
	}
	return slices.ContainsFunc(c.Ranges, in), !keys.Multikey
}

// ofAnyKeys tells whether one of the conditions holds, or does not.
func ofAnyKeys(t *rapid.T, list []query.KeyCondition, doc bson.Raw, wanted bool) (found, told bool) {
	for _, c := range list {
		holds, told := ofKeys(t, c, doc)
		if !told {
			return false, false
		}
		found = found || holds == wanted
	}
	return found, true
}

// TestKeyConditions is the law that a filter in terms of keys says the same of a
// document that has one key on each of its paths.
func TestKeyConditions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStock(t)
		filter := s.parse(t, s.filter(t, 2))
		c, ok := filter.KeyCondition()
		if !ok {
			return
		}
		for _, doc := range s.records {
			if holds, told := ofKeys(t, c, doc); told {
				want, err := filter.Match(doc)
				require.NoError(t, err)
				require.Equal(t, want, holds, "%s of %s", filter, doc)
			}
		}
	})
}

func TestKeysDoNotTellEverything(t *testing.T) {
	for _, filter := range []string{
		`{}`, `{a: {$exists: true}}`, `{a: {$size: 1}}`, `{$nor: [{a: 1}, {b: 1}]}`, `{a: 1, b: {$mod: [2, 1]}}`,
	} {
		_, ok := query.MustParse(filter).KeyCondition()
		require.False(t, ok, filter)
	}
}

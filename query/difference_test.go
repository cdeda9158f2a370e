package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
)

// TestDifference is the law that a filter selects what the first of its two parts
// selects and the second does not, and that the first selects all that the second
// does.
func TestDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		filter, err := query.ParseFilter(encode(w.filter(t, 2)))
		require.NoError(t, err)
		all, excepted, ok := filter.Difference()
		if !ok {
			return
		}
		for _, doc := range w.records {
			selects := func(f *query.Filter) bool {
				ok, err := f.Match(doc)
				require.NoError(t, err)
				return ok
			}
			require.Equal(t, selects(all) && !selects(excepted), selects(filter))
			require.True(t, selects(all) || !selects(excepted))
		}
	})
}

func TestDifferenceOfNoNegation(t *testing.T) {
	_, _, ok := query.MustParse(`{a: 1, $or: [{b: {$ne: 1}}, {b: 2}]}`).Difference()
	require.False(t, ok)
}

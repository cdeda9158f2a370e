package query

import (
	"bytes"
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// sorting is $sort. limit is how many documents are wanted, or 0.
type sorting struct {
	sort  *Sort
	limit int64
}

// sorted is a document with its key in the order.
type sorted struct {
	key []byte
	doc bson.Raw
}

func (st sorting) run(ctx context.Context, docs documents) documents {
	return func(yield func(bson.Raw, error) bool) {
		var list []sorted
		held := 0
		for doc, err := range docs {
			var key []byte
			if err == nil {
				key, err = st.sort.AppendKey(nil, doc)
			}
			if held += len(key) + len(doc) + perValue; err == nil && held > maxHeld {
				err = memoryExceeded("Sort")
			}
			if err != nil {
				yield(nil, err)
				return
			}
			list = append(list, sorted{key, doc})
			if st.hasEnough(int64(len(list)), held) {
				list, held = st.cut(list)
			}
		}
		list, _ = st.cut(list)
		for _, next := range list {
			if !yield(next.doc, nil) {
				return
			}
		}
	}
}

// hasEnough tells whether of what is held more is not wanted than is.
func (st sorting) hasEnough(n int64, held int) bool {
	return st.limit > 0 && n > st.limit && (n-st.limit > st.limit+minSorted || held > maxHeld/2)
}

// minSorted is how many documents more than a limit are held before they are sorted.
const minSorted = 100

// cut sorts what was read so far and leaves as many as are wanted.
func (st sorting) cut(list []sorted) (_ []sorted, held int) {
	slices.SortStableFunc(list, func(a, b sorted) int { return bytes.Compare(a.key, b.key) })
	if st.limit > 0 && int64(len(list)) > st.limit {
		clear(list[st.limit:])
		list = list[:st.limit]
	}
	for _, next := range list {
		held += len(next.key) + len(next.doc) + perValue
	}
	return list, held
}

func (st sorting) asks(h *heads) bool {
	for _, p := range st.sort.paths {
		h.add(p.parts[0])
	}
	return false
}

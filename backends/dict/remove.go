package dict

import (
	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/taskdb/taskdb/query"
)

// remove takes a document back.
func (c *collection) remove(id uint64) { c.removeFrom(c.keys, c.places, id) }

// removeFrom takes a document back, and its keys from the indexes at some places.
func (c *collection) removeFrom(set *query.IndexSet, places []int, id uint64) {
	doc := c.docs.get(id)
	if doc == nil {
		return
	}
	if keys, err := set.Keys(&c.room.keys, doc); err == nil { // else it could not have been added
		c.leave(places, keys, id)
	}
	c.setTails(id, nil)
	c.docs.remove(id)
	delete(c.touched, id)
}

// From how many documents on, and up to how many keys of an index, it is worth
// looking into each of the keys for documents that go.
const (
	manyRemoved = 64
	fewKeys     = 64
)

// removeAll takes documents back. Where there are few keys in an index it takes all
// documents from each of them at once: that is a tenth of the work.
func (c *collection) removeAll(ids []uint64) {
	if len(ids) < manyRemoved {
		for _, id := range ids {
			c.remove(id)
		}
		return
	}
	doomed := roaring64.BitmapOf(ids...)
	var others []*query.Index
	var places []int
	for i, x := range c.indexes {
		if x.tree.Len() <= fewKeys {
			x.removeAll(doomed)
			continue
		}
		others, places = append(others, x.definition), append(places, i)
	}
	set := query.NewIndexSet(others)
	for _, id := range ids {
		c.removeFrom(set, places, id)
	}
}

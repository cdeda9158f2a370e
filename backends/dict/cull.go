package dict

import (
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/internal/bounds"
	"github.com/taskdb/taskdb/taskdb"
)

// held is how much the collection holds.
func (c *collection) held() bounds.Size {
	return bounds.Size{Records: c.docs.count, Bytes: c.docs.bytes}
}

// makeRoom removes the oldest finished documents of those that may go, if an
// operation, before which the collection held so much, has passed its bounds. It
// fails with ErrFull, and removes none, if there are not enough of them.
func (c *collection) makeRoom(before bounds.Size, mayGo func(id uint64) bool) error {
	demand := bounds.DemandOf(c.bounds, c.held(), before)
	if demand.Done() {
		return nil
	}
	var oldest []uint64
	seen := map[uint64]bool{} // a document may have several keys
	c.eachOldest(func(id uint64) bool {
		doc := c.docs.get(id)
		if taskdb.StateFinished.Has(doc) && mayGo(id) && !seen[id] {
			seen[id] = true
			oldest = append(oldest, id)
			demand.Free(int64(len(doc) + bytesOf(c.tails[id])))
		}
		return !demand.Done()
	})
	if !demand.Met() {
		return fmt.Errorf("too few of %d records are finished: %w", c.docs.count, taskdb.ErrFull)
	}
	now := time.Now()
	for _, id := range oldest {
		c.expired.add(c.docs.get(id), demand.Rule(), now)
	}
	c.removeAll(oldest)
	return nil
}

// eachOldest calls visit for the documents by the time at which they were
// submitted, or else in the order of their insertion, until visit returns false.
func (c *collection) eachOldest(visit func(id uint64) bool) {
	if c.noneFinished() {
		return
	}
	x := c.index("submitted_1")
	if x == nil {
		c.docs.each(visit)
		return
	}
	x.tree.Scan(func(key string, ids uint64) bool { return x.each(posting{key, ids}, nil, false, visit) })
}

// noneFinished tells whether no document is finished, if an index tells so. A store
// that is full of unfinished ones must not look at all of them to refuse one more.
func (c *collection) noneFinished() bool {
	x := c.index("completed_1")
	if x == nil {
		return false
	}
	p, ok := x.find(x.definition.AppendKey(nil, bson.RawValue{Type: bson.TypeNull}))
	return ok && x.size(p) == c.docs.count
}

// msgIDOf returns a document's msg_id if that is a string, else "".
func msgIDOf(doc bson.Raw) string {
	id, _ := doc.Lookup("msg_id").StringValueOK()
	return id
}

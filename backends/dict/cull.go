package dict

import (
	"bytes"
	"fmt"
	"slices"
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

// eachOldest calls visit until it returns false: for all documents that are finished,
// and maybe for others, by the time at which they were submitted, if they are tasks, or
// else in the order of their insertion.
func (c *collection) eachOldest(visit func(id uint64) bool) {
	if c.msgIDs == nil {
		c.docs.each(visit)
		return
	}
	if finished, few := c.fewFinished(); few {
		for _, id := range finished {
			if !visit(id) {
				return
			}
		}
		return
	}
	x := c.index("submitted_1")
	x.tree.Scan(func(key string, ids uint64) bool { return x.each(posting{key, ids}, nil, false, visit) })
}

// maxFew is how many finished tasks are sorted rather than looked for among all. A store
// that is full of unfinished ones must not look at all of them for one more.
const maxFew = 1000

// fewFinished returns the finished tasks, the oldest first, if they are few.
func (c *collection) fewFinished() (ids []uint64, few bool) {
	x := c.index("completed_1")
	null := x.definition.AppendKey(nil, bson.RawValue{Type: bson.TypeNull})
	var unfinished int64
	if p, ok := x.find(null); ok {
		unfinished = x.size(p)
	}
	if x.definition.Multikey || c.docs.count-unfinished > maxFew {
		return nil, false
	}
	x.tree.Scan(func(key string, held uint64) bool {
		return key == string(null) || x.each(posting{key, held}, nil, false, func(id uint64) bool {
			ids = append(ids, id)
			return true
		})
	})
	slices.Sort(ids)
	submitted := map[uint64][]byte{}
	for _, id := range ids {
		keys, _ := c.index("submitted_1").definition.Keys(c.docs.get(id)) // which it has
		submitted[id] = keys.List[0]
	}
	slices.SortStableFunc(ids, func(a, b uint64) int { return bytes.Compare(submitted[a], submitted[b]) })
	return ids, true
}

// msgIDOf returns a document's msg_id if that is a string, else "".
func msgIDOf(doc bson.Raw) string {
	id, _ := doc.Lookup("msg_id").StringValueOK()
	return id
}

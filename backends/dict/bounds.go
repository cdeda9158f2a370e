package dict

import (
	"fmt"
	"math"
	"net/url"
	"strconv"

	"github.com/dustin/go-humanize"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Bounds are how much each collection of a store may hold. When it is full the
// oldest finished records, by submitted, make room; unfinished ones never do.
type Bounds struct {
	Records int64 // 0: any number
	Bytes   int64 // of BSON; 0: any number
	// Cull is which part of a bound is freed at once, from 0 (what is needed, no
	// more) to 1.
	Cull float64
}

// parseBounds reads the options of a store's URL.
func parseBounds(options url.Values) (b Bounds, err error) {
	b.Cull = 0.1
	for name, values := range options {
		value := values[len(values)-1]
		switch name {
		case "max_records":
			b.Records, err = strconv.ParseInt(value, 10, 64)
		case "max_bytes":
			var size uint64
			size, err = humanize.ParseBytes(value)
			b.Bytes = int64(min(size, math.MaxInt64))
		case "cull":
			b.Cull, err = strconv.ParseFloat(value, 64)
		default:
			return b, fmt.Errorf("unknown option %q, want one of: max_records, max_bytes, cull", name)
		}
		if err != nil {
			return b, fmt.Errorf("option %s=%q: %w", name, value, err)
		}
	}
	if b.Records < 0 || !(b.Cull >= 0 && b.Cull <= 1) {
		return b, fmt.Errorf("max_records must not be negative, and cull must be from 0 to 1")
	}
	return b, nil
}

// room is what has to be freed.
type room struct{ records, bytes int64 }

func (r room) none() bool { return r.records <= 0 && r.bytes <= 0 }

// makeRoom drops the oldest finished documents if the bounds are passed, of those
// that may go. It fails with ErrFull, and drops none, if there are not enough of
// them.
func (c *collection) makeRoom(mayGo func(id uint64) bool) error {
	need := c.bounds.excess(c.docs.count, c.docs.bytes)
	if need.none() {
		return nil
	}
	wanted := room{
		max(need.records, int64(c.bounds.Cull*float64(c.bounds.Records))),
		max(need.bytes, int64(c.bounds.Cull*float64(c.bounds.Bytes))),
	}
	var oldest []uint64
	c.eachOldest(func(id uint64) bool {
		doc := c.docs.get(id)
		// The filter has no regular expression, and so no error.
		if finished, _ := taskdb.StateFinished.Filter().Match(doc); !finished || !mayGo(id) {
			return true
		}
		oldest = append(oldest, id)
		need.free(doc)
		wanted.free(doc)
		return !wanted.none()
	})
	if !need.none() {
		return fmt.Errorf("too few of %d records are finished: %w", c.docs.count, taskdb.ErrFull)
	}
	for _, id := range oldest {
		c.remove(id)
	}
	return nil
}

func (r *room) free(doc bson.Raw) {
	r.records--
	r.bytes -= int64(len(doc))
}

// excess is what a collection holds beyond the bounds.
func (b Bounds) excess(records, bytes int64) (r room) {
	if b.Records > 0 {
		r.records = records - b.Records
	}
	if b.Bytes > 0 {
		r.bytes = bytes - b.Bytes
	}
	return r
}

// eachOldest calls visit for the documents by the time at which they were
// submitted, or else in the order of their insertion, until visit returns false.
func (c *collection) eachOldest(visit func(id uint64) bool) {
	x := c.index("submitted_1")
	if x == nil {
		for id := range c.docs.next {
			if c.docs.get(id) != nil && !visit(id) {
				return
			}
		}
		return
	}
	x.tree.Scan(func(key string, ids uint64) bool { return x.each(posting{key, ids}, nil, false, visit) })
}

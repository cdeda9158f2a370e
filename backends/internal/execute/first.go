package execute

import (
	"context"
	"errors"
	"time"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Finder is a Target that finds a document by a unique key. To plan for that takes
// longer than the rest of a change.
type Finder interface {
	Target

	// Only returns the only document that a filter can select, without a Doc if there
	// is none. It is known only where the filter names a unique key.
	Only(filter *query.Filter) (e Entry, known bool)
}

// maxHeld is how many documents are looked at for one that is to be changed, and
// for no longer than a step, while other writers wait. If it is not found by then,
// it is looked for beside them.
const maxHeld = 10_000

// errFar says that a document to change was not found within maxHeld, or not in time.
var errFar = errors.New("the document to change is far")

// first finds the document that a change is of.
func first(ctx context.Context, source Source, c *taskdb.Change, most int64) (e Entry, found bool, err error) {
	if finder, ok := source.(Finder); ok {
		if e, known := finder.Only(c.Filter); known {
			if e.Doc != nil {
				found, err = match(ctx, source, c.Filter, e)
			}
			return e, found, err
		}
	}
	r := taskdb.Request{Filter: c.Filter, Sort: c.Sort, Limit: 1}
	x := judge(source, r) // a census costs more than to find what is near
	if most == 0 {
		x.weigh(ctx)
	}
	x.most, x.until = most, time.Now().Add(stepTime)
	for e, err := range x.ordered(ctx) {
		if dropped(err) {
			continue
		}
		return e, err == nil, err
	}
	return Entry{}, false, nil
}

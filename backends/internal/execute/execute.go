// Package execute carries out the planner's plans for backends that keep indexes
// of their own: it walks what a plan says, asks the filter where the plan is not
// exact, sorts what comes in no order, and shows what a projection asks for.
package execute

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Source is one collection of a store.
type Source interface {
	// Indexes returns the collection's indexes, as the planner may use them.
	Indexes() []*query.Index

	// Walk yields what a scan finds and keep wants, in the scan's order. It may find
	// more, each marked by Check. Without docs, entries need no Doc, but for those
	// and, if rest is not nil, for those of which the Source does not know that rest
	// selects them; it may leave out what rest does not select.
	// keep may change the entry that it is shown, and does not hold on to its Doc:
	// a Source may show it what will be copied only if it is wanted.
	Walk(ctx context.Context, scan query.Scan, rest *query.Filter, docs bool, keep func(e *Entry) bool) iter.Seq2[Entry, error]

	// Count returns how many entries a scan has, of those only that rest selects if
	// it is not nil; false if documents must be looked at to know.
	Count(ctx context.Context, scan query.Scan, rest *query.Filter) (n int64, ok bool, err error)

	// Census is about how many entries a scan has, but no more than limit, see
	// query.Census.
	Census(ctx context.Context, scan query.Scan, limit int64) int64

	// Fetch returns a document by its id, or taskdb.ErrNotFound.
	Fetch(ctx context.Context, id int64) (Entry, error)

	// Complete returns the entry's document with what is kept apart from it.
	Complete(ctx context.Context, e Entry) (bson.Raw, error)

	// Since tells what others have changed since the source was made.
	Since() Changes
}

// Changes are what a walk that goes on while others write has to know.
type Changes struct {
	// Moved tells that documents have other keys than before: a walk may come upon
	// one twice.
	Moved bool
	// Turned tells that an index has come to hold what the plan did not reckon
	// with, as arrays: what has changed may be selected no more.
	Turned bool
}

// Entry is one document that a walk came upon.
type Entry struct {
	ID    int64    // tells documents of the collection apart
	Doc   bson.Raw // must not be changed, unless Fresh
	Fresh bool     // nobody else holds Doc
	Check bool     // the filter is to be asked, even if the plan is exact
	// Apart are the top-level keys whose values are kept apart from Doc.
	Apart []string
}

// execution is one request on its way.
type execution struct {
	source  Source
	request taskdb.Request
	plan    query.Plan
	stats   taskdb.Explanation
	shown   []byte    // room for what a projection shows
	most    int64     // how many entries to look at, or 0 for all; errFar ends it
	until   time.Time // when to end it the same way, unless it is zero
	looked  int64     // how many were
	cut     bool      // some were not, to end by until
	asked   bool      // the filter was about a document that an exact plan may be wrong of
}

// start begins a request by the plan that a census decides on.
func start(ctx context.Context, source Source, r taskdb.Request) *execution {
	x := &execution{source: source, request: r}
	x.weigh(ctx)
	return x
}

// judge begins a request by the plan that the forms of its conditions suggest.
func judge(source Source, r taskdb.Request) *execution {
	plan := query.NewPlan(r.Filter, r.Sort, r.Limit, r.After, source.Indexes(), nil)
	return &execution{source: source, request: r, plan: plan}
}

// weigh has a census decide on the plan.
func (x *execution) weigh(ctx context.Context) {
	r := x.request
	census := func(scan query.Scan, limit int64) int64 { return x.source.Census(ctx, scan, limit) }
	x.plan = query.NewPlan(r.Filter, r.Sort, r.Limit, r.After, x.source.Indexes(), census)
}

// Find yields the documents that a request asks for. They are the caller's.
func Find(ctx context.Context, source Source, r taskdb.Request) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) { judge(source, r).find(ctx, yield) }
}

// Explain carries out a request and tells how.
func Explain(ctx context.Context, source Source, r taskdb.Request) (*taskdb.Explanation, error) {
	x := judge(source, r)
	var failed error
	x.find(ctx, func(_ bson.Raw, err error) bool {
		failed = err
		return true
	})
	if failed != nil {
		return nil, failed
	}
	x.stats.Exact = x.plan.Exact
	for _, scan := range x.plan.Scans {
		x.stats.Scans = append(x.stats.Scans, explainScan(scan))
	}
	return &x.stats, nil
}

func explainScan(scan query.Scan) taskdb.ScanExplanation {
	if scan.Index == nil {
		return taskdb.ScanExplanation{Ranges: 1}
	}
	return taskdb.ScanExplanation{
		Index:      scan.Index.Name,
		KeyPattern: scan.Index.KeyPattern(),
		Ranges:     len(scan.Ranges),
		Reverse:    scan.Reverse,
	}
}

// Distinct adds the documents that a filter selects to values.
func Distinct(ctx context.Context, source Source, filter *query.Filter, values *query.Distinct) error {
	x := start(ctx, source, taskdb.Request{Filter: filter, Sort: &query.Sort{}})
	for e, err := range x.selected(ctx, true) {
		if err != nil {
			return err
		}
		doc, err := whole(ctx, source, e, values.Needs)
		switch {
		case dropped(err):
			continue
		case err != nil:
			return err
		}
		if err := values.Add(doc); err != nil {
			return err
		}
	}
	return nil
}

func (x *execution) find(ctx context.Context, yield func(bson.Raw, error) bool) {
	skip, left := x.request.Skip, x.request.Limit
	for e, err := range x.entries(ctx) {
		if err == nil && skip > 0 {
			skip--
			continue
		}
		var doc bson.Raw
		if err == nil {
			doc, err = x.show(ctx, e)
		}
		if err == nil {
			err = x.note(ctx, e)
		}
		switch {
		case dropped(err):
			continue
		case err != nil:
			yield(nil, err)
			return
		}
		x.stats.Returned++
		if !yield(doc, nil) {
			return
		}
		if left--; left == 0 {
			return
		}
	}
}

// note tells the request's Note the entry's key of the sort.
func (x *execution) note(ctx context.Context, e Entry) error {
	if x.request.Note == nil {
		return nil
	}
	key, err := x.sortKey(ctx, x.request.Sort, e)
	if err == nil {
		x.request.Note(key)
	}
	return err
}

// show returns what the projection shows of an entry's document.
func (x *execution) show(ctx context.Context, e Entry) (bson.Raw, error) {
	doc, err := whole(ctx, x.source, e, x.request.Projection.Needs)
	if err != nil {
		return nil, err
	}
	switch {
	case !x.request.Projection.Whole():
		x.shown, err = x.request.Projection.Apply(x.shown[:0], doc, x.request.Filter)
		return bytes.Clone(x.shown), err
	case e.Fresh:
		return doc, nil
	}
	return bytes.Clone(doc), nil
}

// whole returns an entry's document, with what is kept apart if that is needed.
func whole(ctx context.Context, source Source, e Entry, needs func(key string) bool) (bson.Raw, error) {
	for _, key := range e.Apart {
		if needs(key) {
			return source.Complete(ctx, e)
		}
	}
	return e.Doc, nil
}

// dropped tells whether an error says that a document is no longer there: it was
// removed after the walk came upon it.
func dropped(err error) bool { return errors.Is(err, taskdb.ErrNotFound) }

// repeats tells whether the plan may come upon a document more than once.
func (x *execution) repeats() bool {
	return len(x.plan.Scans) > 1 ||
		len(x.plan.Scans) == 1 && x.plan.Scans[0].Index != nil && x.plan.Scans[0].Index.Multikey
}

// selected yields the entries that the filter selects, each once, in the order
// of the plan.
func (x *execution) selected(ctx context.Context, docs bool) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		budget := taskdb.BudgetOf(ctx)
		stop := func() {} // ends a walk that finds nothing for too long
		if x.most > 0 || budget != nil {
			ctx, stop = context.WithCancel(ctx)
			defer stop()
		}
		seen := Seen{source: x.source, repeats: x.repeats()}
		for _, scan := range x.plan.Scans {
			seen.ordered = scan.Index == nil
			keep := func(e *Entry) bool {
				x.looked++
				x.count(scan.Index != nil, e.Doc != nil)
				spent, far := !budget.Spend(), x.far()
				if spent || far {
					stop()
				}
				if far && !x.until.IsZero() { // whoever waits does not wait for a whole batch
					x.cut = true
					return false
				}
				return !spent && x.keep(e)
			}
			for e, err := range x.source.Walk(ctx, scan, x.plan.Rest, docs, keep) {
				switch {
				case err != nil && budget.Spent():
					err = taskdb.ErrBudget
				case err != nil && x.far():
					err = errFar
				}
				ok := err == nil && seen.First(uint64(e.ID))
				if ok && e.Check {
					ok, err = x.matches(ctx, &e)
				}
				if (ok || err != nil) && (!yield(e, err) || err != nil) {
					return
				}
			}
			switch { // without the walk having noticed
			case budget.Spent():
				yield(Entry{}, taskdb.ErrBudget)
				return
			case x.cut:
				yield(Entry{}, errFar)
				return
			}
		}
	}
}

// far tells whether more was looked at than was to be, or for longer.
func (x *execution) far() bool {
	return x.most > 0 && (x.looked > x.most || !x.until.IsZero() && time.Now().After(x.until))
}

// count notes what was looked at to come upon an entry.
func (x *execution) count(key, record bool) {
	if key {
		x.stats.KeysExamined++
	}
	if record {
		x.stats.RecordsExamined++
	}
}

// keep tells whether an entry is wanted, as far as its Doc tells. Its Check then
// says whether matches is to decide: where the filter needs what is kept apart, or
// failed, or where the plan may be wrong and there is no Doc.
func (x *execution) keep(e *Entry) bool {
	filter, decided := x.plan.Rest, x.plan.Exact || e.Doc == nil // by the plan, or by the source
	if e.Check || x.source.Since().Turned {
		filter, decided, x.asked = x.request.Filter, false, true
	}
	switch {
	case decided:
		return true
	case e.Doc == nil, slices.ContainsFunc(e.Apart, filter.Needs):
		e.Check = true
		return true
	}
	ok, err := filter.Match(e.Doc)
	e.Check = err != nil
	return ok || err != nil
}

// matches tells whether the filter selects an entry's document.
func (x *execution) matches(ctx context.Context, e *Entry) (ok bool, err error) {
	if e.Doc == nil {
		if *e, err = x.source.Fetch(ctx, e.ID); err != nil {
			return false, ignoreDropped(err)
		}
	}
	return match(ctx, x.source, x.request.Filter, *e)
}

// match asks a filter about an entry's document. One that is no longer there is
// not selected.
func match(ctx context.Context, source Source, filter *query.Filter, e Entry) (bool, error) {
	doc, err := whole(ctx, source, e, filter.Needs)
	if err != nil {
		return false, ignoreDropped(err)
	}
	return filter.Match(doc)
}

func ignoreDropped(err error) error {
	if dropped(err) {
		return nil
	}
	return err
}

// sortKey returns the sort's key of an entry.
func (x *execution) sortKey(ctx context.Context, sort *query.Sort, e Entry) ([]byte, error) {
	doc, err := whole(ctx, x.source, e, sort.Needs)
	if err != nil {
		return nil, err
	}
	return sort.AppendKey(nil, doc)
}

// beyond tells whether a key of the sort lies behind the one to go on after.
func (x *execution) beyond(key []byte) bool {
	return len(x.request.After) == 0 || bytes.Compare(key, x.request.After) > 0
}

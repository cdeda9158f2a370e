package taskdb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// Purge says which records to remove for good.
type Purge struct {
	// Filter selects the records, written as in a Query.
	Filter any
	// All must be set for a filter that is empty, or nil: it selects every record.
	All bool
	// Removable selects which finished records may go, written as in a Query; nil is all.
	// Others stay, though they are selected: each is asked about when it is removed.
	Removable any
	// Force removes unfinished records too, and those that are not Removable.
	Force bool
	// DryRun removes nothing, and tells what would go.
	DryRun bool
}

// Purged tells what a purge removed or, in a dry run, would remove.
type Purged struct {
	Records    int64 // all of them
	Unfinished int64 // those that were not finished
}

// ErrNotAll says that a purge would remove every record, and was not told to.
var ErrNotAll = errors.New("the filter selects every record, which has to be said")

// UnfinishedError says that a purge selects unfinished tasks, and was not told to
// remove those. Nothing was removed.
type UnfinishedError struct {
	Count  int64
	MsgIDs []string // some of them, by the time at which they were submitted
}

// Error names the tasks.
func (e *UnfinishedError) Error() string {
	names := strings.Join(e.MsgIDs, ", ")
	if int64(len(e.MsgIDs)) < e.Count {
		names += ", …"
	}
	return fmt.Sprintf("tasks that are not finished: %d (%s)", e.Count, names)
}

// maxNamed is how many unfinished tasks an UnfinishedError names.
const maxNamed = 10

// Purge removes the records that it selects, or refuses before anything is gone:
// with ErrNotAll, or an *UnfinishedError. Once it has begun it is carried through,
// as a Delete of many; a task that is unfinished by then, since it was added or
// changed meanwhile, stays unless Force is set. If the context ends meanwhile, the
// error is ErrUnderWay too.
func (db *DB) Purge(ctx context.Context, p Purge) (Purged, error) {
	purged, err := db.purge(ctx, p)
	if err != nil {
		return Purged{}, fmt.Errorf("purge: %w", err)
	}
	return purged, nil
}

func (db *DB) purge(ctx context.Context, p Purge) (purged Purged, err error) {
	filter, err := query.Parse(p.Filter)
	if err != nil {
		return purged, err
	}
	if filter.MatchesAll() && !p.All {
		return purged, ErrNotAll
	}
	removable, err := query.Parse(p.Removable)
	if err != nil {
		return purged, err
	}
	unfinished := all(filter, StateIncomplete.Filter())
	if purged.Unfinished, err = db.Count(ctx, Query{Filter: unfinished}); err != nil {
		return purged, err
	}
	switch {
	case p.DryRun:
		purged.Records, err = db.Count(ctx, Query{Filter: filter})
		return purged, err
	case purged.Unfinished > 0 && !p.Force:
		return purged, db.unfinished(ctx, unfinished, purged.Unfinished)
	}
	doomed := any(filter)
	if !p.Force {
		doomed = all(filter, StateFinished.Filter(), removable)
	}
	outcome, err := db.Delete(ctx, Delete{Filter: doomed, Many: true})
	purged.Records = outcome.Matched
	return purged, err
}

// all is the filter of what each of some filters selects.
func all(filters ...*query.Filter) bson.D {
	var sources bson.A
	for _, filter := range filters {
		sources = append(sources, filter.Source())
	}
	return bson.D{{Key: "$and", Value: sources}}
}

// unfinished names the first of the tasks that keep a purge from beginning.
func (db *DB) unfinished(ctx context.Context, filter any, count int64) error {
	named := &UnfinishedError{Count: count}
	first := Query{Filter: filter, Keys: []string{"msg_id"}, Sort: bson.D{{Key: "submitted", Value: 1}}, Limit: maxNamed}
	for doc, err := range db.FindRaw(ctx, first) {
		if err != nil {
			return err
		}
		id, _ := doc.Lookup("msg_id").StringValueOK()
		named.MsgIDs = append(named.MsgIDs, id)
	}
	return named
}

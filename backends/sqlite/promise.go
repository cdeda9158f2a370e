package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// removal is a deletion of many records that was promised: the sweeper carries it
// out, in this process or in the next one.
type removal struct {
	id         int64
	collection string // "" if that is gone
	table      int64
	filter     bson.Raw
	records    []byte // their places, see version2
}

// awaited is a removal that somebody in this process waits for.
type awaited struct {
	selected *execute.Selection
	records  atomic.Int64 // that were removed until now
	outcome  chan error   // has room for it
}

// Promise is execute.Promiser's.
func (t *target) Promise(selected *execute.Selection) (wait func(ctx context.Context) (int64, error), err error) {
	source, ok := t.Source.(*source)
	if !ok { // the collection was dropped
		return func(context.Context) (int64, error) { return 0, nil }, nil
	}
	places, err := selected.IDs.ToBytes()
	if err != nil {
		return nil, fmt.Errorf("promise a removal: %w", err)
	}
	sweeper := t.tx.store.sweeper
	if err := t.tx.execute("insert into removals (collection, filter, records) values (?, ?, ?)",
		source.table.id, []byte(selected.Filter.Source()), places); err != nil {
		return nil, err
	}
	id, a := t.tx.conn.LastInsertRowID(), &awaited{selected: selected, outcome: make(chan error, 1)}
	t.tx.onCommit = append(t.tx.onCommit, func() {
		sweeper.await(id, a)
		sweeper.wake()
	})
	return func(ctx context.Context) (removed int64, err error) {
		select {
		case err = <-a.outcome:
		case <-ctx.Done():
			err = underWay(ctx.Err())
		}
		return a.records.Load(), err
	}, nil
}

// underWay is the error of a removal that goes on, but not for who waits for it.
func underWay(err error) error {
	if errors.Is(err, taskdb.ErrClosed) {
		return fmt.Errorf("%w; the removal, when it is opened again: %w", err, taskdb.ErrUnderWay)
	}
	return fmt.Errorf("%w; the removal: %w", err, taskdb.ErrUnderWay)
}

// findRemoval returns the first removal that was promised, but for those that were
// put off; nil if there is none.
func findRemoval(conn *sqlite.Conn, putOff map[int64]bool) (r *removal, err error) {
	err = sqlitex.Execute(conn, `select r.id, coalesce(c.name, ''), r.filter, r.records, r.collection
		from removals r left join collections c on c.id = r.collection order by r.id`, &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			if id := stmt.ColumnInt64(0); r == nil && !putOff[id] {
				r = &removal{id, stmt.ColumnText(1), stmt.ColumnInt64(4), blob(stmt, 2), blob(stmt, 3)}
			}
			return nil
		},
	})
	return r, err
}

// selection returns what a removal is to remove. What this process found still may
// hold; what another one did has no Source.
func (s *Store) selection(r *removal) (*execute.Selection, error) {
	if found := s.sweeper.selected(r.id); found != nil {
		return found, nil
	}
	selected := &execute.Selection{IDs: roaring64.New()}
	var err error
	if selected.Filter, err = query.ParseFilter(r.filter); err == nil {
		err = selected.IDs.UnmarshalBinary(r.records)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	return selected, nil
}

// errUnreadable says that a removal was promised by a program that knows more.
var errUnreadable = errors.New("what was promised to be removed cannot be read")

// carryOut removes what a removal promised, and then the promise. If the store fails,
// or cannot read it, the promise stands, and the error says so; if a document makes it
// fail, it ends there.
func (s *Store) carryOut(ctx context.Context, r *removal) error {
	ended := s.remove(ctx, r)
	stands := ended
	if !ofStore(ctx, ended) && !errors.Is(ended, errUnreadable) {
		stands = s.write(ctx, func(tx *transaction) error { return tx.execute("delete from removals where id = ?", r.id) })
	}
	switch {
	case ctx.Err() != nil: // the sweeper tells that the store was closed
	case stands != nil:
		s.sweeper.tell(r.id, underWay(stands))
	default:
		s.sweeper.tell(r.id, ended)
	}
	return stands
}

// remove removes what a removal promised.
func (s *Store) remove(ctx context.Context, r *removal) error {
	source, err := s.source(ctx, r.collection, 0)
	if err != nil || source == nil || source.table.id != r.table {
		return err
	}
	selected, err := s.selection(r)
	if err != nil {
		return err
	}
	if selected.Source == nil {
		selected.Source = source
	}
	note := func(records int64) { s.sweeper.note(r.id, records) }
	return execute.Remove(ctx, &writable{store: s, name: r.collection}, selected, note)
}

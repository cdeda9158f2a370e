package sqlite

import (
	"context"
	"errors"
	"fmt"

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
	selected   *execute.Selection // without a Source
}

// awaited is a removal that somebody in this process waits for.
type awaited struct {
	selected *execute.Selection
	outcome  chan<- removed
}

// removed is the outcome of a removal for who waits for it.
type removed struct {
	records int64
	err     error
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
	id, outcome := t.tx.conn.LastInsertRowID(), make(chan removed, 1)
	t.tx.onCommit = append(t.tx.onCommit, func() {
		sweeper.await(id, awaited{selected, outcome})
		sweeper.wake()
	})
	return func(ctx context.Context) (int64, error) {
		select {
		case done := <-outcome:
			return done.records, done.err
		case <-ctx.Done():
			return 0, fmt.Errorf("%w; the removal: %w", ctx.Err(), taskdb.ErrUnderWay)
		case <-sweeper.ended:
			return 0, fmt.Errorf("%w; the removal, when it is opened again: %w", taskdb.ErrClosed, taskdb.ErrUnderWay)
		}
	}, nil
}

// findRemoval returns a removal that was promised, or nil.
func findRemoval(conn *sqlite.Conn) (r *removal, err error) {
	err = sqlitex.Execute(conn, `select r.id, coalesce(c.name, ''), r.filter, r.records, r.collection
		from removals r left join collections c on c.id = r.collection order by r.id limit 1`, &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			selected := &execute.Selection{IDs: roaring64.New()}
			r = &removal{id: stmt.ColumnInt64(0), collection: stmt.ColumnText(1), table: stmt.ColumnInt64(4), selected: selected}
			if selected.Filter, err = query.ParseFilter(bson.Raw(blob(stmt, 2))); err != nil {
				return err
			}
			return selected.IDs.UnmarshalBinary(blob(stmt, 3))
		},
	})
	if err != nil {
		return nil, fmt.Errorf("read what was promised to be removed: %w", err)
	}
	return r, nil
}

// carryOut removes what a removal promised, and then the promise.
func (s *Store) carryOut(ctx context.Context, r *removal) error {
	var done removed
	source, err := s.source(ctx, r.collection, 0)
	if err != nil {
		return err
	}
	if source != nil && source.table.id == r.table {
		r.selected.Source = source
		if found := s.sweeper.selected(r.id); found != nil {
			r.selected = found
		}
		done.records, done.err = execute.Remove(ctx, &writable{store: s, name: r.collection}, r.selected)
	}
	if cannotWrite(ctx, done.err) {
		return errors.Join(ctx.Err(), done.err)
	}
	err = s.write(ctx, func(tx *transaction) error { return tx.execute("delete from removals where id = ?", r.id) })
	if err == nil {
		s.sweeper.tell(r.id, done)
	}
	return err
}

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// source is a collection as one request sees it: the records that were there at
// its start, and no others.
type source struct {
	store   *Store
	table   *table
	view    *view
	lastSeq int64
	moves   int64       // of the table, at the start
	turned  atomic.Bool // another process has changed what the view says
	limit   int         // how many records are likely to be wanted; 0 is all
	reading reading
}

// reading are the ways to a connection: of the store's readers or, within a
// change, the writer's own.
type reading struct {
	// read calls use with a connection, and snapshot with one that sees one state.
	read, snapshot func(ctx context.Context, use func(conn *sqlite.Conn) error) error
}

// source returns a collection for a request. There is none (nil) if it was never
// written to.
func (s *Store) source(ctx context.Context, collection string, limit int64) (*source, error) {
	t, err := s.table(ctx, collection)
	if t == nil || err != nil {
		return nil, err
	}
	return s.sourceOf(t, reading{s.read, s.snapshot}, int(min(limit, batchRecords))), nil
}

func (s *Store) sourceOf(t *table, r reading, limit int) *source {
	moves, lastSeq := t.moves.Load(), t.lastSeq.Load() // before the view, see table
	if t.moving.Load() {
		moves = -1 // and no count is
	}
	return &source{store: s, table: t, view: t.view.Load(), lastSeq: lastSeq, moves: moves, limit: limit, reading: r}
}

// table returns a collection's table, or nil.
func (s *Store) table(ctx context.Context, collection string) (t *table, err error) {
	err = s.withTables(ctx, func(tables map[string]*table) { t = tables[collection] })
	return t, err
}

// withTables calls use with the tables of all collections. A store that is open for
// reading only reads what another process may have changed.
func (s *Store) withTables(ctx context.Context, use func(tables map[string]*table)) error {
	if s.readOnly {
		return s.snapshot(ctx, func(conn *sqlite.Conn) error {
			tables, err := loadTables(conn)
			if err == nil {
				use(tables)
			}
			return err
		})
	}
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	s.tablesMu.RLock()
	defer s.tablesMu.RUnlock()
	use(s.tables)
	return nil
}

// Indexes is execute.Source's.
func (s *source) Indexes() []*query.Index { return s.view.indexes }

func (s *source) origins(scan query.Scan) []origin {
	if scan.Index == nil {
		return []origin{s.table.inOrder()}
	}
	return s.view.origins[scan.Index]
}

var errDropped = errors.New("the index was dropped while it was read")

// stillThere tells whether a collection is there yet, and fails if the index with
// an id, if that is not 0, is not. A walk that did not begin yet needs to ask
// about the index only.
func (s *source) stillThere(conn *sqlite.Conn, index int64, later bool) (bool, error) {
	if later {
		there, err := number(conn, "select count(*) from collections where id = ? and name is not null", s.table.id)
		if there == 0 || err != nil {
			return false, err
		}
	}
	if index == 0 {
		return true, nil
	}
	ready, err := number(conn, "select count(*) from indexes where id = ? and state = 'ready'", index)
	if err == nil && ready == 0 {
		err = errDropped
	}
	return true, err
}

// Count is execute.Source's. It counts what is there now, without asking each
// entry whether it was there at the start: if that could make the plan wrong, the
// view has changed by then.
func (s *source) Count(ctx context.Context, scan query.Scan, rest *query.Filter) (n int64, ok bool, err error) {
	origins := s.origins(scan)
	if len(origins) != 1 {
		return 0, false, nil
	}
	var only *narrowing
	if rest != nil {
		if only = s.narrow(scan, rest); only == nil {
			return 0, false, nil
		}
	}
	err = s.reading.snapshot(ctx, func(conn *sqlite.Conn) error {
		if scan.Index == nil {
			n, err = number(conn, "select count(*) from "+s.table.sql)
			return err
		}
		if _, err := s.stillThere(conn, origins[0].declared, false); err != nil {
			return err
		}
		for _, stretch := range origins[0].stretches(scan.Ranges) {
			some, err := origins[0].count(conn, stretch, only)
			if err != nil {
				return err
			}
			n += some
		}
		ok, err = s.unchanged(conn)
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("count %s: %w", s.table.name, err)
	}
	return n, ok || scan.Index == nil, nil
}

// Census is execute.Source's. It looks at the first of a scan's origins: others have
// what is odd, which is little.
func (s *source) Census(ctx context.Context, scan query.Scan, limit int64) int64 {
	n, o := limit, s.origins(scan)[0]
	_ = s.reading.snapshot(ctx, func(conn *sqlite.Conn) error {
		if there, err := s.stillThere(conn, o.declared, false); err != nil || !there {
			return err
		}
		counted := int64(0)
		for _, stretch := range o.stretches(scan.Ranges) {
			some, err := o.countUpTo(conn, stretch, limit-counted)
			if err != nil {
				return err
			}
			if counted += some; counted >= limit {
				return nil
			}
		}
		n = counted
		return nil
	})
	return n
}

// unchanged tells whether the view is true of a snapshot that was read from.
func (s *source) unchanged(conn *sqlite.Conn) (bool, error) {
	if !s.store.readOnly {
		return s.table.view.Load() == s.view, nil // a view is shown before its commit
	}
	now := newTable(s.table.id, s.table.name, "")
	now.sql = s.table.sql
	err := now.load(conn)
	return err == nil && s.view.same(now.view.Load()), err
}

// same tells whether two views promise the same of the records.
func (v *view) same(other *view) bool {
	return v.odd == other.odd && v.ids == other.ids && slices.EqualFunc(v.declared, other.declared, func(a, b declared) bool {
		return a.id == b.id && a.index.Multikey == b.index.Multikey && a.index.Unordered == b.index.Unordered
	})
}

// count counts what a stretch has, of that only what a narrowing leaves if there
// is one.
func (o *origin) count(conn *sqlite.Conn, s stretch, only *narrowing) (n int64, err error) {
	if only != nil {
		return o.countNarrowed(conn, s, only)
	}
	stmt, err := conn.Prepare(o.countSQL(s))
	if err != nil {
		return 0, err
	}
	defer stmt.Reset()
	o.bindEnds(stmt, s, 0)
	_, err = stmt.Step()
	return stmt.ColumnInt64(0), err
}

// countUpTo is count without a narrowing, but no more than limit.
func (o *origin) countUpTo(conn *sqlite.Conn, s stretch, limit int64) (n int64, err error) {
	stmt, err := conn.Prepare("select count(*) from (select 1 from " + o.from + " where " + o.condition(s) + " limit ?)")
	if err != nil {
		return 0, err
	}
	defer stmt.Reset()
	stmt.BindInt64(o.bindEnds(stmt, s, 0)+1, limit)
	_, err = stmt.Step()
	return stmt.ColumnInt64(0), err
}

// Fetch is execute.Source's.
func (s *source) Fetch(ctx context.Context, id int64) (e execute.Entry, err error) {
	err = s.reading.read(ctx, func(conn *sqlite.Conn) error {
		e, err = s.table.fetch(conn, id)
		return err
	})
	return e, err
}

func (t *table) fetch(conn *sqlite.Conn, seq int64) (execute.Entry, error) {
	stmt, err := conn.Prepare("select seq, lifted, doc from " + t.sql + " where seq = ?")
	if err != nil {
		return execute.Entry{}, err
	}
	stmt.BindInt64(1, seq)
	return readRecord(stmt)
}

// byMsgID returns the record of a task, or why it is absent.
func (t *table) byMsgID(conn *sqlite.Conn, msgID string) (execute.Entry, error) {
	stmt, err := conn.Prepare("select seq, lifted, doc from " + t.sql + " where msg_id = ?")
	if err != nil {
		return execute.Entry{}, err
	}
	stmt.BindText(1, msgID)
	e, err := readRecord(stmt)
	if errors.Is(err, taskdb.ErrNotFound) {
		err = t.absent(conn, msgID)
	}
	return e, err
}

// readRecord carries out a statement that finds seq, lifted and doc of one record
// or of none.
func readRecord(stmt *sqlite.Stmt) (execute.Entry, error) {
	defer stmt.Reset()
	found, err := stmt.Step()
	if err != nil {
		return execute.Entry{}, err
	}
	if !found {
		return execute.Entry{}, taskdb.ErrNotFound
	}
	return execute.Entry{ID: stmt.ColumnInt64(0), Apart: apart(stmt, 1), Doc: blob(stmt, 2), Fresh: true}, nil
}

// Complete is execute.Source's.
func (s *source) Complete(ctx context.Context, e execute.Entry) (doc bson.Raw, err error) {
	err = s.reading.snapshot(ctx, func(conn *sqlite.Conn) error {
		doc, err = s.table.whole(conn, e.ID)
		return err
	})
	return doc, err
}

// Since is execute.Source's. What another process changes is looked for when a
// walk reads on, see walk.batch; it may have moved anything.
func (s *source) Since() execute.Changes {
	if s.store.readOnly {
		return execute.Changes{Moved: true, Turned: s.turned.Load()}
	}
	return execute.Changes{Moved: s.table.moves.Load() != s.moves, Turned: s.table.view.Load() != s.view}
}

package sqlite

import (
	"fmt"

	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/backends/internal/bounds"
	"github.com/taskdb/taskdb/taskdb"
)

// fewFinished is how many finished records are sorted rather than looked for among
// all records by the time at which these were submitted.
const fewFinished = 10_000

// held is how much a table holds.
func (t *table) held() bounds.Size { return bounds.Size{Records: t.records, Bytes: t.bytes} }

// within carries out a change that makes a table grow by so much at the most. If a
// bound may be passed, it makes room, of records that may go: all of it or nothing.
func (tx *transaction) within(t *table, growth bounds.Size, mayGo func(seq int64) bool, change func(tx *transaction) error) error {
	if bounds.Fits(tx.store.bounds, t.held(), growth) {
		return change(tx)
	}
	return tx.atomically(func(tx *transaction) error {
		before := t.held()
		if err := change(tx); err != nil {
			return err
		}
		return tx.makeRoom(t, before, mayGo)
	})
}

// enlarge carries out a change that makes a record larger, by what is beside it, by
// so many bytes at the most: all of it or nothing.
func (tx *transaction) enlarge(t *table, seq, most int64, change func(tx *transaction) error) error {
	t.watches.Note(seq)
	return tx.within(t, bounds.Size{Bytes: most}, butFor(seq), func(tx *transaction) error {
		if tx.store.bounds.LostAfter == 0 {
			return change(tx)
		}
		return tx.atomically(func(tx *transaction) error {
			if err := change(tx); err != nil {
				return err
			}
			return tx.touchAgain(t, seq)
		})
	})
}

// butFor tells of all records but one that they may go.
func butFor(seq int64) func(seq int64) bool {
	return func(other int64) bool { return other != seq }
}

// makeRoom removes the oldest finished records of those that may go, if an
// operation, before which the table held so much, has passed its bounds. It fails
// with ErrFull if there are not enough of them.
func (tx *transaction) makeRoom(t *table, before bounds.Size, mayGo func(seq int64) bool) error {
	demand := bounds.DemandOf(tx.store.bounds, t.held(), before)
	if demand.Done() {
		return nil
	}
	oldest, err := t.oldest(tx.conn, &demand, mayGo)
	if err != nil {
		return fmt.Errorf("look for finished records: %w", err)
	}
	if !demand.Met() {
		return fmt.Errorf("too few of %d records are finished: %w", t.records, taskdb.ErrFull)
	}
	for _, seq := range oldest {
		if err := tx.cull(t, seq, demand.Rule()); err != nil {
			return fmt.Errorf("make room: %w", err)
		}
	}
	return tx.forgetOldest(t)
}

// cull removes a record that makes room.
func (tx *transaction) cull(t *table, seq int64, rule string) error {
	e, err := t.fetch(tx.conn, seq)
	if err != nil {
		return err
	}
	if err := tx.remove(t, int64(len(e.Doc)), e); err != nil {
		return err
	}
	tx.recount(t)
	t.culled++
	return tx.bury(t, e.Doc, rule)
}

// oldest returns the finished records that meet a demand.
func (t *table) oldest(conn *sqlite.Conn, demand *bounds.Demand, mayGo func(seq int64) bool) (found []int64, err error) {
	walks, err := t.finishedWalks(conn)
	if err != nil {
		return nil, err
	}
	for _, w := range walks {
		err := w.each(t, conn, func(seq, bytes int64) bool {
			if mayGo(seq) {
				found = append(found, seq)
				demand.Free(bytes)
			}
			return !demand.Done()
		})
		if err != nil || demand.Done() {
			return found, err
		}
	}
	return found, nil
}

// finishedWalk is a statement that finds finished records, each by its place and
// with the bytes that it takes.
type finishedWalk struct {
	sql   string
	check bool // it finds others too
}

// finishedWalks find all finished records of a table, the oldest first.
func (t *table) finishedWalks(conn *sqlite.Conn) ([]finishedWalk, error) {
	find := fmt.Sprintf("select t.seq, length(t.doc) + case when t.lifted is null then 0 else "+
		"coalesce((select sum(size) from buffers b where b.collection = %[1]d and b.seq = t.seq), 0) + "+
		"coalesce((select sum(length(data)) from tails a where a.collection = %[1]d and a.seq = t.seq), 0) end "+
		"from %[2]s t ", t.id, t.sql)
	if !t.tasks {
		return []finishedWalk{{find + "order by t.seq", true}}, nil
	}
	finished, err := number(conn, fmt.Sprintf("select count(*) from (select 1 from %s indexed by %s where completed is not null limit %d)",
		t.sql, t.indexName("completed"), fewFinished))
	if err != nil {
		return nil, err
	}
	index := "submitted"
	if finished < fewFinished {
		index = "completed"
	}
	walks := []finishedWalk{{find + "indexed by " + t.indexName(index) + " where t.completed is not null order by t.submitted, t.seq", false}}
	if t.view.Load().odd {
		odd := find + "indexed by " + t.indexName("odd") + " where t.odd = 1 and t.completed is null order by t.seq"
		walks = append(walks, finishedWalk{odd, true})
	}
	return walks, nil
}

// each calls visit for the records that the walk finds, until visit returns false.
func (w finishedWalk) each(t *table, conn *sqlite.Conn, visit func(seq, bytes int64) bool) error {
	stmt, err := conn.Prepare(w.sql)
	if err != nil {
		return err
	}
	defer stmt.Reset()
	for {
		found, err := stmt.Step()
		if !found || err != nil {
			return err
		}
		seq, bytes := stmt.ColumnInt64(0), stmt.ColumnInt64(1)
		if w.check {
			e, err := t.fetch(conn, seq)
			if err != nil {
				return err
			}
			if !taskdb.StateFinished.Has(e.Doc) {
				continue
			}
		}
		if !visit(seq, bytes) {
			return nil
		}
	}
}

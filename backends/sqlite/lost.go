package sqlite

import (
	"context"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/taskdb/taskdb/backends/internal/bounds"
	"github.com/taskdb/taskdb/taskdb"
)

// touched is an unfinished task, by its place.
type touched struct {
	table      int64
	collection string
	seq        int64
}

// touch notes that a record was stored now, if tasks are watched and it is that of
// an unfinished one. An odd one may be, and is looked at when it would be lost.
func (tx *transaction) touch(t *table, seq int64, r row) error {
	switch {
	case tx.store.bounds.LostAfter == 0 || !t.tasks:
		return nil
	case !r.cells[completedColumn].isNull:
		return tx.unwatch(t, seq)
	}
	return tx.execute("insert or replace into touches (collection, seq, at) values (?, ?, ?)", t.id, seq, time.Now().UnixMilli())
}

// touchAgain notes that a record, if it is watched, was changed now.
func (tx *transaction) touchAgain(t *table, seq int64) error {
	return tx.execute("update touches set at = ? where collection = ? and seq = ?", time.Now().UnixMilli(), t.id, seq)
}

// unwatch removes what touch noted of a record.
func (tx *transaction) unwatch(t *table, seq int64) error {
	if tx.store.bounds.LostAfter == 0 {
		return nil
	}
	return tx.execute("delete from touches where collection = ? and seq = ?", t.id, seq)
}

// beginWatch has unfinished tasks, that nobody watched until now, be touched now. If
// tasks are not to be watched, it forgets when they were touched.
func (w *writer) beginWatch() error {
	if w.store.bounds.LostAfter == 0 {
		return sqlitex.ExecuteTransient(w.conn, "delete from touches", nil)
	}
	for _, t := range w.tables {
		if !t.tasks {
			continue
		}
		err := sqlitex.ExecuteTransient(w.conn, "insert or ignore into touches (collection, seq, at) select ?, seq, ? from "+
			t.sql+" where completed is null", &sqlitex.ExecOptions{Args: []any{t.id, time.Now().UnixMilli()}})
		if err != nil {
			return fmt.Errorf("watch the tasks of %s: %w", t.name, err)
		}
	}
	return nil
}

// loseTasks makes the tasks lost that nobody has touched for too long, in small
// steps. An error puts off the rest.
func (w *sweeper) loseTasks(ctx context.Context) {
	var last touched
	for {
		now := time.Now()
		var tasks []touched
		err := w.store.read(ctx, func(conn *sqlite.Conn) (err error) {
			tasks, err = untouched(conn, last, now.Add(-w.store.bounds.LostAfter))
			return err
		})
		if err != nil || len(tasks) == 0 {
			return
		}
		last = tasks[len(tasks)-1]
		err = w.store.write(ctx, func(tx *transaction) error {
			for _, task := range tasks {
				if err := tx.lose(task, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return
		}
	}
}

// untouched returns the next tasks behind one that nobody has touched since a time.
func untouched(conn *sqlite.Conn, last touched, since time.Time) (tasks []touched, err error) {
	err = sqlitex.Execute(conn, `select t.collection, c.name, t.seq from touches t join collections c on c.id = t.collection
		where (t.collection, t.seq) > (?, ?) and t.at <= ? and c.name is not null order by t.collection, t.seq limit ?`, &sqlitex.ExecOptions{
		Args: []any{last.table, last.seq, since.UnixMilli(), bounds.LostAtOnce},
		ResultFunc: func(stmt *sqlite.Stmt) error {
			tasks = append(tasks, touched{stmt.ColumnInt64(0), stmt.ColumnText(1), stmt.ColumnInt64(2)})
			return nil
		},
	})
	return tasks, err
}

// lose makes a task lost, if it is unfinished and untouched. The few bytes that this
// takes are not held against the bounds: it is how a store that is full of
// unfinished tasks gets some that may go.
func (tx *transaction) lose(task touched, now time.Time) error {
	t := tx.tables[task.collection]
	if t == nil || t.id != task.table {
		return nil // it was dropped meanwhile
	}
	since := now.Add(-tx.store.bounds.LostAfter).UnixMilli()
	still, err := number(tx.conn, "select count(*) from touches where collection = ? and seq = ? and at <= ?", t.id, task.seq, since)
	if still == 0 || err != nil {
		return err
	}
	e, err := t.fetch(tx.conn, task.seq)
	if err != nil {
		return err
	}
	if !taskdb.StateIncomplete.Has(e.Doc) {
		return tx.unwatch(t, e.ID)
	}
	doc, err := bounds.Lost(e.Doc, tx.store.bounds.LostAfter, now)
	if err == nil {
		err = tx.replace(t, e, e.Doc, doc)
	}
	if err != nil { // it has no room for the reason, or a unique index forbids it
		return tx.touchAgain(t, e.ID)
	}
	tx.recount(t)
	t.lost++
	return nil
}

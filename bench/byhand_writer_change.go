package main

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/taskdb/taskdb/taskdb"
)

func (h *handSQLite) finish(ctx context.Context, msgID string, r result) error {
	return h.writer.do(ctx, func() error { return h.writer.set(msgID, r.set) })
}

func (h *handSQLite) finishAll(ctx context.Context, msgIDs []string, r result) error {
	return h.writer.do(ctx, func() error {
		for _, id := range msgIDs {
			if err := h.writer.set(id, r.set); err != nil {
				return err
			}
		}
		return nil
	})
}

// set sets keys of a task, and the columns of those that a result has.
func (w *handWriter) set(msgID string, set bson.Raw) error {
	seq, doc, err := w.find("select seq, doc from task_records where msg_id = ?", msgID)
	if err != nil {
		return err
	}
	record, err := newHandRecord(withKeys(doc, set))
	if err != nil {
		return err
	}
	stmt, err := w.conn.Prepare("update task_records set doc = ?, started = ?, completed = ?, status = ? where seq = ?")
	if err != nil {
		return err
	}
	stmt.BindBytes(1, record.doc)
	bindTime(stmt, 2, record.started)
	bindTime(stmt, 3, record.completed)
	bindText(stmt, 4, record.status)
	stmt.BindInt64(5, seq)
	return step(stmt, nothing)
}

// find returns the place and the document of one task.
func (w *handWriter) find(sql string, args ...any) (seq int64, doc bson.Raw, err error) {
	err = sqlitex.Execute(w.conn, sql, &sqlitex.ExecOptions{
		Args: args,
		ResultFunc: func(stmt *sqlite.Stmt) error {
			seq, doc = stmt.ColumnInt64(0), blob(stmt, 1)
			return nil
		},
	})
	if err == nil && doc == nil {
		err = fmt.Errorf("%v: %w", args, taskdb.ErrNotFound)
	}
	return seq, doc, err
}

func (h *handSQLite) claim(ctx context.Context, engine string) (claimed bson.Raw, err error) {
	w := h.writer
	err = w.do(ctx, func() error {
		seq, doc, err := w.find("select seq, doc from task_records where completed is null and engine_uuid is null order by submitted limit 1")
		if err != nil {
			return err
		}
		claimed = withKeys(doc, engineKey(engine))
		stmt, err := w.conn.Prepare("update task_records set doc = ?, engine_uuid = ? where seq = ?")
		if err != nil {
			return err
		}
		stmt.BindBytes(1, claimed)
		stmt.BindText(2, engine)
		stmt.BindInt64(3, seq)
		return step(stmt, nothing)
	})
	return claimed, err
}

// print keeps what is printed in a table of its own: a record of a megabyte is not
// written anew for each line.
func (h *handSQLite) print(ctx context.Context, msgID, text string) error {
	w := h.writer
	return w.do(ctx, func() error {
		return sqlitex.Execute(w.conn, "insert into printed (msg_id, n, data) values "+
			"(?1, (select coalesce(max(n), 0) + 1 from printed where msg_id = ?1), ?2)", &sqlitex.ExecOptions{Args: []any{msgID, text}})
	})
}

func (h *handSQLite) purge(ctx context.Context, before int64) (removed int64, err error) {
	w := h.writer
	err = w.do(ctx, func() error {
		err := sqlitex.Execute(w.conn, "delete from task_records where submitted < ? and completed is not null",
			&sqlitex.ExecOptions{Args: []any{before}})
		removed = int64(w.conn.Changes())
		return err
	})
	return removed, err
}

package main

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// handWriter changes the records of a file with taskdb's schema and as durably: one
// goroutine commits together what is waiting, and answers after the commit.
type handWriter struct {
	conn    *sqlite.Conn
	insert  *sqlite.Stmt
	seq     int64
	waiting chan *handChange
	ended   chan struct{}
}

type handChange struct {
	change func() error
	err    error
	done   chan struct{}
}

// handGroup is how many changes are committed together at the most.
const handGroup = 512

// newHandWriter opens a copy of a store's file.
func newHandWriter(path string) (*handWriter, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite|sqlite.OpenWAL)
	if err != nil {
		return nil, err
	}
	for _, pragma := range []string{"synchronous = full", "wal_autocheckpoint = 16000", "cache_size = -16384", "temp_store = memory"} {
		if err := sqlitex.ExecuteTransient(conn, "pragma "+pragma, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("pragma %s: %w", pragma, err), conn.Close())
		}
	}
	w := &handWriter{conn: conn, waiting: make(chan *handChange, handGroup), ended: make(chan struct{})}
	if err := w.prepare(); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	go w.run()
	return w, nil
}

func (w *handWriter) prepare() (err error) {
	if err := sqlitex.ExecuteScript(w.conn, `create table printed (msg_id text, n integer, data text not null,
		primary key (msg_id, n)) strict, without rowid`, nil); err != nil {
		return err
	}
	w.insert, err = w.conn.Prepare("insert into task_records " +
		"(seq, msg_id, submitted, started, completed, client_uuid, engine_uuid, queue, label, status, odd, doc) " +
		"values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)")
	if err != nil {
		return err
	}
	return sqlitex.Execute(w.conn, "select max(seq) from task_records", &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			w.seq = stmt.ColumnInt64(0)
			return nil
		},
	})
}

// Close ends the goroutine. Nobody may be writing.
func (w *handWriter) Close() error {
	close(w.waiting)
	<-w.ended
	return w.conn.Close()
}

// add stores a record and returns when it is committed.
func (w *handWriter) add(ctx context.Context, doc bson.Raw) error {
	record, err := newHandRecord(doc)
	if err != nil {
		return err
	}
	return w.do(ctx, func() error { return w.put(record) })
}

// do makes a change and returns when it is committed.
func (w *handWriter) do(ctx context.Context, change func() error) error {
	c := &handChange{change: change, done: make(chan struct{})}
	select {
	case w.waiting <- c:
	case <-ctx.Done():
		return ctx.Err()
	}
	<-c.done
	return c.err
}

func (w *handWriter) run() {
	defer close(w.ended)
	for first := range w.waiting {
		group := w.gather(first)
		if err := w.commit(group); err != nil {
			for _, c := range group {
				c.err = err
			}
		}
		for _, c := range group {
			close(c.done)
		}
	}
}

func (w *handWriter) gather(c *handChange) []*handChange {
	group := []*handChange{c}
	for len(group) < handGroup {
		select {
		case c, ok := <-w.waiting:
			if !ok {
				return group
			}
			group = append(group, c)
		default:
			return group
		}
	}
	return group
}

func (w *handWriter) commit(group []*handChange) (err error) {
	end, err := sqlitex.ImmediateTransaction(w.conn)
	if err != nil {
		return err
	}
	defer end(&err)
	for _, c := range group {
		c.err = c.change()
	}
	return nil
}

func (w *handWriter) put(r *handRecord) error {
	w.seq++
	w.insert.BindInt64(1, w.seq)
	w.insert.BindText(2, r.msgID)
	bindTime(w.insert, 3, r.submitted)
	bindTime(w.insert, 4, r.started)
	bindTime(w.insert, 5, r.completed)
	bindText(w.insert, 6, r.client)
	bindText(w.insert, 7, r.engine)
	bindText(w.insert, 8, r.queue)
	bindText(w.insert, 9, r.label)
	bindText(w.insert, 10, r.status)
	w.insert.BindBytes(11, r.doc)
	return step(w.insert, nothing)
}

func bindTime(stmt *sqlite.Stmt, at int, milliseconds int64) {
	if milliseconds == noTime {
		stmt.BindNull(at)
		return
	}
	stmt.BindInt64(at, milliseconds)
}

func bindText(stmt *sqlite.Stmt, at int, text string) {
	if text == "" { // no record has an empty one
		stmt.BindNull(at)
		return
	}
	stmt.BindText(at, text)
}

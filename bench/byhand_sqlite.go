package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/taskdb/taskdb/taskdb"
)

// handSQLite is what one would write by hand for these questions on taskdb's own
// file: one statement for each, on as many connections as taskdb has, set up in
// the same way, interrupted by the end of the context as well. Adding goes to a
// copy of the file.
type handSQLite struct {
	places chan struct{} // one for each connection in use
	mu     sync.Mutex
	idle   []*sqlite.Conn
	path   string
	writer *handWriter
}

func newHandSQLite(path string, writer *handWriter) *handSQLite {
	return &handSQLite{places: make(chan struct{}, 2*runtime.GOMAXPROCS(0)+2), path: path, writer: writer}
}

// Close closes the connections, of which none may be in use.
func (h *handSQLite) Close() error {
	var failed []error
	for _, conn := range h.idle {
		failed = append(failed, conn.Close())
	}
	return errors.Join(append(failed, h.writer.Close())...)
}

// take returns the connection that was used last, with the warmest cache.
func (h *handSQLite) take(ctx context.Context) (conn *sqlite.Conn, err error) {
	select {
	case h.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if last := len(h.idle) - 1; last >= 0 {
		conn, h.idle = h.idle[last], h.idle[:last]
	} else if conn, err = h.open(); err != nil {
		<-h.places
		return nil, err
	}
	conn.SetInterrupt(ctx.Done())
	return conn, nil
}

func (h *handSQLite) open() (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(h.path, sqlite.OpenReadOnly)
	if err != nil {
		return nil, err
	}
	return conn, sqlitex.ExecuteScript(conn, "pragma query_only = 1; pragma cache_size = -2048;", nil)
}

func (h *handSQLite) put(conn *sqlite.Conn) {
	conn.SetInterrupt(nil)
	h.mu.Lock()
	h.idle = append(h.idle, conn)
	h.mu.Unlock()
	<-h.places
}

// rows carries out a statement and calls use for each of its rows.
func (h *handSQLite) rows(ctx context.Context, sql string, bind func(*sqlite.Stmt), use func(*sqlite.Stmt)) error {
	conn, err := h.take(ctx)
	if err != nil {
		return err
	}
	defer h.put(conn)
	stmt, err := conn.Prepare(sql)
	if err != nil {
		return err
	}
	bind(stmt)
	return step(stmt, use)
}

func step(stmt *sqlite.Stmt, use func(*sqlite.Stmt)) error {
	for {
		row, err := stmt.Step()
		if err != nil {
			return errors.Join(err, stmt.Reset())
		}
		if !row {
			return stmt.Reset()
		}
		use(stmt)
	}
}

// docs returns a user of rows that copies their only column to out.
func docs(out sink) func(*sqlite.Stmt) {
	return func(stmt *sqlite.Stmt) { out(blob(stmt, 0)) }
}

func blob(stmt *sqlite.Stmt, column int) []byte {
	data := make([]byte, stmt.ColumnLen(column))
	stmt.ColumnBytes(column, data)
	return data
}

func nothing(*sqlite.Stmt) {}

func (h *handSQLite) get(ctx context.Context, msgID string, out sink) error {
	found := false
	err := h.rows(ctx, "select doc from task_records where msg_id = ?",
		func(stmt *sqlite.Stmt) { stmt.BindText(1, msgID) },
		func(stmt *sqlite.Stmt) {
			found = true
			out(blob(stmt, 0))
		})
	if err == nil && !found {
		err = fmt.Errorf("get %q: %w", msgID, taskdb.ErrNotFound)
	}
	return err
}

func (h *handSQLite) incomplete(ctx context.Context, out sink) error {
	return h.rows(ctx, "select doc from task_records where completed is null", nothing, docs(out))
}

func (h *handSQLite) incompleteWithoutBuffers(ctx context.Context, out sink) error {
	return h.rows(ctx, "select doc from task_records where completed is null", nothing, func(stmt *sqlite.Stmt) {
		out(withoutKeys(blob(stmt, 0), "_id", "buffers", "result_buffers"))
	})
}

func (h *handSQLite) since(ctx context.Context, from int64, out sink) error {
	return h.rows(ctx, "select doc from task_records where submitted >= ?",
		func(stmt *sqlite.Stmt) { stmt.BindInt64(1, from) }, docs(out))
}

func (h *handSQLite) sinceOfOthers(ctx context.Context, from int64, client string, out sink) error {
	return h.rows(ctx, "select doc from task_records where submitted >= ? and client_uuid is not ?",
		func(stmt *sqlite.Stmt) {
			stmt.BindInt64(1, from)
			stmt.BindText(2, client)
		}, docs(out))
}

func (h *handSQLite) onEngines(ctx context.Context, engines []string, out sink) error {
	return h.rows(ctx, "select doc from task_records where engine_uuid in (?, ?)",
		func(stmt *sqlite.Stmt) {
			stmt.BindText(1, engines[0])
			stmt.BindText(2, engines[1])
		}, docs(out))
}

func (h *handSQLite) byIDs(ctx context.Context, msgIDs []string, out sink) error {
	conn, err := h.take(ctx)
	if err != nil {
		return err
	}
	defer h.put(conn)
	stmt, err := conn.Prepare("select doc from task_records where msg_id = ?")
	if err != nil {
		return err
	}
	for _, id := range msgIDs {
		stmt.BindText(1, id)
		if err := step(stmt, docs(out)); err != nil {
			return err
		}
	}
	return nil
}

func (h *handSQLite) newest(ctx context.Context, n int, out sink) error {
	return h.rows(ctx, "select doc from task_records order by completed desc limit ?",
		func(stmt *sqlite.Stmt) { stmt.BindInt64(1, int64(n)) }, docs(out))
}

// ofUser looks into every record, in one buffer, and copies those that it wants.
func (h *handSQLite) ofUser(ctx context.Context, user string, out sink) error {
	var doc bson.Raw
	return h.rows(ctx, "select doc from task_records", nothing, func(stmt *sqlite.Stmt) {
		if size := stmt.ColumnLen(0); size > cap(doc) {
			doc = make(bson.Raw, size)
		} else {
			doc = doc[:size]
		}
		stmt.ColumnBytes(0, doc)
		if found, ok := doc.Lookup("header", "username").StringValueOK(); ok && found == user {
			out(bytes.Clone(doc))
		}
	})
}

// countStates counts what is finished by its status, which only finished tasks
// have, and looks at the others.
func (h *handSQLite) countStates(ctx context.Context, out sink) error {
	counts := map[taskdb.State]int64{}
	states := map[string]taskdb.State{"ok": taskdb.StateOK, "error": taskdb.StateFailed, "aborted": taskdb.StateAborted}
	err := h.rows(ctx, "select status, count(*) from task_records where status is not null group by status", nothing,
		func(stmt *sqlite.Stmt) { counts[states[stmt.ColumnText(0)]] = stmt.ColumnInt64(1) })
	if err != nil {
		return err
	}
	err = h.rows(ctx, "select count(*), sum(engine_uuid is null and started is null) from task_records where completed is null", nothing,
		func(stmt *sqlite.Stmt) {
			counts[taskdb.StatePending] = stmt.ColumnInt64(1)
			counts[taskdb.StateRunning] = stmt.ColumnInt64(0) - stmt.ColumnInt64(1)
		})
	writeCounts(counts, out)
	return err
}

func (h *handSQLite) history(ctx context.Context, out sink) error {
	return h.rows(ctx, "select msg_id from task_records order by submitted", nothing, docs(out))
}

// forget has SQLite free its pages. As the binding compiles it, all connections
// of a process share one pool of them, and when they have read in turns for a
// while the last has the whole pool and the others none.
func (h *handSQLite) forget(ctx context.Context) error {
	return h.rows(ctx, "pragma shrink_memory", nothing, nothing)
}

func (h *handSQLite) add(ctx context.Context, doc bson.Raw) error { return h.writer.add(ctx, doc) }

package sqlite

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/taskdb/taskdb/backends/internal/bounds"
	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/taskdb"
)

// bury notes the msg_id of a record that made room, the last of those that were
// counted.
func (tx *transaction) bury(t *table, doc bson.Raw, rule string) error {
	id, ok := doc.Lookup("msg_id").StringValueOK()
	if !ok {
		return nil
	}
	return tx.execute("insert or replace into expired (collection, n, msg_id, state, rule, at) values (?, ?, ?, ?, ?, ?)",
		t.id, t.culled, id, string(taskdb.StateOf(doc)), rule, time.Now().UnixMilli())
}

// forgetOldest removes what is noted of all but the last records that made room.
func (tx *transaction) forgetOldest(t *table) error {
	return tx.execute("delete from expired where collection = ? and n <= ?", t.id, t.culled-bounds.MaxExpired)
}

// forgetExpired removes what is noted of a msg_id: another record with it was there, and
// is removed by somebody.
func (tx *transaction) forgetExpired(t *table, doc bson.Raw) error {
	id, ok := doc.Lookup("msg_id").StringValueOK()
	if !ok || t.culled == 0 {
		return nil
	}
	return tx.execute("delete from expired where collection = ? and msg_id = ?", t.id, id)
}

// forgetAllExpired is forgetExpired for records whose msg_ids the column has.
func (tx *transaction) forgetAllExpired(t *table, records []execute.Entry) error {
	if t.culled == 0 {
		return nil
	}
	some := listed(placesOf(records))
	return tx.execute("delete from expired where msg_id in (select msg_id from "+t.sql+" where "+some.sql+") and collection = ?",
		append(some.args, t.id)...)
}

// absent is the error of a record that is not there.
func (t *table) absent(conn *sqlite.Conn, msgID string) error {
	absent := taskdb.ErrNotFound
	err := sqlitex.Execute(conn, "select state, rule, at from expired where collection = ? and msg_id = ?", &sqlitex.ExecOptions{
		Args: []any{t.id, msgID},
		ResultFunc: func(stmt *sqlite.Stmt) error {
			absent = &taskdb.ExpiredError{
				MsgID: msgID, State: taskdb.State(stmt.ColumnText(0)), Rule: stmt.ColumnText(1), At: time.UnixMilli(stmt.ColumnInt64(2)).UTC(),
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	return absent
}

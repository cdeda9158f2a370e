package sqlite

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// totals are figures about a collection. The file has those of its last commit.
type totals struct {
	records, bytes int64 // with their buffers
	culled         int64 // records that made room
	lost           int64 // tasks that became so
	nextSeq        int64 // the place of the next record, never used twice
}

// count notes that a table has so many records more, or fewer, and so many bytes.
func (tx *transaction) count(t *table, records, bytes int64) {
	tx.recount(t)
	t.records += records
	t.bytes += bytes
}

// recount is called before a table's totals change, which goes back with the
// transaction.
func (tx *transaction) recount(t *table) {
	before := t.totals
	tx.onRollback = append(tx.onRollback, func() {
		before.nextSeq = t.nextSeq
		t.totals = before
	})
	tx.changed[t] = true
}

// sizeOf returns how many bytes a record takes.
func sizeOf(rest bson.Raw, lifted []taskdb.Lifted) int64 {
	n := len(rest)
	for _, array := range lifted {
		n += taskdb.SizeOf(array.Buffers)
	}
	return int64(n)
}

// saveTotals stores the totals of the tables that the transaction changed.
func (tx *transaction) saveTotals() error {
	for t := range tx.changed {
		if tx.tables[t.name] != t {
			continue // it was dropped
		}
		if err := tx.execute("update collections set records = ?, bytes = ?, culled = ?, lost = ?, next_seq = ? where id = ?",
			t.records, t.bytes, t.culled, t.lost, t.nextSeq, t.id); err != nil {
			return err
		}
		saved := t.totals
		tx.onCommit = append(tx.onCommit, func() { t.committed.Store(&saved) })
	}
	return nil
}

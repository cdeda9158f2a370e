package sqlite

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// totals are how many records a collection has, how many bytes they take with
// their buffers, and the place of the next one, which is never used twice. The
// file has those of its last commit.
type totals struct{ records, bytes, nextSeq int64 }

// count notes that a table has so many records more, or fewer, and so many bytes.
func (tx *transaction) count(t *table, records, bytes int64) {
	before := t.totals
	t.records += records
	t.bytes += bytes
	tx.onRollback = append(tx.onRollback, func() { t.records, t.bytes = before.records, before.bytes })
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
		if err := tx.execute("update collections set records = ?, bytes = ?, next_seq = ? where id = ?",
			t.records, t.bytes, t.nextSeq, t.id); err != nil {
			return err
		}
		saved := t.totals
		tx.onCommit = append(tx.onCommit, func() { t.committed.Store(&saved) })
	}
	return nil
}

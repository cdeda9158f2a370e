package sqlite

import (
	"bytes"
	"context"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// operand is an array of buffers that an update sets, too large to be stored by the
// writer while others wait: it is uploaded before.
type operand struct {
	array  taskdb.Lifted
	upload upload
	used   bool // by a record
}

// uploadOperands stores the large buffers that an update gives to top-level keys.
func (w *writable) uploadOperands(ctx context.Context, update *query.Update) error {
	set := update.Source()
	if !update.IsReplacement() {
		set, _ = set.Lookup("$set").DocumentOK()
	}
	if len(set) < pieceSize {
		return nil
	}
	_, lifted := taskdb.Lift(set)
	for _, array := range lifted {
		if taskdb.SizeOf(array.Buffers) < pieceSize {
			continue
		}
		o := &operand{array: array}
		w.operands = append(w.operands, o)
		if err := w.store.send(ctx, readerOf(array), &o.upload, make([]byte, pieceSize)); err != nil {
			return err
		}
	}
	return nil
}

// uploadOf returns the upload of an array that a record gets: that of an operand, if
// it is one that no other record has, or else one that the writer stores.
func (tx *transaction) uploadOf(array []taskdb.Lifted, operands []*operand) upload {
	for _, o := range operands {
		if !o.used && o.array.Key == array[0].Key && sameBuffers(o.array.Buffers, array[0].Buffers) {
			o.used = true
			tx.onRollback = append(tx.onRollback, func() { o.used = false })
			return o.upload
		}
	}
	return upload{tail: bytesOf(array)}
}

func sameBuffers(a, b []taskdb.LiftedBuffer) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Subtype != b[i].Subtype || !bytes.Equal(a[i].Data, b[i].Data) {
			return false
		}
	}
	return true
}

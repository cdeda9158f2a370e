// Package buffers is how a store opens the buffers of a record, wherever it keeps
// them.
package buffers

import (
	"bytes"
	"io"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Under returns the buffers that a document has under a key: none if the key is
// missing or null. If there is something else the error is taskdb.ErrNoBuffers.
func Under(doc bson.Raw, key string) ([]taskdb.LiftedBuffer, error) {
	v := doc.Lookup(key)
	if v.IsZero() || v.Type == bson.TypeNull {
		return nil, nil
	}
	if v.Type == bson.TypeArray {
		if buffers, ok := taskdb.BuffersOf(v.Value); ok {
			return buffers, nil
		}
	}
	return nil, taskdb.ErrNoBuffers
}

// Open opens a buffer that is in memory. Its bytes must never change.
func Open(b taskdb.LiftedBuffer) taskdb.Buffer {
	return inMemory{bytes.NewReader(b.Data[min(Prefix(b.Subtype), int64(len(b.Data))):])}
}

// OpenAt opens a buffer whose data, of so many bytes, is read as it is asked for.
func OpenAt(data io.ReaderAt, subtype byte, size int64) taskdb.Buffer {
	skipped := Prefix(subtype)
	return readInPieces{io.NewSectionReader(data, skipped, size-skipped)}
}

// Prefix is how many bytes the data of a binary value begins with that are no part of
// the buffer: of the old subtype, its length once more.
func Prefix(subtype byte) int64 {
	if subtype == bson.TypeBinaryBinaryOld {
		return 4
	}
	return 0
}

type inMemory struct{ *bytes.Reader }

// Close is io.Closer's.
func (inMemory) Close() error { return nil }

type readInPieces struct{ *io.SectionReader }

// Close is io.Closer's. Between two reads the buffer holds nothing.
func (readInPieces) Close() error { return nil }

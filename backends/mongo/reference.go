package mongo

import (
	"bytes"
	"encoding/binary"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// reference stands in a record for a buffer in GridFS: a binary value of the subtype
// referenceSubtype with the mark, the buffer's own subtype, its size and the name of
// its file.
type reference struct {
	subtype byte
	size    int64
	file    bson.ObjectID
}

const (
	referenceSubtype = byte(128) // the first that is free for users of BSON
	referenceSize    = len(mark) + 1 + 8 + 12
)

// mark is random, so that no other value has it by chance. A document that comes
// with it is refused.
const mark = "\x9a\x4e\xd1\x07\x5b\xf2\x38\xc6\xe0\x93\x1d\x74\xaa\x6f\x2c\xb8"

// hasReferences tells whether a document has references in it.
func hasReferences(doc []byte) bool { return bytes.Contains(doc, []byte(mark)) }

// refuseReferences refuses a document with references, of which nobody knows where
// they lead.
func refuseReferences(doc []byte) error {
	if hasReferences(doc) {
		return &query.Error{Code: query.CodeBadValue, Message: "the document holds the mark of a buffer that is kept apart"}
	}
	return nil
}

// data returns the reference's bytes in a record.
func (r reference) data() []byte {
	data := append([]byte(mark), r.subtype)
	data = binary.BigEndian.AppendUint64(data, uint64(r.size))
	return append(data, r.file[:]...)
}

// value returns the reference as a value to be stored.
func (r reference) value() bson.Binary { return bson.Binary{Subtype: referenceSubtype, Data: r.data()} }

// referenceIn returns the reference that an array's element is, or false if it is a
// buffer.
func referenceIn(b taskdb.LiftedBuffer) (r reference, ok bool) {
	if b.Subtype != referenceSubtype || len(b.Data) != referenceSize || !hasReferences(b.Data[:len(mark)]) {
		return r, false
	}
	rest := b.Data[len(mark):]
	r.subtype, r.size = rest[0], int64(binary.BigEndian.Uint64(rest[1:]))
	copy(r.file[:], rest[9:])
	return r, true
}

package taskdb

import (
	"bytes"
	"fmt"
	"iter"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
)

// UnmarshalBSON makes the record what a document says, and forgets what it was. Times become UTC. A
// missing key leaves its field zero. Where a key stands twice, its first value that is not empty
// counts, and the other goes to Extra.
//
// It fails, and leaves the record as it was, only if doc is not one whole BSON document.
func (r *TaskRecord) UnmarshalBSON(doc []byte) error {
	if err := query.Validate(doc); err != nil {
		return fmt.Errorf("decode record: %w", err)
	}
	*r = TaskRecord{}
	for rest := doc[4 : len(doc)-1]; len(rest) > 0; {
		var element bsoncore.Element
		element, rest, _ = bsoncore.ReadElement(rest)
		r.decode(element)
	}
	if r.Extra != nil {
		r.Extra = append(r.Extra, 0)
		bsoncore.UpdateLength(r.Extra, 0, int32(len(r.Extra)))
	}
	return nil
}

// Records yields the records that documents are, and ends with the first error.
func Records(docs iter.Seq2[bson.Raw, error]) iter.Seq2[*TaskRecord, error] {
	return func(yield func(*TaskRecord, error) bool) {
		for doc, err := range docs {
			record := new(TaskRecord)
			if err == nil {
				err = record.UnmarshalBSON(doc)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(record, nil) {
				return
			}
		}
	}
}

// decode takes one element of a valid document. Extra stays open: without its length and last byte.
func (r *TaskRecord) decode(element bsoncore.Element) {
	key := element.KeyBytes()
	if string(key) == "_id" || setField(r.field(string(key)), element.Value()) {
		return
	}
	if r.Extra == nil {
		_, r.Extra = bsoncore.ReserveLength(nil)
	}
	r.Extra = append(r.Extra, element...)
}

// setField sets a field if it can hold the value and holds none yet.
func setField(field any, value bsoncore.Value) bool {
	if field == nil || value.Type == bsoncore.TypeNull {
		return field != nil
	}
	if !isEmpty(field) {
		return false
	}
	ok := false
	switch field := field.(type) {
	case *string:
		*field, ok = value.StringValueOK()
	case *time.Time:
		*field, ok = timeOf(value)
	case *bson.Raw:
		*field, ok = documentOf(value)
	case *[][]byte:
		*field, ok = buffersOf(value)
	}
	return ok
}

// timeOf refuses the one instant that a field cannot hold, since it is Go's zero time.
func timeOf(value bsoncore.Value) (time.Time, bool) {
	milliseconds, ok := value.DateTimeOK()
	if !ok {
		return time.Time{}, false
	}
	instant := time.UnixMilli(milliseconds).UTC()
	return instant, !instant.IsZero()
}

func documentOf(value bsoncore.Value) (bson.Raw, bool) {
	doc, ok := value.DocumentOK()
	return bytes.Clone(doc), ok
}

// buffersOf takes an array of binaries of the generic subtype: another subtype would be lost.
func buffersOf(value bsoncore.Value) ([][]byte, bool) {
	array, ok := value.ArrayOK()
	if !ok {
		return nil, false
	}
	var buffers [][]byte
	for rest := array[4 : len(array)-1]; len(rest) > 0; {
		var element bsoncore.Element
		element, rest, _ = bsoncore.ReadElement(rest)
		subtype, data, ok := element.Value().BinaryOK()
		if !ok || subtype != bson.TypeBinaryGeneric {
			return nil, false
		}
		buffers = append(buffers, bytes.Clone(data))
	}
	return buffers, true
}

package taskdb

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
)

// MaxRecordSize is how many bytes a record may have, as in MongoDB, without the
// buffers that a store may keep beside it (see Lift).
const MaxRecordSize = 16 << 20

// Prepare returns a document as AddRaw stores it: with its _id, in the first place,
// where MongoDB puts it. One without gets its msg_id as _id, if that is a string,
// else a new ObjectID. It fails if no store takes the document. What it returns may
// share the document's bytes.
func Prepare(doc bson.Raw) (bson.Raw, error) {
	if err := query.Validate(doc); err != nil {
		return nil, err
	}
	before, id, after, err := splitAtID(doc)
	if err != nil {
		return nil, err
	}
	isFirst := len(before) == 0 && id != nil
	if id == nil {
		id = newID(doc)
	}
	if err := query.CheckID(bson.RawValue{Type: bson.Type(id.Value().Type), Value: id.Value().Data}); err != nil {
		return nil, err
	}
	if !isFirst {
		doc = bson.Raw(bsoncore.BuildDocument(nil, id, before, after))
	}
	if err := checkSize(doc, 0); err != nil {
		return nil, err
	}
	return doc, nil
}

func checkSize(doc bson.Raw, beside int) error {
	if len(doc)+beside <= MaxRecordSize {
		return nil
	}
	if rest, _ := Lift(doc); len(rest)+beside > MaxRecordSize {
		return fmt.Errorf("%d bytes, of %d: %w", len(rest)+beside, MaxRecordSize, ErrTooLarge)
	}
	return nil
}

// splitAtID returns a document's elements: its _id, nil if it has none, those before
// it and those after it.
func splitAtID(doc bson.Raw) (before []byte, id bsoncore.Element, after []byte, err error) {
	after = doc[4 : len(doc)-1]
	for at := 4; at < len(doc)-1; {
		element, rest, _ := bsoncore.ReadElement(doc[at : len(doc)-1])
		if string(element.KeyBytes()) == "_id" {
			if id != nil {
				return nil, nil, nil, &query.Error{Code: query.CodeBadValue, Message: "can't have multiple _id fields in one document", Path: "_id"}
			}
			before, id, after = doc[4:at], element, rest
		}
		at += len(element)
	}
	return before, id, after, nil
}

// newID returns the _id that a document without one is to have.
func newID(doc bson.Raw) bsoncore.Element {
	if msgID, ok := doc.Lookup("msg_id").StringValueOK(); ok {
		return bsoncore.AppendStringElement(nil, "_id", msgID)
	}
	return bsoncore.AppendObjectIDElement(nil, "_id", bson.NewObjectID())
}

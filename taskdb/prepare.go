package taskdb

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
)

// MaxRecordSize is how many bytes a record may have, as in MongoDB.
const MaxRecordSize = 16 << 20

// prepare checks a document that is to be stored and returns it with its _id in
// the first place, where MongoDB puts it.
func prepare(doc bson.Raw) (bson.Raw, error) {
	if err := query.Validate(doc); err != nil {
		return nil, err
	}
	if len(doc) > MaxRecordSize {
		return nil, fmt.Errorf("%d bytes, of %d: %w", len(doc), MaxRecordSize, ErrTooLarge)
	}
	elements, err := doc.Elements()
	if err != nil {
		return nil, err
	}
	id, at := idOf(doc, elements)
	if at == 0 {
		return doc, nil
	}
	switch id.Type {
	case bson.TypeArray, bson.TypeRegex, bson.TypeUndefined:
		return nil, fmt.Errorf("the _id must not be of type %s", id.Type)
	}
	start, dst := bsoncore.AppendDocumentStart(make([]byte, 0, len(doc)+len(id.Value)+5))
	dst = bsoncore.AppendValueElement(dst, "_id", bsoncore.Value{Type: bsoncore.Type(id.Type), Data: id.Value})
	for i, element := range elements {
		if i != at {
			dst = append(dst, element...)
		}
	}
	return bsoncore.AppendDocumentEnd(dst, start)
}

// idOf returns a document's _id and its place. If it has none, the place is -1
// and the value is the one that it is to have.
func idOf(doc bson.Raw, elements []bson.RawElement) (id bson.RawValue, at int) {
	for i, element := range elements {
		if element.Key() == "_id" {
			return element.Value(), i
		}
	}
	if msgID := doc.Lookup("msg_id"); msgID.Type == bson.TypeString {
		return msgID, -1
	}
	objectID := bson.NewObjectID()
	return bson.RawValue{Type: bson.TypeObjectID, Value: objectID[:]}, -1
}

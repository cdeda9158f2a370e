package taskdb

import (
	"fmt"
	"slices"

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
	elements, err := doc.Elements()
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(elements, isID)
	if slices.ContainsFunc(elements[at+1:], isID) {
		return nil, &query.Error{Code: query.CodeBadValue, Message: "can't have multiple _id fields in one document", Path: "_id"}
	}
	var id bson.RawValue
	if at >= 0 {
		id = elements[at].Value()
	} else {
		id = newID(doc)
	}
	if err := checkID(id); err != nil {
		return nil, err
	}
	if at != 0 {
		doc = withIDFirst(id, elements)
	}
	if len(doc) > MaxRecordSize {
		return nil, fmt.Errorf("%d bytes, of %d: %w", len(doc), MaxRecordSize, ErrTooLarge)
	}
	return doc, nil
}

func isID(element bson.RawElement) bool { return element.Key() == "_id" }

// newID returns the _id that a document without one is to have.
func newID(doc bson.Raw) bson.RawValue {
	if msgID := doc.Lookup("msg_id"); msgID.Type == bson.TypeString {
		return msgID
	}
	objectID := bson.NewObjectID()
	return bson.RawValue{Type: bson.TypeObjectID, Value: objectID[:]}
}

func checkID(id bson.RawValue) error {
	switch id.Type {
	case bson.TypeArray, bson.TypeRegex, bson.TypeUndefined:
		return &query.Error{
			Code:    query.CodeInvalidIDField,
			Message: fmt.Sprintf("The '_id' value cannot be of type %s", id.Type),
			Path:    "_id",
		}
	}
	return nil
}

// withIDFirst returns a document of an _id and of the elements that are none.
func withIDFirst(id bson.RawValue, elements []bson.RawElement) bson.Raw {
	start, dst := bsoncore.ReserveLength(nil)
	dst = bsoncore.AppendValueElement(dst, "_id", bsoncore.Value{Type: bsoncore.Type(id.Type), Data: id.Value})
	for _, element := range elements {
		if !isID(element) {
			dst = append(dst, element...)
		}
	}
	dst = append(dst, 0)
	return bson.Raw(bsoncore.UpdateLength(dst, start, int32(len(dst))))
}

package taskdb

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
)

// MarshalBSON encodes the record as a document. It is AppendBSON to new memory; its receiver is no
// pointer so that the bson package finds it for a TaskRecord as well as for a *TaskRecord.
func (r TaskRecord) MarshalBSON() ([]byte, error) {
	return r.AppendBSON(nil)
}

// AppendBSON appends the record, encoded as a document, to dst. Times are cut to milliseconds,
// towards the past.
//
// It fails, and returns dst as it was, if a field or Extra cannot be stored: text that is not UTF-8,
// a time beyond the 292 million years that BSON counts in, broken BSON, or a key in Extra that
// belongs to a field that is set or is "_id".
func (r *TaskRecord) AppendBSON(dst []byte) ([]byte, error) {
	start, doc := bsoncore.ReserveLength(dst)
	for _, key := range recordKeys {
		var err error
		if doc, err = r.appendField(doc, key); err != nil {
			return dst, fmt.Errorf("encode record %q: key %q: %w", r.MsgID, key, err)
		}
	}
	doc, err := r.appendExtra(doc)
	if err != nil {
		return dst, fmt.Errorf("encode record %q: %w", r.MsgID, err)
	}
	doc = append(doc, 0)
	if len(doc)-len(dst) > math.MaxInt32 {
		return dst, fmt.Errorf("encode record %q: %d bytes are more than a BSON document holds", r.MsgID, len(doc)-len(dst))
	}
	return bsoncore.UpdateLength(doc, start, int32(len(doc)-len(dst))), nil
}

func (r *TaskRecord) appendField(dst []byte, key string) ([]byte, error) {
	field := r.field(key)
	if !isEmpty(field) {
		switch field := field.(type) {
		case *string:
			return appendText(dst, key, *field)
		case *time.Time:
			return appendTime(dst, key, *field)
		case *bson.Raw:
			return appendDocument(dst, key, *field)
		case *[][]byte:
			return appendBuffers(dst, key, *field), nil
		}
	}
	return r.appendEmpty(dst, key), nil
}

func isEmpty(field any) bool {
	switch field := field.(type) {
	case *string:
		return *field == ""
	case *time.Time:
		return field.IsZero()
	case *bson.Raw:
		return len(*field) == 0
	case *[][]byte:
		return len(*field) == 0
	}
	return true
}

// appendEmpty appends what IPython's hub writes before it knows a value, unless Extra has one.
func (r *TaskRecord) appendEmpty(dst []byte, key string) []byte {
	if len(r.Extra) != 0 {
		if _, err := r.Extra.LookupErr(key); err == nil {
			return dst
		}
	}
	switch key {
	case "stdout", "stderr":
		return bsoncore.AppendStringElement(dst, key, "")
	case "pyin", "pyout", "pyerr":
		return dst
	}
	return bsoncore.AppendNullElement(dst, key)
}

func appendText(dst []byte, key, text string) ([]byte, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("the text is not UTF-8")
	}
	return bsoncore.AppendStringElement(dst, key, text), nil
}

func appendTime(dst []byte, key string, instant time.Time) ([]byte, error) {
	milliseconds := instant.UnixMilli()
	if time.UnixMilli(milliseconds).Unix() != instant.Unix() {
		return nil, fmt.Errorf("the year %d is beyond BSON's times", instant.Year())
	}
	return bsoncore.AppendDateTimeElement(dst, key, milliseconds), nil
}

func appendDocument(dst []byte, key string, doc bson.Raw) ([]byte, error) {
	if err := query.Validate(doc); err != nil {
		return nil, err
	}
	return bsoncore.AppendDocumentElement(dst, key, doc), nil
}

func appendBuffers(dst []byte, key string, buffers [][]byte) []byte {
	start, dst := bsoncore.AppendArrayElementStart(dst, key)
	for i, buffer := range buffers {
		dst = bsoncore.AppendBinaryElement(dst, strconv.Itoa(i), bson.TypeBinaryGeneric, buffer)
	}
	dst = append(dst, 0)
	return bsoncore.UpdateLength(dst, start, int32(len(dst))-start)
}

// appendExtra appends the elements of Extra as they are.
func (r *TaskRecord) appendExtra(dst []byte) ([]byte, error) {
	if len(r.Extra) == 0 {
		return dst, nil
	}
	if err := query.Validate(r.Extra); err != nil {
		return nil, fmt.Errorf("extra: %w", err)
	}
	elements := r.Extra[4 : len(r.Extra)-1]
	for rest := elements; len(rest) > 0; {
		var element bsoncore.Element
		element, rest, _ = bsoncore.ReadElement(rest)
		switch key := element.Key(); {
		case key == "_id":
			return nil, errors.New(`extra: key "_id": it belongs to the store`)
		case !isEmpty(r.field(key)):
			return nil, fmt.Errorf("extra: key %q: the record's own field is set too", key)
		}
	}
	return append(dst, elements...), nil
}

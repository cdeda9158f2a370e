package query

import (
	"fmt"
	"reflect"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/shelljson"
)

// MongoFilter is a filter in MongoDB's operators alone: Parse takes it as
// ParseMongoFilter does.
type MongoFilter bson.Raw

// Parse is ParseFilter for what a caller may write a filter as: a *Filter, which
// is returned, a MongoFilter, or what Document takes.
func Parse(filter any) (*Filter, error) {
	switch filter := filter.(type) {
	case *Filter:
		if filter != nil {
			return filter, nil
		}
	case MongoFilter:
		return ParseMongoFilter(bson.Raw(filter))
	}
	doc, err := Document(filter)
	if err != nil {
		return nil, err
	}
	return ParseFilter(doc)
}

// MustParse is Parse for filters that are known to be right. It panics if one is
// not.
func MustParse(filter any) *Filter {
	parsed, err := Parse(filter)
	if err != nil {
		panic(err)
	}
	return parsed
}

// ParseSortValue is ParseSort for what a caller may write a sort as: a *Sort,
// which is returned, or what Document takes. A Go map of several keys is refused,
// since it has no order.
func ParseSortValue(sort any) (*Sort, error) {
	if sort == nil {
		return noSort, nil
	}
	if parsed, ok := sort.(*Sort); ok && parsed != nil {
		return parsed, nil
	}
	if v := reflect.ValueOf(sort); v.Kind() == reflect.Map && v.Len() > 1 {
		return nil, failure(CodeBadValue, "a sort by several keys needs them in order: use bson.D, not a map")
	}
	doc, err := Document(sort)
	if err != nil {
		return nil, err
	}
	return ParseSort(doc)
}

// ParseProjectionValue is ParseProjection for what a caller may write a
// projection as: a *Projection, which is returned, or what Document takes.
func ParseProjectionValue(projection any) (*Projection, error) {
	if parsed, ok := projection.(*Projection); ok && parsed != nil {
		return parsed, nil
	}
	doc, err := Document(projection)
	if err != nil {
		return nil, err
	}
	return ParseProjection(doc)
}

// Document makes a BSON document of what a caller may write one as: text in
// extended JSON or in the way of MongoDB's shell (string), BSON (bson.Raw,
// []byte), or a Go value that bson.Marshal makes a document of, such as bson.D.
// nil is the empty document.
func Document(v any) (bson.Raw, error) {
	switch v := v.(type) {
	case nil:
		return bson.Raw{5, 0, 0, 0, 0}, nil
	case bson.Raw:
		return v, nil
	case []byte:
		return v, nil
	case string:
		doc, err := shelljson.Parse(v)
		if err != nil {
			return nil, &Error{Code: CodeFailedToParse, Message: err.Error(), Cause: err}
		}
		return doc, nil
	}
	doc, err := bson.Marshal(v)
	if err != nil {
		return nil, &Error{Code: CodeFailedToParse, Message: fmt.Sprintf("%T is no document: %v", v, err), Cause: err}
	}
	return doc, nil
}

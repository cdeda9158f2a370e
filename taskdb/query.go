package taskdb

import (
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
)

// Query says which records to find and what to show of them. The zero value
// finds every record, without buffers.
//
// Filter, Projection and Sort are written as MongoDB has them, as text in
// extended JSON or in the way of MongoDB's shell, as BSON (bson.D, bson.Raw), or
// as any Go value that makes such a document.
type Query struct {
	// Filter selects records; nil selects all.
	Filter any
	// Keys are the top-level keys to show, besides msg_id, which always is. None
	// means all but buffers and result_buffers. The _id is not shown.
	Keys []string
	// Projection says more exactly than Keys what to show, and with nothing added
	// or left out: {} is the whole document, _id and buffers included. Only one
	// of Keys and Projection may be given.
	Projection any
	// Sort orders the records: a document of paths and directions, 1 and -1.
	// Without one no order is promised.
	Sort any
	// Skip leaves out that many records at the start.
	Skip int64
	// Limit ends after that many records; 0 is no limit.
	Limit int64
}

// request checks the query.
func (q Query) request() (Request, error) {
	filter, err := query.Parse(q.Filter)
	if err != nil {
		return Request{}, err
	}
	sort, err := query.ParseSortValue(q.Sort)
	if err != nil {
		return Request{}, err
	}
	projection, err := q.projection()
	if err != nil {
		return Request{}, err
	}
	if q.Skip < 0 {
		return Request{}, negative("skip", q.Skip)
	}
	if q.Limit < 0 {
		return Request{}, negative("limit", q.Limit)
	}
	return Request{Filter: filter, Projection: projection, Sort: sort, Skip: q.Skip, Limit: q.Limit}, nil
}

func (q Query) projection() (*query.Projection, error) {
	if i := slices.IndexFunc(q.Keys, func(key string) bool { return strings.ContainsRune(key, 0) }); i >= 0 {
		return nil, &query.Error{Code: query.CodeBadValue, Message: "a key cannot have a NUL", Path: fmt.Sprintf("keys.%d", i)}
	}
	if q.Projection == nil {
		return query.ParseProjection(keysProjection(q.Keys))
	}
	if len(q.Keys) > 0 {
		return nil, &query.Error{Code: query.CodeBadValue, Message: "keys and a projection exclude each other", Path: "projection"}
	}
	return query.ParseProjectionValue(q.Projection)
}

// keysProjection is the projection that a list of keys stands for.
func keysProjection(keys []string) bson.Raw {
	b := bsoncore.NewDocumentBuilder().AppendInt32("_id", 0)
	if len(keys) == 0 {
		return bson.Raw(b.AppendInt32("buffers", 0).AppendInt32("result_buffers", 0).Build())
	}
	b.AppendInt32("msg_id", 1)
	for i, key := range keys {
		if key != "msg_id" && key != "_id" && !slices.Contains(keys[:i], key) {
			b.AppendInt32(key, 1)
		}
	}
	return bson.Raw(b.Build())
}

func negative(name string, n int64) error {
	return &query.Error{
		Code:    query.CodeBadValue,
		Message: fmt.Sprintf("%s value must be non-negative, but received: %d", name, n),
		Path:    name,
	}
}

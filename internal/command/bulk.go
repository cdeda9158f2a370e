package command

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Bulk is an update or a delete command, for taskdb.DB.Bulk.
type Bulk struct {
	Collection string // without the database
	Ordered    bool
	Operations []taskdb.Operation
}

// ParseUpdate reads an update command.
func ParseUpdate(command bson.Raw) (Bulk, error) {
	return parseBulk(command, "updates", updateStatement)
}

// ParseDelete reads a delete command.
func ParseDelete(command bson.Raw) (Bulk, error) {
	return parseBulk(command, "deletes", deleteStatement)
}

func parseBulk(command bson.Raw, list string, parse func(doc bson.Raw) (taskdb.Operation, error)) (Bulk, error) {
	f, collection := readCommand(command, list, "ordered")
	b := Bulk{Collection: collection, Ordered: true}
	if !isNull(f.values["ordered"]) {
		b.Ordered = f.flag("ordered")
	}
	for _, statement := range f.statements(list) {
		if f.err != nil {
			break
		}
		var operation taskdb.Operation
		operation, f.err = parse(statement)
		b.Operations = append(b.Operations, operation)
	}
	if f.err != nil {
		return Bulk{}, f.err
	}
	return b, nil
}

func updateStatement(doc bson.Raw) (taskdb.Operation, error) {
	f := read("update.updates", doc, "q", "u", "c", "arrayFilters", "multi", "upsert", "sort")
	f.required("q")
	f.required("u")
	u := taskdb.Update{
		Filter:       f.document("q"),
		Update:       f.update("u"),
		ArrayFilters: anyOf(f.documents("arrayFilters")),
		Sort:         f.document("sort"),
		Many:         f.flag("multi"),
		Upsert:       f.flag("upsert"),
	}
	if !isNull(f.values["c"]) {
		f.refuse(codeConstants, "c", "Constant values may only be specified for pipeline updates")
	}
	return u, f.err
}

// codeConstants is MongoDB's code of constants for an update that has no use for
// them.
const codeConstants = 51198

// update returns an update: a document, or the stages of a pipeline.
func (f *fields) update(key string) any {
	v := f.values[key]
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		return v.Document()
	case bson.TypeArray:
		return v.Array()
	default:
		f.refuse(query.CodeFailedToParse, key, "Update argument must be either an object or an array")
	}
	return nil
}

func anyOf(docs []bson.Raw) []any {
	list := make([]any, len(docs))
	for i, doc := range docs {
		list[i] = doc
	}
	return list
}

func deleteStatement(doc bson.Raw) (taskdb.Operation, error) {
	f := read("delete.deletes", doc, "q", "limit")
	f.required("q")
	f.required("limit")
	d := taskdb.Delete{Filter: f.document("q")}
	limit := f.get("limit", bson.TypeInt32, bson.TypeInt64, bson.TypeDouble, bson.TypeDecimal128)
	switch {
	case f.err != nil:
	case equals(limit, 0):
		d.Many = true
	case !equals(limit, 1):
		f.refuse(query.CodeFailedToParse, "limit", "The limit field in delete objects must be 0 or 1. Got "+limit.String())
	}
	return d, f.err
}

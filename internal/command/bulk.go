package command

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Bulk is an insert, an update or a delete command, for taskdb.DB.Bulk.
type Bulk struct {
	Collection string // without the database
	Ordered    bool
	Operations []taskdb.Operation
	Let        bson.Raw        // the variables of expressions, empty if there are none
	Hints      []bson.RawValue // the indexes to use, by name or keys
}

// ParseInsert reads an insert command.
func ParseInsert(c Command) (Bulk, error) {
	return parseBulk(c, "documents", func(doc bson.Raw, b *Bulk) error {
		b.Operations = append(b.Operations, taskdb.Insert{Doc: doc})
		return nil
	})
}

// ParseUpdate reads an update command.
func ParseUpdate(c Command) (Bulk, error) { return parseBulk(c, "updates", updateStatement) }

// ParseDelete reads a delete command.
func ParseDelete(c Command) (Bulk, error) { return parseBulk(c, "deletes", deleteStatement) }

func parseBulk(c Command, list string, parse func(statement bson.Raw, b *Bulk) error) (Bulk, error) {
	f := Read(c, list, "ordered", "let", "bypassDocumentValidation")
	b := Bulk{Collection: f.Collection(), Ordered: true, Let: f.Document("let")}
	if f.Has("ordered") {
		b.Ordered = f.Flag("ordered")
	}
	f.LooseFlag("bypassDocumentValidation")
	for _, statement := range f.statements(list) {
		if f.err != nil {
			break
		}
		f.err = parse(statement, &b)
	}
	if f.err != nil {
		return Bulk{}, f.err
	}
	return b, nil
}

// MaxStatements is how many statements a command may have.
const MaxStatements = 100_000

// statements returns the statements of a command, of which there must be one.
func (f *Fields) statements(key string) []bson.Raw {
	f.Required(key)
	list := f.Documents(key)
	if len(list) == 0 || len(list) > MaxStatements {
		f.Refuse(query.CodeInvalidLength, key, "Write batch sizes must be between 1 and 100000.")
	}
	return list
}

func updateStatement(doc bson.Raw, b *Bulk) error {
	f := ReadStatement("update.updates", doc, "q", "u", "c", "arrayFilters", "multi", "upsert", "sort", "hint", "collation")
	f.Required("q")
	f.Required("u")
	b.Operations = append(b.Operations, taskdb.Update{
		Filter:       f.filter("q"),
		Update:       f.update("u"),
		ArrayFilters: anyOf(f.Documents("arrayFilters")),
		Sort:         f.Document("sort"),
		Many:         f.Flag("multi"),
		Upsert:       f.Flag("upsert"),
	})
	if f.Has("c") {
		f.Refuse(codeConstants, "c", "Constant values may only be specified for pipeline updates")
	}
	b.hint(f)
	return f.err
}

// codeConstants is MongoDB's code of constants for an update that has no use for
// them.
const codeConstants = 51198

// filter returns a filter, in MongoDB's language alone.
func (f *Fields) filter(key string) query.MongoFilter { return query.MongoFilter(f.Document(key)) }

// update returns an update: a document. Pipelines are not implemented.
func (f *Fields) update(key string) bson.Raw {
	v := f.values[key]
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		return v.Document()
	case bson.TypeArray:
		f.Refuse(query.CodeNotImplemented, key, "updates by a pipeline are not implemented")
	default:
		f.Refuse(query.CodeFailedToParse, key, "Update argument must be either an object or an array")
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

func deleteStatement(doc bson.Raw, b *Bulk) error {
	f := ReadStatement("delete.deletes", doc, "q", "limit", "hint", "collation")
	f.Required("q")
	f.Required("limit")
	d := taskdb.Delete{Filter: f.filter("q")}
	limit := f.get("limit", bson.TypeInt32, bson.TypeInt64, bson.TypeDouble, bson.TypeDecimal128)
	switch {
	case f.err != nil:
	case equals(limit, 0):
		d.Many = true
	case !equals(limit, 1):
		f.Refuse(query.CodeFailedToParse, "limit", "The limit field in delete objects must be 0 or 1. Got "+limit.String())
	}
	b.Operations = append(b.Operations, d)
	b.hint(f)
	return f.err
}

// hint notes which index a statement is to use.
func (b *Bulk) hint(f *Fields) {
	f.CheckCollation()
	if hint := f.Hint(); !hint.IsZero() {
		b.Hints = append(b.Hints, hint)
	}
}

package command

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Bulk is an insert, an update or a delete command, for taskdb.DB.Bulk.
type Bulk struct {
	Collection string // without the database
	Ordered    bool
	Operations []taskdb.Operation
	Hints      []bson.RawValue // the indexes to use, by name or keys
}

// ParseInsert reads an insert command.
func ParseInsert(c Command) (Bulk, error) {
	return parseBulk(c, "documents", func(doc bson.Raw, b *Bulk, _ *query.Let) error {
		b.Operations = append(b.Operations, taskdb.Insert{Doc: doc})
		return nil
	})
}

// ParseUpdate reads an update command.
func ParseUpdate(c Command) (Bulk, error) { return parseBulk(c, "updates", updateStatement) }

// ParseDelete reads a delete command.
func ParseDelete(c Command) (Bulk, error) { return parseBulk(c, "deletes", deleteStatement) }

func parseBulk(c Command, list string, parse func(statement bson.Raw, b *Bulk, let *query.Let) error) (Bulk, error) {
	f := Read(c, list, "ordered", "let", "bypassDocumentValidation")
	b := Bulk{Collection: f.Collection(), Ordered: true}
	if f.Has("ordered") {
		b.Ordered = f.Flag("ordered")
	}
	f.LooseFlag("bypassDocumentValidation")
	let := f.Let()
	for _, statement := range f.statements(list) {
		if f.err != nil {
			break
		}
		f.err = parse(statement, &b, let)
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

func updateStatement(doc bson.Raw, b *Bulk, let *query.Let) error {
	f := ReadStatement("update.updates", doc, "q", "u", "c", "arrayFilters", "multi", "upsert", "sort", "hint", "collation")
	f.Required("q")
	f.Required("u")
	b.Operations = append(b.Operations, taskdb.Update{
		Filter:       f.filter("q", let),
		Update:       f.update("u", let),
		ArrayFilters: anyOf(f.Documents("arrayFilters")),
		Sort:         f.Document("sort"),
		Many:         f.Flag("multi"),
		Upsert:       f.Flag("upsert"),
	})
	b.hint(f)
	return f.err
}

// filter returns a filter, in MongoDB's language alone.
func (f *Fields) filter(key string, let *query.Let) query.MongoFilter {
	return query.MongoFilter(let.Filter(f.Document(key)))
}

// update returns an update: a document, or the stages of a pipeline.
func (f *Fields) update(key string, let *query.Let) any {
	v := f.values[key]
	switch v.Type {
	case bson.TypeEmbeddedDocument:
		if f.Has("c") {
			f.Refuse(codeConstants, "c", "Constant values may only be specified for pipeline updates")
		}
		return v.Document()
	case bson.TypeArray:
		return f.pipeline(key, let)
	}
	f.Refuse(query.CodeFailedToParse, key, "Update argument must be either an object or an array")
	return nil
}

// codeConstants is MongoDB's code of constants for an update that has no use for
// them.
const codeConstants = 51198

// pipeline returns the stages of an update, whose expressions know the variables and
// the statement's own constants.
func (f *Fields) pipeline(key string, let *query.Let) []bson.Raw {
	stages := f.Documents(key)
	if f.Has("c") {
		constants, err := query.ParseLet(literals(f.Document("c")), time.Time{})
		if err != nil && f.err == nil {
			f.err = err
		}
		stages = constants.Update(stages)
	}
	return let.Update(stages)
}

// literals is a document of expressions that are the values of another.
func literals(doc bson.Raw) bson.Raw {
	start, dst := bsoncore.AppendDocumentStart(nil)
	elements, _ := doc.Elements()
	for _, e := range elements {
		var literal int32
		literal, dst = bsoncore.AppendDocumentElementStart(dst, e.Key())
		dst = bsoncore.AppendValueElement(dst, "$literal", bsoncore.Value{Type: bsoncore.Type(e.Value().Type), Data: e.Value().Value})
		dst, _ = bsoncore.AppendDocumentEnd(dst, literal)
	}
	dst, _ = bsoncore.AppendDocumentEnd(dst, start)
	return bson.Raw(dst)
}

func anyOf(docs []bson.Raw) []any {
	list := make([]any, len(docs))
	for i, doc := range docs {
		list[i] = doc
	}
	return list
}

func deleteStatement(doc bson.Raw, b *Bulk, let *query.Let) error {
	f := ReadStatement("delete.deletes", doc, "q", "limit", "hint", "collation")
	f.Required("q")
	f.Required("limit")
	d := taskdb.Delete{Filter: f.filter("q", let)}
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

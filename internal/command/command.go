// Package command reads MongoDB's commands that write (update, delete,
// findAndModify) as strictly as MongoDB does, and writes their replies.
//
// What is wrong with a command's own fields is refused with MongoDB's code before
// anything is done. What is wrong in the language, as an unknown operator, is the
// operation's to tell when its turn comes.
package command

import (
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// generic are the fields that every command may have. They are the concern of who
// carries it out.
var generic = []string{
	"$audit", "$client", "$clusterTime", "$db", "$readPreference", "apiDeprecationErrors", "apiStrict", "apiVersion", "autocommit",
	"comment", "lsid", "maxTimeMS", "readConcern", "startTransaction", "stmtId", "stmtIds", "txnNumber", "writeConcern",
}

// unsupported are fields that would change what a command does.
var unsupported = []string{"collation", "hint", "let"}

// fields are those of a command, or of a statement in it. The first error of
// reading them is kept, and what is read after it is of no use.
type fields struct {
	of     string // "update" or "update.updates", for messages
	values map[string]bson.RawValue
	err    error
}

// read reads a valid document whose fields must be known ones, each given once.
func read(of string, doc bson.Raw, known ...string) *fields {
	f := &fields{of: of, values: map[string]bson.RawValue{}}
	elements, _ := doc.Elements()
	for _, e := range elements {
		key := e.Key()
		_, twice := f.values[key]
		switch f.values[key] = e.Value(); {
		case twice:
			f.fail(query.CodeDuplicateField, key, "is a duplicate field")
		case slices.Contains(unsupported, key) && !isNull(e.Value()):
			f.refuse(query.CodeNotImplemented, key, "the field '"+key+"' is not implemented")
		case !slices.Contains(known, key) && !slices.Contains(unsupported, key):
			f.fail(query.CodeUnknownField, key, "is an unknown field.")
		}
	}
	return f
}

// readCommand is read for a whole command, which may be broken. The first field
// names the command, and has the collection's name, which is returned too.
func readCommand(doc bson.Raw, known ...string) (f *fields, collection string) {
	if err := query.Validate(doc); err != nil {
		return &fields{err: err}, ""
	}
	name := ""
	if first, err := doc.IndexErr(0); err == nil {
		name = first.Key()
	}
	f = read(name, doc, slices.Concat(known, generic, []string{name, "bypassDocumentValidation"})...)
	v := f.values[name]
	collection, ok := v.StringValueOK()
	switch {
	case !ok:
		f.refuse(query.CodeInvalidNamespace, name, "collection name has invalid type "+query.TypeName(v.Type))
	case collection == "":
		f.refuse(query.CodeInvalidNamespace, name, "Invalid namespace specified: the collection has no name")
	}
	return f, collection
}

// refuse notes an error, if it is the first.
func (f *fields) refuse(code int, key, message string) {
	if f.err == nil {
		f.err = &query.Error{Code: code, Message: message, Path: key}
	}
}

// fail refuses a field in the words that MongoDB has for fields.
func (f *fields) fail(code int, key, what string) {
	f.refuse(code, key, "BSON field '"+f.of+"."+key+"' "+what)
}

// isNull tells whether a field counts as not given.
func isNull(v bson.RawValue) bool {
	return v.Type == 0 || v.Type == bson.TypeNull || v.Type == bson.TypeUndefined
}

// get returns a field of one of some types. One that is not given is zero.
func (f *fields) get(key string, types ...bson.Type) bson.RawValue {
	v := f.values[key]
	if isNull(v) {
		return bson.RawValue{}
	}
	if !slices.Contains(types, v.Type) {
		names := make([]string, len(types))
		for i, t := range types {
			names[i] = query.TypeName(t)
		}
		want := "type '" + names[0] + "'"
		if len(names) > 1 {
			want = "types '[" + strings.Join(names, ", ") + "]'"
		}
		f.fail(query.CodeTypeMismatch, key, "is the wrong type '"+query.TypeName(v.Type)+"', expected "+want)
	}
	return v
}

// required tells that a field must be given.
func (f *fields) required(key string) {
	if isNull(f.values[key]) {
		f.fail(query.CodeMissingField, key, "is missing but a required field")
	}
}

// document returns a document, which is empty if it is not given.
func (f *fields) document(key string) bson.Raw {
	doc, ok := f.get(key, bson.TypeEmbeddedDocument).DocumentOK()
	if !ok {
		return bson.Raw{5, 0, 0, 0, 0}
	}
	return doc
}

// documents returns an array of documents.
func (f *fields) documents(key string) []bson.Raw {
	array, ok := f.get(key, bson.TypeArray).ArrayOK()
	if !ok {
		return nil
	}
	values, _ := array.Values()
	docs := make([]bson.Raw, len(values))
	for i, v := range values {
		if docs[i], ok = v.DocumentOK(); !ok {
			f.fail(query.CodeTypeMismatch, key, "is the wrong type '"+query.TypeName(v.Type)+"', expected type 'object'")
		}
	}
	return docs
}

// flag returns a boolean.
func (f *fields) flag(key string) bool {
	set, _ := f.get(key, bson.TypeBoolean).BooleanOK()
	return set
}

// looseFlag returns a boolean that may be given as a number.
func (f *fields) looseFlag(key string) bool {
	v := f.get(key, bson.TypeBoolean, bson.TypeInt64, bson.TypeInt32, bson.TypeDecimal128, bson.TypeDouble)
	if set, ok := v.BooleanOK(); ok || v.Type == 0 {
		return set
	}
	return !equals(v, 0)
}

// equals tells whether a value is a number.
func equals(v bson.RawValue, n byte) bool {
	return query.Compare(v, bson.RawValue{Type: bson.TypeInt32, Value: []byte{n, 0, 0, 0}}) == 0
}

// maxStatements is how many statements a command may have.
const maxStatements = 100_000

// statements returns the statements of a command, of which there must be one.
func (f *fields) statements(key string) []bson.Raw {
	f.required(key)
	list := f.documents(key)
	if len(list) == 0 || len(list) > maxStatements {
		f.refuse(query.CodeInvalidLength, key, "Write batch sizes must be between 1 and 100000.")
	}
	return list
}

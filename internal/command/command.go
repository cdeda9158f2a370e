// Package command reads MongoDB's commands as strictly as MongoDB does, and writes
// the replies of those that write: insert, update, delete, findAndModify.
//
// What is wrong with a command's own fields is refused with MongoDB's code before
// anything is done. What is wrong in the language, as an unknown operator, is the
// operation's to tell when its turn comes.
package command

import (
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// Command is a command as it came: its document, and the lists of documents that
// came beside that, which are fields of it too.
type Command struct {
	body  bson.Raw
	lists map[string][]bson.Raw
}

// New returns a command. Its document must be valid BSON; the lists' need not be.
func New(body bson.Raw, lists map[string][]bson.Raw) (Command, error) {
	if err := query.Validate(body); err != nil {
		return Command{}, err
	}
	return Command{body, lists}, nil
}

// Name returns the command's name, which is its first key, or "".
func (c Command) Name() string {
	first, err := c.body.IndexErr(0)
	if err != nil {
		return ""
	}
	return first.Key()
}

// generic are the fields that every command may have. They are the concern of who
// carries it out.
var generic = []string{
	"$audit", "$client", "$clusterTime", "$configTime", "$db", "$readPreference", "$replData", "$topologyTime",
	"apiDeprecationErrors", "apiStrict", "apiVersion", "autocommit", "backpressure", "comment", "lsid", "maxTimeMS",
	"readConcern", "startTransaction", "stmtId", "stmtIds", "txnNumber", "writeConcern",
}

// Read reads a command whose fields must be known ones, or those of every command,
// each given once.
func Read(c Command, known ...string) *Fields {
	name := c.Name()
	isKnown := func(key string) bool {
		return key == name || slices.Contains(known, key) || slices.Contains(generic, key)
	}
	f := readDocument(name, c.body, isKnown)
	for key := range c.lists {
		f.add(key, isKnown, !f.values[key].IsZero())
	}
	f.lists = c.lists
	return f
}

// ReadGeneric reads a command for the fields that every one may have: it refuses none
// of the others.
func ReadGeneric(c Command) *Fields {
	f := readDocument(c.Name(), c.body, func(string) bool { return true })
	f.err = nil // a field that is given twice is refused by Read
	return f
}

// ReadStatement reads a document within a command: "update.updates", say. The
// document must be valid.
func ReadStatement(of string, doc bson.Raw, known ...string) *Fields {
	return readDocument(of, doc, func(key string) bool { return slices.Contains(known, key) })
}

// Collection returns the name of the collection that a command is about, without the
// database: the value of its first field.
func (f *Fields) Collection() string {
	v := f.values[f.of]
	collection, ok := v.StringValueOK()
	switch {
	case !ok:
		f.Refuse(query.CodeInvalidNamespace, f.of, "collection name has invalid type "+query.TypeName(v.Type))
	case collection == "":
		f.Refuse(query.CodeInvalidNamespace, f.of, "Invalid namespace specified: the collection has no name")
	}
	return collection
}

package sqlite

import (
	"bytes"
	"encoding/binary"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
)

// column is a column of a task's table: what the record has at a path, if that is
// of the column's type.
type column struct {
	name string
	path string
	kind columnKind
}

type columnKind uint8

const (
	textColumn columnKind = iota // strings and symbols
	timeColumn                   // dates, as integer milliseconds
)

// valueKind is the kind of values that the column's index has.
func (c column) valueKind() valueKind {
	return [...]valueKind{textColumn: texts, timeColumn: numbers}[c.kind]
}

// columns are the columns of a task's table that have an index, besides those of
// its own keeping. Their places are those of a row's cells.
var columns = [...]column{
	{"msg_id", "msg_id", textColumn},
	{"submitted", "submitted", timeColumn},
	{"started", "started", timeColumn},
	{"completed", "completed", timeColumn},
	{"client_uuid", "client_uuid", textColumn},
	{"engine_uuid", "engine_uuid", textColumn},
	{"queue", "queue", textColumn},
	{"label", "label", textColumn},
	{"status", "result_content.status", textColumn},
}

const (
	msgIDColumn     = 0
	completedColumn = 3
	statusColumn    = len(columns) - 1
	statusKey       = "result_content"
)

// cell is a column's value: null, an integer or a text.
type cell struct {
	known  bool // met: of keys that a document has twice, the first counts
	isNull bool
	number int64
	text   []byte
}

// row is what a document has in the columns.
type row struct {
	cells [len(columns)]cell
	// id is the key of the _id; nil if that is the msg_id, which then stands for
	// it.
	id []byte
	// odd tells that one of the paths has a value that its column cannot hold.
	odd bool
}

// rowOf reads a document's columns. Texts share its bytes.
func rowOf(doc bson.Raw, tasks bool) row {
	r := row{}
	for i := range r.cells {
		r.cells[i].isNull = true
	}
	var id bsoncore.Value
	for rest := []byte(doc[4:]); len(rest) > 1; {
		var e bsoncore.Element
		e, rest, _ = bsoncore.ReadElement(rest)
		key := e.KeyBytes()
		if string(key) == "_id" {
			id = e.Value()
		}
		if at := columnOf(key); tasks && at >= 0 && !r.cells[at].known {
			r.set(at, e.Value())
		}
	}
	if !tasks || !sameText(id, r.cells[msgIDColumn]) {
		r.id = query.AppendKey(nil, bson.RawValue{Type: bson.Type(id.Type), Value: id.Data})
	}
	return r
}

// columnOf returns the place of the column for a top-level key, or -1.
func columnOf(key []byte) int {
	switch string(key) {
	case "msg_id":
		return msgIDColumn
	case "submitted":
		return 1
	case "started":
		return 2
	case "completed":
		return completedColumn
	case "client_uuid":
		return 4
	case "engine_uuid":
		return 5
	case "queue":
		return 6
	case "label":
		return 7
	case statusKey:
		return statusColumn
	}
	return -1
}

func (r *row) set(at int, v bsoncore.Value) {
	c := &r.cells[at]
	c.known = true
	if at == statusColumn {
		switch v.Type {
		case bsoncore.TypeEmbeddedDocument:
			v = bsoncore.Document(v.Data).Lookup("status")
		case bsoncore.TypeArray:
			r.odd = true
			return
		default:
			return // a path ends at what is no document, and has null there
		}
	}
	switch {
	case v.Type == 0 || v.Type == bsoncore.TypeNull:
	case columns[at].kind == textColumn && (v.Type == bsoncore.TypeString || v.Type == bsoncore.TypeSymbol):
		c.isNull, c.text = false, textOf(v)
		// The history has strings only, and is read from the column.
		r.odd = r.odd || at == msgIDColumn && v.Type == bsoncore.TypeSymbol
	case columns[at].kind == timeColumn && v.Type == bsoncore.TypeDateTime:
		c.isNull, c.number = false, int64(binary.LittleEndian.Uint64(v.Data))
	default:
		r.odd = true
	}
}

// textOf returns the bytes of a string or a symbol.
func textOf(v bsoncore.Value) []byte { return v.Data[4 : len(v.Data)-1] }

func sameText(id bsoncore.Value, msgID cell) bool {
	isText := id.Type == bsoncore.TypeString || id.Type == bsoncore.TypeSymbol
	return isText && !msgID.isNull && bytes.Equal(textOf(id), msgID.text)
}

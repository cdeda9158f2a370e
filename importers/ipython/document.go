package ipython

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/taskdb/taskdb/importers/ipython/internal/pickle"
	"github.com/taskdb/taskdb/importers/ipython/internal/pyjson"
	"github.com/taskdb/taskdb/importers/source"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"zombiezen.com/go/sqlite"
)

// maxJSON is how long the JSON of one column may be to be read as a document:
// BSON may take six times as much, and no store takes more than 16 MiB.
const maxJSON = 64 << 20

// maxDoc leaves MaxRow room to grow as BSON, and lengths room in BSON's int32.
const maxDoc = MaxRow + MaxRow/2

// A doc is a record's document in the making.
type doc struct {
	location *time.Location
	start    int32
	bytes    []byte
	warnings []source.Warning
}

func newDoc(location *time.Location, size int) *doc {
	d := &doc{location: location}
	d.start, d.bytes = bsoncore.AppendDocumentStart(make([]byte, 0, size+size/8))
	return d
}

// finish returns the document and what is to be said about it.
func (d *doc) finish() (bson.Raw, []source.Warning, error) {
	if len(d.bytes) > maxDoc {
		return nil, nil, fmt.Errorf("%d bytes as BSON: %w", len(d.bytes), ErrRowTooBig)
	}
	b, err := bsoncore.AppendDocumentEnd(d.bytes, d.start)
	return b, d.warnings, err
}

func (d *doc) warn(key string, err error) {
	d.warnings = append(d.warnings, source.Warning{Key: key, Err: err})
}

// add appends the value of column i of the row on which stmt stands. A document
// that is already too big, which finish will tell, grows no more.
func (d *doc) add(c column, stmt *sqlite.Stmt, i int) {
	if len(d.bytes) > maxDoc {
		return
	}
	switch stmt.ColumnType(i) {
	case sqlite.TypeNull:
		d.bytes = bsoncore.AppendNullElement(d.bytes, c.name)
	case sqlite.TypeInteger:
		d.addInteger(c, stmt.ColumnInt64(i))
	case sqlite.TypeFloat:
		d.warnNumber(c)
		d.bytes = bsoncore.AppendDoubleElement(d.bytes, c.name, stmt.ColumnFloat(i))
	case sqlite.TypeText:
		d.addBytes(c, []byte(stmt.ColumnText(i)), true)
	case sqlite.TypeBlob:
		value := make([]byte, stmt.ColumnLen(i))
		stmt.ColumnBytes(i, value)
		d.addBytes(c, value, false)
	}
}

func (d *doc) addInteger(c column, n int64) {
	d.warnNumber(c)
	if n == int64(int32(n)) {
		d.bytes = bsoncore.AppendInt32Element(d.bytes, c.name, int32(n))
		return
	}
	d.bytes = bsoncore.AppendInt64Element(d.bytes, c.name, n)
}

func (d *doc) warnNumber(c column) {
	if c.kind != plain && c.kind != maybeDocument {
		d.warn(c.name, errors.New("a number where text or a blob should be, kept as a number"))
	}
}

// addBytes appends a text or blob as what its column is to hold, or else as it
// is.
func (d *doc) addBytes(c column, value []byte, isText bool) {
	var err error
	switch c.kind {
	case document:
		err = d.addJSON(c.name, value)
	case maybeDocument:
		if !d.addObject(c.name, value) {
			d.addPlain(c.name, value, isText)
		}
	case buffers:
		err = d.addBuffers(c.name, value)
	case timestamp:
		err = d.addTime(c.name, value)
	case plain:
		d.addPlain(c.name, value, isText)
	}
	if err != nil {
		d.warn(c.name, fmt.Errorf("kept as stored: %w", err))
		d.addStored(c.name, value, isText)
	}
}

func (d *doc) addPlain(key string, value []byte, isText bool) {
	if isText && !utf8.Valid(value) {
		d.warn(key, errors.New("a text that is not UTF-8, kept as binary"))
	}
	d.addStored(key, value, isText)
}

// addStored appends a text or blob as it is: a text that is not UTF-8 can only
// be binary.
func (d *doc) addStored(key string, value []byte, isText bool) {
	if isText && utf8.Valid(value) {
		d.bytes = bsoncore.AppendStringElement(d.bytes, key, string(value))
		return
	}
	d.bytes = bsoncore.AppendBinaryElement(d.bytes, key, bson.TypeBinaryGeneric, value)
}

// addObject appends a text that is a JSON object, or null, and reports whether
// it was one.
func (d *doc) addObject(key string, value []byte) bool {
	trimmed := bytes.TrimSpace(value)
	if !bytes.HasPrefix(trimmed, []byte("{")) && string(trimmed) != "null" {
		return false
	}
	return d.addJSON(key, value) == nil
}

func (d *doc) addJSON(key string, value []byte) error {
	if len(value) > maxJSON {
		return fmt.Errorf("%d bytes of JSON, at most %d are read", len(value), maxJSON)
	}
	v, notes, err := pyjson.Value(value)
	if err != nil {
		return err
	}
	for _, note := range notes {
		d.warn(key, note)
	}
	if keys := dates[key]; keys != nil && v.Type == bsoncore.TypeEmbeddedDocument {
		if v.Data, err = d.withDates(key, v.Document(), keys); err != nil {
			return err
		}
	}
	d.bytes = bsoncore.AppendValueElement(d.bytes, key, v)
	return nil
}

func (d *doc) addBuffers(key string, value []byte) error {
	list, err := pickle.Buffers(value)
	if err != nil {
		return err
	}
	start, b := bsoncore.AppendArrayElementStart(d.bytes, key)
	for i, buffer := range list {
		b = bsoncore.AppendBinaryElement(b, strconv.Itoa(i), bson.TypeBinaryGeneric, buffer)
	}
	d.bytes, err = bsoncore.AppendArrayEnd(b, start)
	return err
}

func (d *doc) addTime(key string, value []byte) error {
	t, err := parseTime(string(value), d.location)
	if err != nil {
		return err
	}
	d.bytes = bsoncore.AppendDateTimeElement(d.bytes, key, t.UnixMilli())
	return nil
}

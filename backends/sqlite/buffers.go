package sqlite

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"zombiezen.com/go/sqlite"

	"github.com/taskdb/taskdb/taskdb"
)

// apartSeparator stands between the keys in the column lifted. No key has it.
const apartSeparator = "\x00"

// keysOf are the keys of arrays that were lifted.
func keysOf(lifted []taskdb.Lifted) []string {
	keys := make([]string, len(lifted))
	for i, array := range lifted {
		keys[i] = array.Key
	}
	return keys
}

// bindApart binds the keys that are kept apart from a document.
func bindApart(stmt *sqlite.Stmt, param int, keys []string) {
	if len(keys) == 0 {
		stmt.BindNull(param)
		return
	}
	stmt.BindText(param, strings.Join(keys, apartSeparator))
}

// apart reads the keys that are kept apart from a document.
func apart(stmt *sqlite.Stmt, column int) []string {
	if stmt.ColumnIsNull(column) {
		return nil
	}
	return strings.Split(stmt.ColumnText(column), apartSeparator)
}

// bufferRef says where a buffer is: which bytes of which stream.
type bufferRef struct {
	stream, start, size int64
	subtype             byte
}

func (tx *transaction) addBuffer(t *table, seq int64, key string, position int, ref bufferRef) error {
	return tx.execute(`insert into buffers (collection, seq, key, position, stream, start, size, subtype)
		values (?, ?, ?, ?, ?, ?, ?, ?)`, t.id, seq, key, position, ref.stream, ref.start, ref.size, int(ref.subtype))
}

// buffersOf returns where the buffers of a record's key are, in order.
func (t *table) buffersOf(conn *sqlite.Conn, seq int64, key string) ([]bufferRef, error) {
	stmt, err := conn.Prepare("select stream, start, size, subtype from buffers where collection = ? and seq = ? and key = ? order by position")
	if err != nil {
		return nil, err
	}
	defer stmt.Reset()
	stmt.BindInt64(1, t.id)
	stmt.BindInt64(2, seq)
	stmt.BindText(3, key)
	var refs []bufferRef
	for {
		found, err := stmt.Step()
		if !found || err != nil {
			return refs, err
		}
		refs = append(refs, bufferRef{stmt.ColumnInt64(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2), byte(stmt.ColumnInt64(3))})
	}
}

// whole returns a record with everything in its place that is kept apart from it.
// All must be of one snapshot.
func (t *table) whole(conn *sqlite.Conn, seq int64) (bson.Raw, error) {
	e, err := t.fetch(conn, seq)
	if err != nil || len(e.Apart) == 0 {
		return e.Doc, err
	}
	doc, apart, err := t.withTails(conn, e)
	if err != nil || len(apart) == 0 {
		return doc, err
	}
	refs := make(map[string][]bufferRef, len(apart))
	size := int64(len(doc))
	for _, key := range apart {
		if refs[key], err = t.buffersOf(conn, seq, key); err != nil {
			return nil, err
		}
		for i, ref := range refs[key] {
			size += ref.size + int64(len(elementHead(i, ref)))
		}
	}
	if size > math.MaxInt32 {
		return nil, fmt.Errorf("with its buffers it has %d bytes, more than a document can have; read them one by one with OpenBuffer: %w",
			size, taskdb.ErrTooLarge)
	}
	return putBack(conn, doc, refs, make([]byte, 0, size))
}

// putBack appends to dst a document with the buffers of some keys in the place of
// the empty arrays that were left for them.
func putBack(conn *sqlite.Conn, doc bson.Raw, refs map[string][]bufferRef, dst []byte) (bson.Raw, error) {
	start, dst := bsoncore.ReserveLength(dst)
	for rest := []byte(doc[4:]); len(rest) > 1; {
		var element bsoncore.Element
		element, rest, _ = bsoncore.ReadElement(rest)
		array, isApart := refs[element.Key()]
		if !isApart {
			dst = append(dst, element...)
			continue
		}
		delete(refs, element.Key()) // another element with this key is another value
		at, open := bsoncore.AppendArrayElementStart(dst, element.Key())
		open, err := appendBuffers(conn, open, array)
		if err != nil {
			return nil, err
		}
		dst, _ = bsoncore.AppendArrayEnd(open, at)
	}
	dst = append(dst, 0)
	return bson.Raw(bsoncore.UpdateLength(dst, start, int32(len(dst)))), nil
}

// appendBuffers appends buffers as the elements of an array.
func appendBuffers(conn *sqlite.Conn, dst []byte, refs []bufferRef) ([]byte, error) {
	for i, ref := range refs {
		dst = append(dst, elementHead(i, ref)...)
		dst = dst[:int64(len(dst))+ref.size]
		if err := readStream(conn, ref.stream, ref.start, dst[int64(len(dst))-ref.size:]); err != nil {
			return nil, err
		}
	}
	return dst, nil
}

// elementHead is what comes before a buffer's bytes in an array.
func elementHead(position int, ref bufferRef) []byte {
	head := bsoncore.AppendHeader(nil, bsoncore.TypeBinary, strconv.Itoa(position))
	head = append(head, byte(ref.size), byte(ref.size>>8), byte(ref.size>>16), byte(ref.size>>24))
	return append(head, ref.subtype)
}

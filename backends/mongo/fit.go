package mongo

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/taskdb"
)

// fit returns a document as MongoDB takes it: one that is too large with some of its
// buffers in GridFS, the largest first.
func (s *Store) fit(ctx context.Context, name string, doc bson.Raw) (bson.Raw, error) {
	if err := refuseReferences(doc); err != nil {
		return nil, err
	}
	if len(doc) <= taskdb.MaxRecordSize {
		return doc, nil
	}
	rest, lifted := taskdb.Lift(doc)
	arrays := map[string][]taskdb.LiftedBuffer{}
	for _, array := range lifted {
		arrays[array.Key] = array.Buffers
	}
	excess := len(doc) - taskdb.MaxRecordSize
	for _, b := range bySize(lifted) {
		if excess <= 0 {
			break
		}
		at := place{name, doc.Lookup("_id"), b.key}
		ref, err := s.upload(ctx, at, b.buffer.Subtype, bytes.NewReader(b.buffer.Data))
		if err != nil {
			return nil, err
		}
		excess -= len(b.buffer.Data) - referenceSize
		*b.buffer = taskdb.LiftedBuffer{Subtype: referenceSubtype, Data: ref.data()}
	}
	if excess > 0 {
		return nil, fmt.Errorf("%d bytes with references to its buffers, of %d: %w", taskdb.MaxRecordSize+excess, taskdb.MaxRecordSize, taskdb.ErrTooLarge)
	}
	return withArrays(rest, arrays), nil
}

// keyedBuffer is a buffer of an array that can be moved.
type keyedBuffer struct {
	key    string
	buffer *taskdb.LiftedBuffer
}

// bySize returns the buffers of arrays, the largest first.
func bySize(lifted []taskdb.Lifted) (all []keyedBuffer) {
	for _, array := range lifted {
		for i := range array.Buffers {
			all = append(all, keyedBuffer{array.Key, &array.Buffers[i]})
		}
	}
	slices.SortStableFunc(all, func(a, b keyedBuffer) int { return cmp.Compare(len(b.buffer.Data), len(a.buffer.Data)) })
	return all
}

// withArrays returns a document with arrays of buffers in the place of the values of
// some keys, each the first of its key.
func withArrays(doc bson.Raw, arrays map[string][]taskdb.LiftedBuffer) bson.Raw {
	start, dst := bsoncore.ReserveLength(nil)
	for rest := []byte(doc[4:]); len(rest) > 1; {
		var element bsoncore.Element
		element, rest, _ = bsoncore.ReadElement(rest)
		buffers, isArray := arrays[element.Key()]
		if !isArray {
			dst = append(dst, element...)
			continue
		}
		delete(arrays, element.Key())
		var at int32
		at, dst = bsoncore.AppendArrayElementStart(dst, element.Key())
		for i, b := range buffers {
			dst = append(appendHead(dst, i, b.Subtype, len(b.Data)), b.Data...)
		}
		dst, _ = bsoncore.AppendArrayEnd(dst, at)
	}
	dst = append(dst, 0)
	return bson.Raw(bsoncore.UpdateLength(dst, start, int32(len(dst))))
}

// appendHead appends what comes before a buffer's bytes in an array.
func appendHead(dst []byte, position int, subtype byte, size int) []byte {
	dst = bsoncore.AppendHeader(dst, bsoncore.TypeBinary, strconv.Itoa(position))
	return append(dst, byte(size), byte(size>>8), byte(size>>16), byte(size>>24), subtype)
}

// whole returns a document with its buffers in their place. It fails with
// taskdb.ErrNotFound if the record was removed meanwhile, and a buffer with it.
func (s *Store) whole(ctx context.Context, name string, doc bson.Raw) (bson.Raw, error) {
	if !hasReferences(doc) {
		return doc, nil
	}
	if size := wholeSize(doc); size > math.MaxInt32 {
		return nil, fmt.Errorf("with its buffers it has %d bytes, more than a document can have; read them one by one with OpenBuffer: %w",
			size, taskdb.ErrTooLarge)
	}
	arrays := map[string][]taskdb.LiftedBuffer{}
	for _, array := range referring(doc) {
		for i, b := range array.Buffers {
			ref, ok := referenceIn(b)
			if !ok {
				continue
			}
			data, err := s.download(ctx, name, ref, nil)
			if err != nil {
				return nil, err
			}
			array.Buffers[i] = taskdb.LiftedBuffer{Subtype: ref.subtype, Data: data}
		}
		arrays[array.Key] = array.Buffers
	}
	return withArrays(doc, arrays), nil
}

// referring returns a document's arrays of buffers that have references among them.
func referring(doc bson.Raw) (arrays []taskdb.Lifted) {
	for rest := []byte(doc[4:]); len(rest) > 1; {
		var element bsoncore.Element
		element, rest, _ = bsoncore.ReadElement(rest)
		if bsoncore.Type(element[0]) != bsoncore.TypeArray || !hasReferences(element) {
			continue
		}
		if buffers, ok := taskdb.BuffersOf(element.Value().Data); ok {
			arrays = append(arrays, taskdb.Lifted{Key: element.Key(), Buffers: buffers})
		}
	}
	return arrays
}

// wholeSize is how many bytes a document has with its buffers in their place.
func wholeSize(doc bson.Raw) int64 {
	size := int64(len(doc))
	for _, array := range referring(doc) {
		for _, b := range array.Buffers {
			if ref, ok := referenceIn(b); ok {
				size += ref.size - int64(referenceSize)
			}
		}
	}
	return size
}

// restoreValue puts the buffer in the place of a value that is its reference.
func (s *Store) restoreValue(ctx context.Context, name string, v *bson.RawValue) error {
	subtype, data, ok := v.BinaryOK()
	if !ok {
		return nil
	}
	ref, ok := referenceIn(taskdb.LiftedBuffer{Subtype: subtype, Data: data})
	if !ok {
		return nil
	}
	head := []byte{byte(ref.size), byte(ref.size >> 8), byte(ref.size >> 16), byte(ref.size >> 24), ref.subtype}
	restored, err := s.download(ctx, name, ref, head)
	v.Value = restored
	return err
}

package taskdb

import (
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// MinLifted is how many bytes of buffers an array holds at the least to be kept
// apart from its document (see Lift).
const MinLifted = 4<<10 + 1

// Lifted is an array of buffers that was lifted out of a document.
type Lifted struct {
	Key     string // the document's top-level key
	Buffers []LiftedBuffer
}

// LiftedBuffer is the payload of a binary value as BSON has it: with subtype 2
// the data begins with its own length once more.
type LiftedBuffer struct {
	Subtype byte
	Data    []byte
}

// Lift takes out of a document what stores may keep beside it: the top-level
// arrays that hold nothing but binary values, MinLifted bytes of them or more.
// What rests has an empty array in the place of each. A document with nothing to
// lift is returned as it is. The document must be valid BSON; the buffers share
// its bytes.
//
// MaxRecordSize bounds what rests.
func Lift(doc bson.Raw) (rest bson.Raw, lifted []Lifted) {
	var start int32
	copied := 4 // how much of doc is in rest
	for at := 4; at < len(doc)-1; {
		element, _, _ := bsoncore.ReadElement(doc[at:])
		end := at + len(element)
		if buffers := liftable(doc, element); buffers != nil {
			if rest == nil {
				start, rest = bsoncore.ReserveLength(nil)
			}
			rest = append(rest, doc[copied:at]...)
			rest = bsoncore.AppendArrayElement(rest, element.Key(), emptyArray)
			lifted = append(lifted, Lifted{element.Key(), buffers})
			copied = end
		}
		at = end
	}
	if rest == nil {
		return doc, nil
	}
	rest = append(rest, doc[copied:]...)
	return bson.Raw(bsoncore.UpdateLength(rest, start, int32(len(rest)))), lifted
}

var emptyArray = bsoncore.NewArrayBuilder().Build()

// liftable returns the buffers of a document's element if it is to be lifted,
// else nil. Of elements with the same key only the first is: its key tells where
// it belongs.
func liftable(doc bson.Raw, element bsoncore.Element) []LiftedBuffer {
	if bsoncore.Type(element[0]) != bsoncore.TypeArray || len(element) < MinLifted {
		return nil
	}
	array := element.Value().Data
	buffers, ok := BuffersOf(array)
	if !ok || SizeOf(buffers) < MinLifted || &doc.Lookup(element.Key()).Value[0] != &array[0] {
		return nil
	}
	return buffers
}

// BuffersOf returns the elements of an array if they are binary values with the
// keys that an array's elements have: "0", "1" and so on.
func BuffersOf(array bson.RawArray) (buffers []LiftedBuffer, ok bool) {
	const prefix = 5 // length and subtype
	for rest := []byte(array[4:]); len(rest) > 1; {
		var element bsoncore.Element
		element, rest, _ = bsoncore.ReadElement(rest)
		if bsoncore.Type(element[0]) != bsoncore.TypeBinary || string(element.KeyBytes()) != strconv.Itoa(len(buffers)) {
			return nil, false
		}
		data := element.Value().Data
		buffers = append(buffers, LiftedBuffer{data[prefix-1], data[prefix:]})
	}
	return buffers, true
}

// SizeOf returns how many bytes buffers have in all.
func SizeOf(buffers []LiftedBuffer) int {
	n := 0
	for _, b := range buffers {
		n += len(b.Data)
	}
	return n
}

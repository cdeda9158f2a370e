package query

import (
	"encoding/binary"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// modifier is an update operator with its argument.
type modifier interface {
	// modify returns what becomes of v, the value at the path in the document of
	// e: v itself, if nothing does, or a missing value, if it goes. v is missing
	// only where absent says that the modifier creates.
	modify(v value, e *edit) (value, error)
	// absent says what the modifier does where there is no value.
	absent(e *edit) absence
}

// absence is what a modifier does where there is nothing at its path.
type absence uint8

const (
	creates  absence = iota // it makes a value, and documents on the way there
	needsWay                // nothing; but it fails where a value could not be made
	ignores                 // nothing
)

// creating is embedded by modifiers that make what is missing.
type creating struct{}

func (creating) absent(*edit) absence { return creates }

// removing is embedded by modifiers that have nothing to do where nothing is.
type removing struct{}

func (removing) absent(*edit) absence { return needsWay }

// parseModifier parses an operator's argument for one path. It returns nil if
// there is no such operator. $rename is not among them, see updateParser.rename.
func parseModifier(operator string, v value, at trail) (modifier, *Error) {
	switch operator {
	case "$set":
		return set{operand: v}, nil
	case "$setOnInsert":
		return setOnInsert{operand: v}, nil
	case "$unset":
		return unset{}, nil
	case "$currentDate":
		return parseCurrentDate(v, at)
	case "$min":
		return limit{operand: v, sign: -1}, nil
	case "$max":
		return limit{operand: v, sign: 1}, nil
	case "$inc":
		return parseArithmetic(false, v, at)
	case "$mul":
		return parseArithmetic(true, v, at)
	case "$bit":
		return parseBit(v, at)
	case "$push":
		return parsePush(v, at)
	case "$addToSet":
		return parseAddToSet(v, at)
	case "$pop":
		return parsePop(v, at)
	case "$pull":
		return parsePull(v, at)
	case "$pullAll":
		return parsePullAll(v, at)
	}
	return nil, nil
}

// isModifier tells whether there is such an operator.
func isModifier(operator string) bool {
	switch operator {
	case "$set", "$setOnInsert", "$unset", "$rename", "$currentDate", "$min", "$max", "$inc", "$mul", "$bit",
		"$push", "$addToSet", "$pop", "$pull", "$pullAll":
		return true
	}
	return false
}

// TypeName is the name by which $type and MongoDB's messages know a type of value.
func TypeName(kind bson.Type) string {
	for name, kinds := range typeAliases {
		if len(kinds) == 1 && kinds[0] == kind {
			return name
		}
	}
	return "missing"
}

// maxDescribed is how many bytes a value may have to be shown in a message.
const maxDescribed = 1024

// brief prints a value for messages.
func brief(v value) string {
	if len(v.data) > maxDescribed {
		return fmt.Sprintf("%s of %d bytes", TypeName(v.kind), len(v.data))
	}
	return v.String()
}

// describe prints a key and its value for messages.
func describe(key string, v value) string { return fmt.Sprintf("{%s: %s}", key, brief(v)) }

// id prints the document's _id for messages.
func (e *edit) id() string {
	id := lookup(e.doc, "_id")
	if id.missing() {
		return "no id"
	}
	return describe("_id", id)
}

// reserve begins a document of about size bytes, to be ended by closeDocument.
func reserve(size int) (start int32, dst []byte) {
	return bsoncore.ReserveLength(make([]byte, 0, size+16))
}

func int32Value(n int32) value {
	return value{bson.TypeInt32, binary.LittleEndian.AppendUint32(nil, uint32(n))}
}

func dateValue(t time.Time) value {
	return value{bson.TypeDateTime, binary.LittleEndian.AppendUint64(nil, uint64(t.UnixMilli()))}
}

// timestampValue is the second of t, and as the ordinal within it, which begins
// at 1, its nanosecond.
func timestampValue(t time.Time) value {
	ordinal := uint64(t.Nanosecond()) + 1
	return value{bson.TypeTimestamp, binary.LittleEndian.AppendUint64(nil, uint64(uint32(t.Unix()))<<32|ordinal)}
}

package query

import (
	"encoding/binary"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// What follows makes values, for expressions and stages.

var (
	one        = int32Value(1)
	trueValue  = value{bson.TypeBoolean, []byte{1}}
	falseValue = value{bson.TypeBoolean, []byte{0}}
)

func boolValue(b bool) value {
	if b {
		return trueValue
	}
	return falseValue
}

func stringValue(s string) value {
	return value{bson.TypeString, bsoncore.AppendString(nil, s)}
}

// millisValue is the date that is so many milliseconds after 1970.
func millisValue(ms int64) value {
	return value{bson.TypeDateTime, binary.LittleEndian.AppendUint64(nil, uint64(ms))}
}

// intValue is an int32 if the number fits one, else an int64.
func intValue(n int64) value {
	if int64(int32(n)) == n {
		return int32Value(int32(n))
	}
	return int64Value(n)
}

func documentValue(doc []byte) value { return value{bson.TypeEmbeddedDocument, doc} }

// nullish tells whether the value is null, undefined or missing.
func (v value) nullish() bool {
	return v.missing() || v.kind == bson.TypeNull || v.kind == bson.TypeUndefined
}

// orNull is the value, or null if it is missing.
func (v value) orNull() value {
	if v.missing() {
		return null
	}
	return v
}

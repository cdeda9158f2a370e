package shelljson

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
)

// exampleTime shows in hints how a time is written.
const exampleTime = `"2026-11-22T00:51:18.987Z"`

func stringValue(text string) bson.RawValue {
	return bson.RawValue{Type: bson.TypeString, Value: bsoncore.AppendString(nil, text)}
}

func int32Value(integer int32) bson.RawValue {
	return bson.RawValue{Type: bson.TypeInt32, Value: bsoncore.AppendInt32(nil, integer)}
}

func int64Value(integer int64) bson.RawValue {
	return bson.RawValue{Type: bson.TypeInt64, Value: bsoncore.AppendInt64(nil, integer)}
}

func doubleValue(double float64) bson.RawValue {
	return bson.RawValue{Type: bson.TypeDouble, Value: bsoncore.AppendDouble(nil, double)}
}

// nan has the bits of JavaScript's NaN; math.NaN has one bit more.
func nan() bson.RawValue {
	return doubleValue(math.Float64frombits(0x7ff8000000000000))
}

func dateValue(milliseconds int64) bson.RawValue {
	return bson.RawValue{Type: bson.TypeDateTime, Value: bsoncore.AppendDateTime(nil, milliseconds)}
}

// timestampFromDocument reads {t, i}.
func timestampFromDocument(value bson.RawValue) (bson.RawValue, bool) {
	fields, ok := value.DocumentOK()
	if !ok || fieldCount(fields) != 2 {
		return bson.RawValue{}, false
	}
	return timestampFrom(fields.Lookup("t"), fields.Lookup("i"))
}

func timestampFrom(t, i bson.RawValue) (bson.RawValue, bool) {
	seconds, secondsOK := asUint32(t)
	increment, incrementOK := asUint32(i)
	value := bson.RawValue{Type: bson.TypeTimestamp, Value: bsoncore.AppendTimestamp(nil, seconds, increment)}
	return value, secondsOK && incrementOK
}

func regexValue(pattern, options string) (bson.RawValue, *problem) {
	if strings.ContainsRune(pattern+options, 0) {
		return bson.RawValue{}, problemf("", "a regular expression cannot hold a NUL character")
	}
	return bson.RawValue{Type: bson.TypeRegex, Value: bsoncore.AppendRegex(nil, pattern, sorted(options))}, nil
}

func binaryValue(subtype byte, data []byte) bson.RawValue {
	return bson.RawValue{Type: bson.TypeBinary, Value: bsoncore.AppendBinary(nil, subtype, data)}
}

func int32FromText(text string) (bson.RawValue, *problem) {
	integer, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return bson.RawValue{}, problemf("", "%q is not a 32-bit integer", abbreviate(text))
	}
	return int32Value(int32(integer)), nil
}

func int64FromText(text string) (bson.RawValue, *problem) {
	integer, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return bson.RawValue{}, problemf("", "%q is not a 64-bit integer", abbreviate(text))
	}
	return int64Value(integer), nil
}

// doubleFromText reads a decimal number; ParseFloat alone would take more, such as "inf" and "0x1p2".
func doubleFromText(text string) (bson.RawValue, *problem) {
	switch text {
	case "NaN":
		return nan(), nil
	case "Infinity":
		return doubleValue(math.Inf(1)), nil
	case "-Infinity":
		return doubleValue(math.Inf(-1)), nil
	}
	if strings.Trim(text, "0123456789.eE+-") != "" {
		return bson.RawValue{}, problemf("write it in decimal digits", "%s is not a decimal number", abbreviate(text))
	}
	double, err := strconv.ParseFloat(text, 64)
	if math.IsInf(double, 0) {
		return bson.RawValue{}, problemf("write Infinity, or NumberDecimal(\"…\")", "%s is too large for a double", abbreviate(text))
	}
	if err != nil {
		return bson.RawValue{}, problemf("", "%q is not a number", abbreviate(text))
	}
	return doubleValue(double), nil
}

func decimalFromText(text string) (bson.RawValue, *problem) {
	decimal, err := bson.ParseDecimal128(text)
	if err != nil {
		return bson.RawValue{}, problemf("", "%q is not a decimal number of at most 34 digits", abbreviate(text))
	}
	high, low := decimal.GetBytes()
	return bson.RawValue{Type: bson.TypeDecimal128, Value: bsoncore.AppendDecimal128(nil, high, low)}, nil
}

func objectIDFromText(text string) (bson.RawValue, *problem) {
	id, err := bson.ObjectIDFromHex(text)
	if err != nil {
		return bson.RawValue{}, problemf("write 24 hexadecimal digits", "%q is not an ObjectId", abbreviate(text))
	}
	return bson.RawValue{Type: bson.TypeObjectID, Value: bsoncore.AppendObjectID(nil, id)}, nil
}

func uuidFromText(text string) (bson.RawValue, *problem) {
	const hyphenated = len("01234567-89ab-cdef-0123-456789abcdef") // uuid.Parse takes three more forms
	id, err := uuid.Parse(text)
	if err != nil || len(text) != hyphenated {
		return bson.RawValue{}, problemf(`write "01234567-89ab-cdef-0123-456789abcdef"`, "%q is not a UUID", abbreviate(text))
	}
	return binaryValue(bson.TypeBinaryUUID, id[:]), nil
}

func binaryFromText(subtype byte, text string) (bson.RawValue, *problem) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return bson.RawValue{}, problemf("", "%q is not base64 with padding", abbreviate(text))
	}
	return binaryValue(subtype, data), nil
}

// timeFromText reads RFC 3339, cut to milliseconds.
func timeFromText(text string) (bson.RawValue, *problem) {
	var instant time.Time
	if err := instant.UnmarshalText([]byte(text)); err == nil {
		return dateValue(instant.UnixMilli()), nil
	}
	if err := instant.UnmarshalText([]byte(text + "Z")); err == nil {
		return bson.RawValue{}, problemf("add Z for UTC, or an offset as +01:00", "the time %q has no zone", text)
	}
	return bson.RawValue{}, problemf("write "+exampleTime, "%q is not a time", abbreviate(text))
}

// timeOrDayFromText reads also a day alone, which JavaScript and mongosh take as midnight UTC.
func timeOrDayFromText(text string) (bson.RawValue, *problem) {
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return dateValue(day.UnixMilli()), nil
	}
	return timeFromText(text)
}

// asInteger returns an integer of either width.
func asInteger(value bson.RawValue) (int64, bool) {
	if narrow, ok := value.Int32OK(); ok {
		return int64(narrow), true
	}
	return value.Int64OK()
}

// asUint32 returns an integer that fits in a half of a timestamp.
func asUint32(value bson.RawValue) (uint32, bool) {
	integer, ok := asInteger(value)
	return uint32(integer), ok && integer == int64(uint32(integer))
}

// describe names a type as people call it.
func describe(kind bson.Type) string {
	switch kind {
	case bson.TypeDouble, bson.TypeInt32, bson.TypeInt64, bson.TypeDecimal128:
		return "a number"
	case bson.TypeArray, bson.TypeObjectID, bson.TypeUndefined:
		return "an " + kind.String()
	}
	return "a " + kind.String()
}

package query

import (
	"encoding/hex"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// conversion is $convert, or $toInt and its kin. What it gives for null, and for
// what cannot be converted, are nil if it does not say.
type conversion struct {
	input, to, onNull, onError expression
	format, byteOrder          expression // of binary values
}

func (c *conversion) evaluate(s *scope) (value, error) {
	input, err := c.input.evaluate(s)
	if err != nil {
		return value{}, err
	}
	to, err := c.to.evaluate(s)
	if err != nil {
		return value{}, err
	}
	format, err := c.format.evaluate(s)
	if err != nil {
		return value{}, err
	}
	byteOrder, err := c.byteOrder.evaluate(s)
	if err != nil {
		return value{}, err
	}
	t, err := targetOf(to)
	switch {
	case err != nil:
		return value{}, err
	case input.nullish() && c.onNull != nil:
		return c.onNull.evaluate(s)
	case input.nullish() || t.kind == 0:
		return null, nil
	}
	if err := t.read(format, byteOrder); err != nil {
		return value{}, err
	}
	converted, err := t.convert(input)
	if err != nil && c.onError != nil && isConversionFailure(err) {
		return c.onError.evaluate(s)
	}
	return converted, err
}

// targetOf returns the type that is named by its alias or its number.
func targetOf(to value) (t target, err error) {
	if to.kind == bson.TypeEmbeddedDocument {
		t.subtype = lookup(to.data, "subtype")
		to = lookup(to.data, "type")
	}
	switch {
	case to.nullish():
		return t, nil
	case to.isString():
		kinds := typeAliases[string(to.text())]
		if len(kinds) != 1 {
			return t, failure(CodeBadValue, "Unknown type name: %s", to.text())
		}
		t.kind = kinds[0]
		return t, nil
	case !to.isNumber():
		return t, failure(CodeFailedToParse, "$convert's 'to' argument must be a string or number, but is %s", TypeName(to.kind))
	}
	code, whole := to.whole()
	kind, known := typeOfCode(code)
	switch {
	case !whole:
		return t, failure(CodeFailedToParse, "In $convert, numeric 'to' argument is not an integer")
	case !known:
		return t, failure(CodeFailedToParse, "In $convert, numeric value for 'to' does not correspond to a BSON type: %d", code)
	}
	t.kind = kind
	return t, nil
}

var convertParameters = []parameter{{name: "input", required: CodeFailedToParse}, {name: "to", required: CodeFailedToParse},
	{name: "onError"}, {name: "onNull"}, {name: "format"}, {name: "byteOrder"}}

func (p expressionParser) conversion(v value, at trail) (expression, *Error) {
	given, err := namedArguments("$convert", convertParameters, CodeFailedToParse, CodeFailedToParse, v, at)
	if err != nil {
		return nil, err
	}
	parsed := [6]expression{4: constant{}, 5: constant{}}
	var parts []expression
	for i := range parsed {
		if given[i].missing() {
			continue
		}
		if parsed[i], err = p.parse(given[i], at.down(convertParameters[i].name)); err != nil {
			return nil, err
		}
		parts = append(parts, parsed[i])
	}
	return p.folded(&conversion{input: parsed[0], to: parsed[1], onError: parsed[2], onNull: parsed[3], format: parsed[4], byteOrder: parsed[5]}, at, parts...)
}

// conversionTo parses $toInt and its kin.
func (p expressionParser) conversionTo(name, alias string, v value, at trail) (expression, *Error) {
	if isArray(v) && len(elementValues(v)) != 1 {
		return nil, at.fail(50723, "%s requires a single argument, got a multi-element array", name)
	}
	arguments, err := p.arguments(name, 1, 1, v, at)
	if err != nil {
		return nil, err
	}
	c := &conversion{input: arguments[0], to: constant{stringValue(alias)}, format: constant{}, byteOrder: constant{}}
	switch name {
	case "$toString":
		c.format = constant{stringValue("auto")}
	case "$toUUID":
		c.format = constant{stringValue("uuid")}
		var to fields
		to.set("type", stringValue("binData"))
		to.set("subtype", int32Value(kindUUID))
		c.to = constant{to.value()}
	}
	return p.folded(c, at, arguments...)
}

func (t target) convert(v value) (converted value, err error) {
	kind := t.kind
	switch {
	case v.kind == bson.TypeBinary && kind == bson.TypeString:
		return t.binaryToText(v)
	case v.kind == bson.TypeBinary && (kind == bson.TypeInt32 || kind == bson.TypeInt64 || kind == bson.TypeDouble):
		return t.binaryToNumber(v)
	case v.kind == kind && kind != bson.TypeBoolean && kind != bson.TypeBinary:
		return v, nil
	}
	switch kind {
	case bson.TypeBoolean:
		return boolValue(v.truthy()), nil
	case bson.TypeBinary:
		converted, err = t.toBinary(v)
	case bson.TypeInt32, bson.TypeInt64:
		converted, err = toInteger(v, kind)
	case bson.TypeDouble:
		converted, err = toDoubleValue(v)
	case bson.TypeDecimal128:
		converted, err = toDecimalValue(v)
	case bson.TypeString:
		converted, err = toStringValue(v)
	case bson.TypeDateTime:
		converted, err = toDateValue(v)
	case bson.TypeObjectID:
		converted, err = toObjectID(v)
	}
	if err == nil && converted.missing() {
		return value{}, conversionFailure("Unsupported conversion from %s to %s", TypeName(v.kind), TypeName(kind))
	}
	return converted, err
}

// isConversionFailure tells whether onError is for an error.
func isConversionFailure(err error) bool {
	var failed *Error
	return errors.As(err, &failed) && failed.Code == CodeConversionFailure
}

func conversionFailure(format string, args ...any) *Error {
	return failure(CodeConversionFailure, format+" in $convert with no onError value", args...)
}

// What follows converts a value, or returns a missing one if nothing of its type
// is converted.

func toInteger(v value, kind bson.Type) (value, error) {
	var n int64
	var ok bool
	switch {
	case v.kind == bson.TypeBoolean:
		n, ok = int64(v.data[0]), true
	case v.isNaN():
		return value{}, conversionFailure("Attempt to convert NaN value to integer type")
	case v.isNumber():
		n, ok = v.truncated()
	case v.kind == bson.TypeDateTime && kind == bson.TypeInt64:
		n, ok = v.int64(), true
	case v.isString():
		bits := 64
		if kind == bson.TypeInt32 {
			bits = 32
		}
		parsed, err := strconv.ParseInt(string(v.text()), 10, bits)
		if err != nil {
			return value{}, conversionFailure("Failed to parse number '%s'", v.text())
		}
		n, ok = parsed, true
	default:
		return value{}, nil
	}
	if !ok || kind == bson.TypeInt32 && int64(int32(n)) != n {
		return value{}, conversionFailure("Conversion would overflow target type: %s", brief(v))
	}
	return wholeOf(kind, n), nil
}

func toDoubleValue(v value) (value, error) {
	switch {
	case v.kind == bson.TypeBoolean:
		return doubleValue(float64(v.data[0])), nil
	case v.kind == bson.TypeDecimal128:
		return decimalToDouble(v)
	case v.isNumber():
		return doubleValue(v.toDouble()), nil
	case v.kind == bson.TypeDateTime:
		return doubleValue(float64(v.int64())), nil
	case v.isString():
		f, err := strconv.ParseFloat(string(v.text()), 64)
		if err != nil || strings.ContainsAny(string(v.text()), "xX_pP") {
			return value{}, conversionFailure("Failed to parse number '%s'", v.text())
		}
		return doubleValue(f), nil
	}
	return value{}, nil
}

func decimalToDouble(v value) (value, error) {
	x := exactDecimal(v.decimal())
	switch x.rank {
	case notANumber:
		return doubleNaN, nil
	case positiveInfinity:
		return doubleValue(math.Inf(1)), nil
	case negativeInfinity:
		return doubleValue(math.Inf(-1)), nil
	}
	f, err := strconv.ParseFloat(v.decimal().String(), 64)
	if err != nil {
		return value{}, conversionFailure("Conversion would overflow target type: %s", v)
	}
	return doubleValue(f), nil
}

func toDecimalValue(v value) (value, error) {
	switch {
	case v.kind == bson.TypeBoolean:
		return decimalValue(int32Value(int32(v.data[0])).toDecimal()), nil
	case v.isNumber():
		return decimalValue(v.toDecimal()), nil
	case v.kind == bson.TypeDateTime:
		return decimalValue(int64Value(v.int64()).toDecimal()), nil
	case v.isString():
		d, err := bson.ParseDecimal128(string(v.text()))
		if err != nil {
			return value{}, conversionFailure("Failed to parse number '%s'", v.text())
		}
		return decimalValue(d), nil
	}
	return value{}, nil
}

func toStringValue(v value) (value, error) {
	switch {
	case v.kind == bson.TypeDouble:
		return stringValue(shortest(v.double())), nil
	case v.kind == bson.TypeBoolean, v.isNumber(), v.kind == bson.TypeDateTime, v.kind == bson.TypeObjectID:
		return stringValue(written(v)), nil
	}
	return value{}, nil
}

// shortest is a double with the digits that tell it from all others.
func shortest(f float64) string {
	text := strconv.FormatFloat(f, 'e', -1, 64)
	_, exponent, finite := strings.Cut(text, "e")
	n, _ := strconv.Atoi(exponent) // it is one
	switch {
	case !finite:
		return writtenDouble(f)
	case n < -4 || n >= 16:
		return text
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// written is a value as MongoDB writes it into a string.
func written(v value) string {
	switch v.kind {
	case bson.TypeBoolean:
		return strconv.FormatBool(v.data[0] != 0)
	case bson.TypeInt32, bson.TypeInt64:
		return strconv.FormatInt(v.integer(), 10)
	case bson.TypeDouble:
		return writtenDouble(v.double())
	case bson.TypeDecimal128:
		return v.decimal().String()
	case bson.TypeObjectID:
		return hex.EncodeToString(v.data)
	case bson.TypeTimestamp:
		seconds := v.uint64() >> 32
		return time.Unix(int64(seconds), 0).UTC().Format("Jan _2 15:04:05") + ":" + strconv.FormatUint(v.uint64()&math.MaxUint32, 10)
	}
	return time.UnixMilli(v.int64()).UTC().Format("2006-01-02T15:04:05.000Z")
}

// writtenDouble is a double with 16 digits at most, as it is where a string is wanted.
func writtenDouble(f float64) string {
	switch {
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return strconv.FormatFloat(f, 'g', 16, 64)
}

func toDateValue(v value) (value, error) {
	switch v.kind {
	case bson.TypeInt64, bson.TypeDouble, bson.TypeDecimal128:
		ms, ok := v.truncated()
		if !ok {
			return value{}, conversionFailure("Conversion would overflow target type: %s", v)
		}
		return millisValue(ms), nil
	case bson.TypeTimestamp, bson.TypeObjectID:
		ms, _ := v.instant()
		return millisValue(ms), nil
	case bson.TypeString:
		return scanDate(string(v.text()), time.UTC)
	}
	return value{}, nil
}

func toObjectID(v value) (value, error) {
	if !v.isString() {
		return value{}, nil
	}
	id, err := hex.DecodeString(string(v.text()))
	if err != nil || len(id) != 12 {
		return value{}, conversionFailure("Failed to parse objectId '%s'", v.text())
	}
	return value{bson.TypeObjectID, id}, nil
}

func typeOf(_ string, arguments []value) (value, error) {
	return stringValue(TypeName(arguments[0].kind)), nil
}

package query_test

import (
	"cmp"
	"math"
	"math/big"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// The oracle is the query language once more, in the dumbest way that follows
// from its rules (see the package's documentation): documents are decoded whole,
// the values of a path are listed, numbers are fractions. It shares nothing with
// the package but the rules.

// datum is a decoded BSON value. The zero datum stands for a missing one.
type datum struct {
	kind   bson.Type
	raw    bson.RawValue
	number *big.Rat // of a finite number
	beyond int      // of other numbers: -2 for NaN, -1 and 1 for the infinities
	fields []member // of a document or an array
}

type member struct {
	key   string
	value datum
}

var oracleNull = datum{kind: bson.TypeNull, raw: bson.RawValue{Type: bson.TypeNull}}

func decodeDocument(doc bson.Raw) datum {
	return decode(bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: doc})
}

func decode(v bson.RawValue) datum {
	d := datum{kind: v.Type, raw: v}
	switch v.Type {
	case bson.TypeEmbeddedDocument, bson.TypeArray:
		elements, err := bson.Raw(v.Value).Elements()
		if err != nil {
			panic(err)
		}
		for _, e := range elements {
			d.fields = append(d.fields, member{e.Key(), decode(e.Value())})
		}
	case bson.TypeInt32:
		d.number = new(big.Rat).SetInt64(int64(v.Int32()))
	case bson.TypeInt64:
		d.number = new(big.Rat).SetInt64(v.Int64())
	case bson.TypeDouble:
		d.number, d.beyond = fractionOfDouble(v.Double())
	case bson.TypeDecimal128:
		d.number, d.beyond = fractionOfDecimal(v.Decimal128())
	}
	return d
}

func fractionOfDouble(f float64) (*big.Rat, int) {
	switch {
	case math.IsNaN(f):
		return nil, -2
	case math.IsInf(f, 0):
		return nil, int(math.Copysign(1, f))
	}
	return new(big.Rat).SetFloat64(f), 0
}

func fractionOfDecimal(d bson.Decimal128) (*big.Rat, int) {
	switch {
	case d.IsNaN():
		return nil, -2
	case d.IsInf() != 0:
		return nil, d.IsInf()
	}
	r, ok := new(big.Rat).SetString(d.String())
	if !ok {
		panic("no number: " + d.String())
	}
	return r, 0
}

func (d datum) missing() bool    { return d.kind == 0 }
func (d datum) isDocument() bool { return d.kind == bson.TypeEmbeddedDocument }
func (d datum) isArray() bool    { return d.kind == bson.TypeArray }
func (d datum) isNumber() bool   { return d.number != nil || d.beyond != 0 }
func (d datum) isNaN() bool      { return d.beyond == -2 }

// get returns the value of a key, or of an index.
func (d datum) get(key string) datum {
	for _, f := range d.fields {
		if f.key == key {
			return f.value
		}
	}
	return datum{}
}

// text returns what is compared of a string, symbol or code.
func (d datum) text() string {
	switch d.kind {
	case bson.TypeSymbol:
		return d.raw.Symbol()
	case bson.TypeJavaScript:
		return d.raw.JavaScript()
	}
	return d.raw.StringValue()
}

// integer returns a number as an int64 with its fraction cut, and whether it has
// none; ok is false where it is out of range or no number.
func (d datum) integer() (n int64, whole, ok bool) {
	if d.number == nil {
		return 0, false, false
	}
	quotient := new(big.Int).Quo(d.number.Num(), d.number.Denom())
	return quotient.Int64(), d.number.IsInt(), quotient.IsInt64()
}

// oracleClasses are the classes of BSON's order, lowest first.
var oracleClasses = [][]bson.Type{
	{bson.TypeMinKey},
	{0, bson.TypeUndefined},
	{bson.TypeNull},
	{bson.TypeInt32, bson.TypeInt64, bson.TypeDouble, bson.TypeDecimal128},
	{bson.TypeString, bson.TypeSymbol},
	{bson.TypeEmbeddedDocument},
	{bson.TypeArray},
	{bson.TypeBinary},
	{bson.TypeObjectID},
	{bson.TypeBoolean},
	{bson.TypeDateTime},
	{bson.TypeTimestamp},
	{bson.TypeRegex},
	{bson.TypeDBPointer},
	{bson.TypeJavaScript},
	{bson.TypeCodeWithScope},
	{bson.TypeMaxKey},
}

func (d datum) class() int {
	for i, kinds := range oracleClasses {
		for _, kind := range kinds {
			if kind == d.kind {
				return i
			}
		}
	}
	panic("a value without a class: " + d.kind.String())
}

// order is BSON's total order (S1, C4 to C10).
func order(a, b datum) int {
	if c := cmp.Compare(a.class(), b.class()); c != 0 {
		return c
	}
	switch a.kind {
	case bson.TypeInt32, bson.TypeInt64, bson.TypeDouble, bson.TypeDecimal128:
		if a.number == nil || b.number == nil {
			return cmp.Compare(a.beyond, b.beyond)
		}
		return a.number.Cmp(b.number)
	case bson.TypeString, bson.TypeSymbol, bson.TypeJavaScript:
		return strings.Compare(a.text(), b.text())
	case bson.TypeEmbeddedDocument:
		return orderFields(a, b, true)
	case bson.TypeArray:
		return orderFields(a, b, false)
	}
	return orderScalars(a.raw, b.raw)
}

func orderScalars(a, b bson.RawValue) int {
	switch a.Type {
	case bson.TypeBinary:
		subtype, data := a.Binary()
		otherSubtype, other := b.Binary()
		return cmp.Or(cmp.Compare(len(data), len(other)), cmp.Compare(subtype, otherSubtype),
			strings.Compare(string(data), string(other)))
	case bson.TypeObjectID:
		return strings.Compare(a.ObjectID().Hex(), b.ObjectID().Hex())
	case bson.TypeBoolean:
		return cmp.Compare(strconv.FormatBool(a.Boolean()), strconv.FormatBool(b.Boolean()))
	case bson.TypeDateTime:
		return cmp.Compare(a.DateTime(), b.DateTime())
	case bson.TypeTimestamp:
		seconds, counter := a.Timestamp()
		otherSeconds, otherCounter := b.Timestamp()
		return cmp.Or(cmp.Compare(seconds, otherSeconds), cmp.Compare(counter, otherCounter))
	case bson.TypeRegex:
		pattern, options := a.Regex()
		otherPattern, otherOptions := b.Regex()
		return cmp.Or(strings.Compare(pattern, otherPattern), strings.Compare(options, otherOptions))
	case bson.TypeDBPointer:
		collection, id := a.DBPointer()
		otherCollection, otherID := b.DBPointer()
		return cmp.Or(cmp.Compare(len(collection), len(otherCollection)), strings.Compare(collection, otherCollection),
			strings.Compare(id.Hex(), otherID.Hex()))
	case bson.TypeCodeWithScope:
		code, scope := a.CodeWithScope()
		otherCode, otherScope := b.CodeWithScope()
		return cmp.Or(strings.Compare(code, otherCode), order(decodeDocument(scope), decodeDocument(otherScope)))
	}
	return 0
}

// orderFields compares field by field: class, name if it counts, value (C8, C9).
func orderFields(a, b datum, named bool) int {
	for i := range min(len(a.fields), len(b.fields)) {
		x, y := a.fields[i], b.fields[i]
		c := cmp.Compare(x.value.class(), y.value.class())
		if named && c == 0 {
			c = strings.Compare(x.key, y.key)
		}
		if c == 0 {
			c = order(x.value, y.value)
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a.fields), len(b.fields))
}

func equal(a, b datum) bool { return order(a, b) == 0 }

// identical tells whether two values have the same types and bytes throughout.
// The names of an array's elements do not count.
func identical(a, b datum) bool {
	if a.kind != b.kind || len(a.fields) != len(b.fields) {
		return false
	}
	if !a.isDocument() && !a.isArray() {
		return string(a.raw.Value) == string(b.raw.Value)
	}
	for i, f := range a.fields {
		if a.isDocument() && f.key != b.fields[i].key || !identical(f.value, b.fields[i].value) {
			return false
		}
	}
	return true
}

package query

import (
	"bytes"
	"cmp"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// class is the place of a type in BSON's order; types of one class compare by
// value. The numbers are those of MongoDB's canonicalizeBSONType.
type class int8

const (
	classMinKey  class = -1
	classMissing class = 0 // and undefined
	classNull    class = 5
	classNumber  class = 10
	classString  class = 15
	classRegex   class = 50
	classMaxKey  class = 127
)

var classes = func() (table [256]class) {
	for kind, c := range map[bson.Type]class{
		bson.TypeMinKey: classMinKey, kindMissing: classMissing, bson.TypeUndefined: classMissing,
		bson.TypeNull:   classNull,
		bson.TypeDouble: classNumber, bson.TypeInt32: classNumber, bson.TypeInt64: classNumber,
		bson.TypeDecimal128: classNumber,
		bson.TypeString:     classString, bson.TypeSymbol: classString,
		bson.TypeEmbeddedDocument: 20, bson.TypeArray: 25, bson.TypeBinary: 30, bson.TypeObjectID: 35,
		bson.TypeBoolean: 40, bson.TypeDateTime: 45, bson.TypeTimestamp: 47, bson.TypeRegex: classRegex,
		bson.TypeDBPointer: 55, bson.TypeJavaScript: 60, bson.TypeCodeWithScope: 65,
		bson.TypeMaxKey: classMaxKey,
	} {
		table[kind] = c
	}
	return table
}()

func (v value) class() class { return classes[v.kind] }

// Compare places a and b in BSON's total order, by which MongoDB sorts: first
// by class (MinKey, missing and undefined, null, numbers, strings and symbols,
// documents, arrays, binary, ObjectIDs, booleans, dates, timestamps, regular
// expressions, DBPointers, code, code with scope, MaxKey), then by value. It is
// negative if a comes first, positive if b does, and 0 if they are equal, as the
// numbers 1 and 1.0 are. The zero RawValue is a missing one.
func Compare(a, b bson.RawValue) int { return compare(valueOf(a), valueOf(b)) }

func compare(a, b value) int {
	if c := cmp.Compare(a.class(), b.class()); c != 0 {
		return c
	}
	return compareSameClass(a, b)
}

func compareSameClass(a, b value) int {
	switch a.kind {
	case bson.TypeDouble, bson.TypeInt32, bson.TypeInt64, bson.TypeDecimal128:
		return compareNumbers(a, b)
	case bson.TypeString, bson.TypeSymbol, bson.TypeJavaScript:
		return bytes.Compare(a.text(), b.text())
	case bson.TypeEmbeddedDocument:
		return compareDocuments(a.data, b.data)
	case bson.TypeArray:
		return compareArrays(a.data, b.data)
	case bson.TypeBinary:
		return compareBinaries(a, b)
	case bson.TypeObjectID, bson.TypeBoolean:
		return bytes.Compare(a.data, b.data)
	case bson.TypeDateTime:
		return cmp.Compare(a.int64(), b.int64())
	case bson.TypeTimestamp:
		return cmp.Compare(a.uint64(), b.uint64())
	case bson.TypeRegex:
		return compareRegexes(a, b)
	case bson.TypeDBPointer:
		return cmp.Or(cmp.Compare(len(a.data), len(b.data)), bytes.Compare(a.data[4:], b.data[4:]))
	case bson.TypeCodeWithScope:
		return compareCodesWithScope(a, b)
	}
	return 0 // all values of a class without a value are equal
}

// compareDocuments is rule C8.
func compareDocuments(a, b []byte) int {
	x, y := elementsOf(a), elementsOf(b)
	for {
		more, other := x.next(), y.next()
		if !more || !other {
			return compareBools(more, other)
		}
		if c := cmp.Compare(x.class(), y.class()); c != 0 {
			return c
		}
		if c := bytes.Compare(x.key, y.key); c != 0 {
			return c
		}
		if c := compareSameClass(x.value, y.value); c != 0 {
			return c
		}
	}
}

// compareArrays is rule C9.
func compareArrays(a, b []byte) int {
	x, y := elementsOf(a), elementsOf(b)
	for {
		more, other := x.next(), y.next()
		if !more || !other {
			return compareBools(more, other)
		}
		if c := compare(x.value, y.value); c != 0 {
			return c
		}
	}
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// compareBinaries is rule C7.
func compareBinaries(a, b value) int {
	if c := cmp.Compare(len(a.data), len(b.data)); c != 0 {
		return c
	}
	return bytes.Compare(a.data[4:], b.data[4:])
}

func compareRegexes(a, b value) int {
	pattern, options := a.regex()
	otherPattern, otherOptions := b.regex()
	return cmp.Or(bytes.Compare(pattern, otherPattern), bytes.Compare(options, otherOptions))
}

func compareCodesWithScope(a, b value) int {
	code, scope := a.codeWithScope()
	otherCode, otherScope := b.codeWithScope()
	if c := bytes.Compare(code, otherCode); c != 0 {
		return c
	}
	return compareDocuments(scope, otherScope)
}

package mongo

import (
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// behind returns filters of which one at least selects each document that the sort
// places behind these values. They may select some others: MongoDB sorts by one
// element of an array and asks about all of them, and a range holds within one class
// of types, so that classes are left out beside it.
func behind(sort *query.Sort, after []bson.RawValue) ([]bson.D, error) {
	elements, err := sort.Source().Elements()
	if err != nil {
		return nil, err
	}
	var branches []bson.D
	var ties bson.A
	for i, v := range after {
		k := sortKey{path: elements[i].Key(), down: isDown(elements[i].Value())}
		conditions := append(slices.Clone(ties), k.beyond(v)...)
		branches = append(branches, bson.D{{Key: "$and", Value: append(conditions, bson.D{})}}) // none of them is all
		ties = append(ties, k.equal(v)...)
	}
	return branches, nil
}

var zero = bson.RawValue{Type: bson.TypeInt32, Value: make([]byte, 4)}

func isDown(direction bson.RawValue) bool { return query.Compare(direction, zero) < 0 }

// sortKey is one path of a sort.
type sortKey struct {
	path string
	down bool
}

func (k sortKey) is(condition any) bson.D { return bson.D{{Key: k.path, Value: condition}} }

func (k sortKey) not(operator string, operand any) bson.D {
	return k.is(bson.D{{Key: "$not", Value: bson.D{{Key: operator, Value: operand}}}})
}

// ambiguous tells that a part of the path may be an array's index or a document's
// key. There a filter looks at both, and a sort at one.
func (k sortKey) ambiguous() bool { return strings.ContainsAny(k.path, "0123456789") }

// beyond returns conditions that every document fulfils that the path places behind
// v: none of its values is at v or on this side of it.
func (k sortKey) beyond(v bson.RawValue) (conditions bson.A) {
	class := classOf(v.Type)
	if k.ambiguous() {
		return nil
	}
	if k.down {
		conditions = k.without(class+1, len(classes))
	} else {
		conditions = k.without(0, class)
	}
	if class == classNull || class > classNull && !k.down {
		conditions = append(conditions, k.is(bson.D{{Key: "$ne", Value: nil}}))
	}
	if class <= classNull || !isComparable(v) {
		return conditions
	}
	if k.down {
		return append(conditions, k.not("$gte", v))
	}
	return append(conditions, k.not("$lte", v))
}

// equal returns conditions that every document fulfils that the path places where v
// is.
func (k sortKey) equal(v bson.RawValue) bson.A {
	class := classOf(v.Type)
	switch {
	case k.ambiguous():
		return nil
	case class > classNull && isComparable(v):
		return bson.A{k.is(bson.D{{Key: "$eq", Value: v}})}
	case class == classNull && !strings.Contains(k.path, "."):
		return bson.A{k.is(nil)} // below an array null is what a filter may not find
	case k.down:
		return k.without(class+1, len(classes))
	}
	return nil
}

// without is the condition that no value is of the classes from one on to another,
// as far as they can be told.
func (k sortKey) without(from, to int) bson.A {
	types := bson.A{}
	for _, class := range classes[from:to] {
		if class.alias != "" {
			types = append(types, class.alias)
		}
	}
	if len(types) == 0 {
		return nil
	}
	return bson.A{k.not("$type", types)}
}

// isComparable tells whether operators compare with v as a sort does. With an array
// they compare whole arrays too.
func isComparable(v bson.RawValue) bool { return v.Type != bson.TypeRegex && v.Type != bson.TypeArray }

// classes are the types that compare with each other, in BSON's order. An alias is
// what $type calls those of a class that records have: but for arrays, since an array
// is of this type and of those of its elements.
var classes = []struct {
	alias string
	types []bson.Type
}{
	{"", []bson.Type{bson.TypeMinKey}},
	{"", []bson.Type{bson.TypeUndefined}}, // and an empty array, to a sort
	{"", []bson.Type{bson.TypeNull}},
	{"number", []bson.Type{bson.TypeDouble, bson.TypeInt32, bson.TypeInt64, bson.TypeDecimal128}},
	{"string", []bson.Type{bson.TypeString, bson.TypeSymbol}},
	{"object", []bson.Type{bson.TypeEmbeddedDocument}},
	{"", []bson.Type{bson.TypeArray}},
	{"binData", []bson.Type{bson.TypeBinary}},
	{"objectId", []bson.Type{bson.TypeObjectID}},
	{"bool", []bson.Type{bson.TypeBoolean}},
	{"date", []bson.Type{bson.TypeDateTime}},
	{"timestamp", []bson.Type{bson.TypeTimestamp}},
	{"regex", []bson.Type{bson.TypeRegex}},
	{"", []bson.Type{bson.TypeDBPointer}},
	{"", []bson.Type{bson.TypeJavaScript}},
	{"", []bson.Type{bson.TypeCodeWithScope}},
	{"", []bson.Type{bson.TypeMaxKey}},
}

// classNull is the place of null among the classes.
const classNull = 2

func classOf(t bson.Type) int {
	for i, class := range classes {
		if slices.Contains(class.types, t) {
			return i
		}
	}
	return len(classes) - 1
}

package query

import (
	"go.mongodb.org/mongo-driver/v2/bson"
)

// typeIs is $type: one bit for each of the types asked for.
type typeIs struct {
	unwinding
	kinds [4]uint64
}

func (*typeIs) rank() int { return rankType }

func (t *typeIs) add(kind bson.Type) { t.kinds[kind>>6] |= 1 << (kind & 63) }

func (t *typeIs) matches(v value, _ *question) (bool, error) {
	return t.kinds[v.kind>>6]&(1<<(v.kind&63)) != 0, nil
}

// typeAliases are the names that $type takes. "number" stands for four types.
var typeAliases = map[string][]bson.Type{
	"double":              {bson.TypeDouble},
	"string":              {bson.TypeString},
	"object":              {bson.TypeEmbeddedDocument},
	"array":               {bson.TypeArray},
	"binData":             {bson.TypeBinary},
	"undefined":           {bson.TypeUndefined},
	"objectId":            {bson.TypeObjectID},
	"bool":                {bson.TypeBoolean},
	"date":                {bson.TypeDateTime},
	"null":                {bson.TypeNull},
	"regex":               {bson.TypeRegex},
	"dbPointer":           {bson.TypeDBPointer},
	"javascript":          {bson.TypeJavaScript},
	"symbol":              {bson.TypeSymbol},
	"javascriptWithScope": {bson.TypeCodeWithScope},
	"int":                 {bson.TypeInt32},
	"timestamp":           {bson.TypeTimestamp},
	"long":                {bson.TypeInt64},
	"decimal":             {bson.TypeDecimal128},
	"minKey":              {bson.TypeMinKey},
	"maxKey":              {bson.TypeMaxKey},
	"number":              {bson.TypeDouble, bson.TypeInt32, bson.TypeInt64, bson.TypeDecimal128},
}

// typeOfCode returns the type whose number in BSON is code. MinKey is -1.
func typeOfCode(code int64) (bson.Type, bool) {
	switch {
	case code == -1:
		return bson.TypeMinKey, true
	case code == 127:
		return bson.TypeMaxKey, true
	case code >= 1 && code <= 19:
		return bson.Type(code), true
	}
	return 0, false
}

func parseType(operand value, at trail) (*typeIs, *Error) {
	t := &typeIs{}
	if operand.kind != bson.TypeArray {
		return t, t.parse(operand, at)
	}
	for it := elementsOf(operand.data); it.next(); {
		if err := t.parse(it.value, at.down(string(it.key))); err != nil {
			return nil, err
		}
	}
	if t.kinds == [4]uint64{} {
		return nil, at.fail(CodeFailedToParse, "$type must match at least one type")
	}
	return t, nil
}

func (t *typeIs) parse(operand value, at trail) *Error {
	if operand.kind == bson.TypeString {
		return t.parseAlias(string(operand.text()), at)
	}
	if !operand.isNumber() {
		return at.fail(CodeTypeMismatch, "type must be represented as a number or a string")
	}
	code, whole := operand.whole()
	if whole && code == 0 {
		return at.fail(CodeBadValue, "Invalid numerical type code: 0. Instead use {$exists:false}.")
	}
	kind, known := typeOfCode(code)
	if !whole || !known {
		return at.fail(CodeBadValue, "Invalid numerical type code: %s", operand)
	}
	t.add(kind)
	return nil
}

func (t *typeIs) parseAlias(alias string, at trail) *Error {
	kinds, ok := typeAliases[alias]
	if !ok {
		return at.fail(CodeBadValue, "Unknown type name alias: %s", alias)
	}
	for _, kind := range kinds {
		t.add(kind)
	}
	return nil
}

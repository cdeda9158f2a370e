package query

import "go.mongodb.org/mongo-driver/v2/bson"

// bitwise is $bit: operations that are carried out one after another.
type bitwise struct {
	creating
	operations []bitOperation
}

type bitOperation struct {
	name    string // and, or, xor
	operand value
}

func isInteger(v value) bool { return v.kind == bson.TypeInt32 || v.kind == bson.TypeInt64 }

func parseBit(v value, at trail) (modifier, *Error) {
	if v.kind != bson.TypeEmbeddedDocument {
		return nil, at.fail(CodeBadValue, "The $bit modifier is not compatible with a %s. You must pass in an embedded document: "+
			"{$bit: {field: {and/or/xor: #}}", TypeName(v.kind))
	}
	var b bitwise
	for it := elementsOf(v.data); it.next(); {
		name := string(it.key)
		if name != "and" && name != "or" && name != "xor" {
			return nil, at.fail(CodeBadValue, "The $bit modifier only supports 'and', 'or', and 'xor', not '%s' which is an unknown operator: %s",
				name, describe(name, it.value))
		}
		if !isInteger(it.value) {
			return nil, at.down(name).fail(CodeBadValue, "The $bit modifier field must be an Integer(32/64 bit); a '%s' is not supported here: %s",
				TypeName(it.kind), describe(name, it.value))
		}
		b.operations = append(b.operations, bitOperation{name, it.value})
	}
	if len(b.operations) == 0 {
		return nil, at.fail(CodeBadValue,
			"You must pass in at least one bitwise operation. The format is: {$bit: {field: {and/or/xor: #}}")
	}
	return b, nil
}

func (b bitwise) modify(v value, e *edit) (value, error) {
	if v.missing() {
		v = zero
	} else if !isInteger(v) {
		return value{}, failure(CodeBadValue, "Cannot apply $bit to a value of non-integral type. %s has the field %s of non-integer type %s",
			e.id(), e.path[len(e.path)-1], TypeName(v.kind))
	}
	for _, operation := range b.operations {
		v = operation.apply(v)
	}
	return v, nil
}

// apply returns an int32 if both operands are, else an int64.
func (o bitOperation) apply(v value) value {
	x, y := v.integer(), o.operand.integer()
	switch o.name {
	case "and":
		x &= y
	case "or":
		x |= y
	default:
		x ^= y
	}
	if v.kind == bson.TypeInt32 && o.operand.kind == bson.TypeInt32 {
		return int32Value(int32(x))
	}
	return int64Value(x)
}

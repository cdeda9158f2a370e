package query

import "go.mongodb.org/mongo-driver/v2/bson"

// comparing makes an operation of what an order of two values says. Values of all
// types are ordered; a missing one is below null.
func comparing(holds func(order int) bool) operation {
	return func(_ string, arguments []value) (value, error) {
		return boolValue(holds(compare(arguments[0], arguments[1]))), nil
	}
}

func compareValues(_ string, arguments []value) (value, error) {
	return int32Value(int32(compare(arguments[0], arguments[1]))), nil
}

func isFalse(_ string, arguments []value) (value, error) {
	return boolValue(!arguments[0].truthy()), nil
}

// isOfKind makes an operation that tells whether a value is of a kind.
func isOfKind(is func(v value) bool) operation {
	return func(_ string, arguments []value) (value, error) { return boolValue(is(arguments[0])), nil }
}

func isArray(v value) bool { return v.kind == bson.TypeArray }

// combineBits makes $bitAnd and its kin.
func combineBits(start int64, apply func(a, b int64) int64) operation {
	return func(name string, arguments []value) (value, error) {
		result, kind := start, bson.TypeInt32
		for _, v := range arguments {
			switch {
			case v.nullish():
				return null, nil
			case v.kind != bson.TypeInt32 && v.kind != bson.TypeInt64:
				return value{}, failure(CodeTypeMismatch, "%s only supports int and long operands, found: %s", name, TypeName(v.kind))
			}
			result, kind = apply(result, v.integer()), widest(kind, v.kind)
		}
		return wholeOf(kind, result), nil
	}
}

func bitNot(name string, v value) (value, error) {
	if v.kind != bson.TypeInt32 && v.kind != bson.TypeInt64 {
		return value{}, failure(28765, "%s only supports int and long, not %s", name, TypeName(v.kind))
	}
	return wholeOf(v.kind, ^v.integer()), nil
}

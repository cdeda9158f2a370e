package query

import "go.mongodb.org/mongo-driver/v2/bson"

// mod is $mod. Divisor, remainder and values are cut to integers.
type mod struct {
	unwinding
	divisor, remainder int64
}

func (*mod) rank() int { return rankMod }

func (m *mod) matches(v value, _ *question) (bool, error) {
	n, ok := v.truncated()
	if !ok {
		return false, nil
	}
	return n%m.divisor == m.remainder, nil
}

func parseMod(operand value, at trail) (*mod, *Error) {
	if operand.kind != bson.TypeArray {
		return nil, at.fail(CodeBadValue, "malformed mod, needs to be an array")
	}
	var arguments []value
	for it := elementsOf(operand.data); it.next(); {
		arguments = append(arguments, it.value)
	}
	switch {
	case len(arguments) < 2:
		return nil, at.fail(CodeBadValue, "malformed mod, not enough elements")
	case len(arguments) > 2:
		return nil, at.fail(CodeBadValue, "malformed mod, too many elements")
	}
	divisor, err := parseModArgument("divisor", arguments[0], at)
	if err != nil {
		return nil, err
	}
	remainder, err := parseModArgument("remainder", arguments[1], at)
	if err != nil {
		return nil, err
	}
	if divisor == 0 {
		return nil, at.fail(CodeBadValue, "divisor cannot be 0")
	}
	return &mod{divisor: divisor, remainder: remainder}, nil
}

func parseModArgument(name string, v value, at trail) (int64, *Error) {
	if !v.isNumber() {
		return 0, at.fail(CodeBadValue, "malformed mod, %s not a number", name)
	}
	n, ok := v.truncated()
	if !ok {
		return 0, at.fail(CodeBadValue,
			"malformed mod, %s value is invalid :: caused by :: Unable to coerce NaN/Inf or a number out of range to integral type: %s", name, v)
	}
	return n, nil
}

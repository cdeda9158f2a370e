package query

import (
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// operators parses the document of operators under a path.
func (p filterParser) operators(target path, doc []byte, at trail, depth int) ([]node, *Error) {
	if depth > maxTreeDepth {
		return nil, at.fail(CodeBadValue, "exceeded maximum query tree depth of %d", maxTreeDepth)
	}
	var nodes []node
	for it := elementsOf(doc); it.next(); {
		key := string(it.key)
		parsed, err := p.operator(target, key, it.value, doc, at.down(key), depth)
		if err != nil {
			return nil, err
		}
		if parsed != nil {
			nodes = append(nodes, parsed)
		}
	}
	return nodes, nil
}

// operator parses one operator under a path; siblings is the document that it
// stands in. It returns nil for one that only qualifies another.
func (p filterParser) operator(target path, key string, v value, siblings []byte, at trail, depth int) (node, *Error) {
	switch key {
	case "$eq":
		return p.comparison(target, opEq, v, at)
	case "$lt":
		return p.comparison(target, opLt, v, at)
	case "$lte":
		return p.comparison(target, opLte, v, at)
	case "$gt":
		return p.comparison(target, opGt, v, at)
	case "$gte":
		return p.comparison(target, opGte, v, at)
	case "$ne":
		return p.notEqual(target, v, at)
	case "$in":
		return p.in(target, key, v, at)
	case "$nin":
		return negate(p.in(target, key, v, at))
	case "$not":
		return p.not(target, v, at, depth)
	case "$exists":
		return p.exists(target, v), nil
	case "$type":
		t, err := parseType(v, at)
		return &field{target, t}, err
	case "$mod":
		m, err := parseMod(v, at)
		return &field{target, m}, err
	case "$size":
		return p.size(target, v, at)
	case "$all":
		return p.all(target, v, at, depth)
	case "$elemMatch":
		return p.elemMatchOperator(target, v, at, depth)
	case "$regex", "$options":
		return p.regexOperator(target, key, v, siblings, at)
	case "$bitsAllSet":
		return p.bits(target, &bits{all: true, set: true}, key, v, at)
	case "$bitsAllClear":
		return p.bits(target, &bits{all: true}, key, v, at)
	case "$bitsAnySet":
		return p.bits(target, &bits{set: true}, key, v, at)
	case "$bitsAnyClear":
		return p.bits(target, &bits{}, key, v, at)
	}
	return p.seedOperator(target, key, v, siblings, at)
}

// seedOperator parses what is an operator to IPython, and not to MongoDB.
func (p filterParser) seedOperator(target path, key string, v value, siblings []byte, at trail) (node, *Error) {
	if p.seed {
		switch key {
		case "$ge":
			return p.comparison(target, opGt, v, at)
		case "$le":
			return p.comparison(target, opLt, v, at)
		case "$glob":
			return p.glob(target, v, siblings, at)
		}
	}
	return nil, p.unknownOperator(key, at)
}

func negate(n node, err *Error) (node, *Error) { return &not{n}, err }

func (p filterParser) unknownOperator(key string, at trail) *Error {
	switch key {
	case "$near", "$nearSphere", "$geoNear":
		return at.fail(5626500, "$geoNear, $near, and $nearSphere are not allowed in this context, "+
			"as these operators require sorting geospatial data. If you do not need sort, consider using $geoWithin instead.")
	case "$geoWithin", "$geoIntersects", "$within":
		return at.fail(CodeNotImplemented, "%s is not implemented", key)
	case "$expr":
		return at.fail(CodeBadValue, "$expr can only be applied to the top-level document")
	}
	return at.fail(CodeBadValue, "unknown operator: %s", key)
}

func (p filterParser) comparison(target path, op comparisonOp, v value, at trail) (node, *Error) {
	switch {
	case v.kind == bson.TypeUndefined:
		return nil, at.fail(CodeBadValue, "cannot compare to undefined")
	case v.kind == bson.TypeRegex && op != opEq: // C11
		return nil, at.fail(CodeBadValue, "Can't have RegEx as arg to predicate over field '%s'.", target)
	}
	return &field{target, newComparison(op, v)}, nil
}

func (p filterParser) notEqual(target path, v value, at trail) (node, *Error) {
	if v.kind == bson.TypeRegex {
		return nil, at.fail(CodeBadValue, "Can't have regex as arg to $ne.")
	}
	return negate(p.comparison(target, opEq, v, at))
}

func (p filterParser) in(target path, key string, v value, at trail) (node, *Error) {
	if v.kind != bson.TypeArray {
		return nil, at.fail(CodeBadValue, "%s needs an array", key)
	}
	var values []value
	var regexes []*regex
	for it := elementsOf(v.data); it.next(); {
		switch {
		case it.kind == bson.TypeRegex:
			re, err := newRegexValue(it.value, at.down(string(it.key)))
			if err != nil {
				return nil, err
			}
			regexes = append(regexes, re)
		case it.kind == bson.TypeUndefined:
			return nil, at.down(string(it.key)).fail(CodeBadValue, "InMatchExpression equality cannot be undefined")
		case isOperators(it.value):
			return nil, at.down(string(it.key)).fail(CodeBadValue, "cannot nest $ under $in")
		default:
			values = append(values, it.value)
		}
	}
	return &field{target, newIn(values, regexes)}, nil
}

func (p filterParser) exists(target path, v value) node {
	if v.truthy() {
		return &field{target, exists{}}
	}
	return &not{&field{target, exists{}}}
}

func (p filterParser) not(target path, v value, at trail, depth int) (node, *Error) {
	if v.kind == bson.TypeRegex {
		re, err := newRegexValue(v, at)
		return &not{&field{target, re}}, err
	}
	if v.kind != bson.TypeEmbeddedDocument {
		return nil, at.fail(CodeBadValue, "$not needs a regex or a document")
	}
	children, err := p.operators(target, v.data, at, depth+1)
	if err == nil && len(children) == 0 {
		err = at.fail(CodeBadValue, "$not cannot be empty")
	}
	if err != nil {
		return nil, err
	}
	return &not{conjunction(children)}, nil
}

func (p filterParser) size(target path, v value, at trail) (node, *Error) {
	n, whole := v.whole()
	switch {
	case !v.isNumber():
		return nil, at.fail(CodeBadValue, "Failed to parse $size. Expected a number in: $size: %s", v)
	case !whole || n > math.MaxInt32:
		return nil, at.fail(CodeBadValue, "Failed to parse $size. Expected an integer: $size: %s", v)
	case n < 0:
		return nil, at.fail(CodeBadValue, "Failed to parse $size. Expected a non-negative number in: $size: %s", v)
	}
	return &field{target, &size{n: int(n)}}, nil
}

func (p filterParser) all(target path, v value, at trail, depth int) (node, *Error) {
	if v.kind != bson.TypeArray {
		return nil, at.fail(CodeBadValue, "$all needs an array")
	}
	it := elementsOf(v.data)
	if !it.next() {
		return never{}, nil
	}
	member := p.allValue
	if !elemMatchOf(it.value).missing() {
		member = p.allElemMatch
	}
	var children []node
	for it = elementsOf(v.data); it.next(); {
		child, err := member(target, it.value, at.down(string(it.key)), depth)
		if err != nil {
			return nil, err
		}
		children = append(children, child)
	}
	return conjunction(children), nil
}

// elemMatchOf returns the argument of {$elemMatch: argument}.
func elemMatchOf(v value) value {
	if v.kind != bson.TypeEmbeddedDocument {
		return value{}
	}
	it := elementsOf(v.data)
	if it.next() && string(it.key) == "$elemMatch" {
		return it.value
	}
	return value{}
}

func (p filterParser) allValue(target path, v value, at trail, _ int) (node, *Error) {
	if isOperators(v) {
		return nil, at.fail(CodeBadValue, "no $ expressions in $all")
	}
	return p.equality(target, v, at)
}

func (p filterParser) allElemMatch(target path, v value, at trail, depth int) (node, *Error) {
	argument := elemMatchOf(v)
	if argument.missing() {
		return nil, at.fail(CodeBadValue, "$all/$elemMatch has to be consistent")
	}
	return p.elemMatchOperator(target, argument, at.down("$elemMatch"), depth)
}

func (p filterParser) elemMatchOperator(target path, v value, at trail, depth int) (node, *Error) {
	if v.kind != bson.TypeEmbeddedDocument {
		return nil, at.fail(CodeBadValue, "$elemMatch needs an Object")
	}
	test, err := p.elemMatchArgument(v, at, depth)
	if err != nil {
		return nil, err
	}
	return &field{target, test}, nil
}

// elemMatchArgument parses the argument of $elemMatch, a document. Which form it
// has is told by its first key: an operator that needs a path makes it one about
// values.
func (p filterParser) elemMatchArgument(v value, at trail, depth int) (operator, *Error) {
	p.elemMatch = true
	if it := elementsOf(v.data); isOperators(v) && it.next() && !standsAlone(string(it.key)) {
		children, err := p.operators(path{}, v.data, at, depth+1)
		return &elemMatchValue{condition: conjunction(children)}, err
	}
	condition, err := p.document(v.data, at, depth+1)
	return &elemMatchObject{condition: condition}, err
}

// standsAlone tells whether key is an operator that stands in place of a path.
func standsAlone(key string) bool {
	switch key {
	case "$and", "$or", "$nor", "$where", "$text", "$expr", "$comment", "$jsonSchema",
		"$alwaysTrue", "$alwaysFalse", "$ref", "$id", "$db":
		return true
	}
	return false
}

func (p filterParser) bits(target path, b *bits, key string, v value, at trail) (node, *Error) {
	b, err := parseBits(b, key, v, at)
	return &field{target, b}, err
}

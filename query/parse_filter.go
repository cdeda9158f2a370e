package query

import (
	"cmp"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// maxTreeDepth is how deep MongoDB lets a filter's expressions nest.
const maxTreeDepth = 100

// filterParser builds the tree of a filter, as MongoDB's MatchExpressionParser
// does. The zero value parses a whole filter.
type filterParser struct {
	seed      bool       // $ge, $le and $glob are operators
	elemMatch bool       // inside an $elemMatch, where some operators may not stand
	update    bool       // a condition in an update, where some may not stand either
	allowance *allowance // of $expr, where it may stand
}

// document parses a filter, or one branch of it. Its children are sorted by
// rank.
func (p filterParser) document(doc []byte, at trail, depth int) (node, *Error) {
	if depth > maxTreeDepth {
		return nil, at.fail(CodeBadValue, "exceeded maximum query tree depth of %d", maxTreeDepth)
	}
	var children []node
	for it := elementsOf(doc); it.next(); {
		key := string(it.key)
		parsed, err := p.element(key, it.value, at.down(key), depth)
		if err != nil {
			return nil, err
		}
		children = append(children, parsed...)
	}
	return conjunction(children), nil
}

// conjunction is the and of its children, or the child if there is just one.
// What is an and itself is dissolved, as MongoDB's optimizer has it.
func conjunction(children []node) node {
	if len(children) == 1 {
		return children[0]
	}
	var flat []node
	for _, child := range children {
		if all, ok := child.(*and); ok {
			flat = append(flat, all.children...)
		} else {
			flat = append(flat, child)
		}
	}
	slices.SortStableFunc(flat, func(a, b node) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), strings.Compare(fieldName(a), fieldName(b)))
	})
	return &and{flat}
}

// fieldName returns the path of a field, "" for other nodes.
func fieldName(n node) string {
	if f, ok := n.(*field); ok {
		return f.path.String()
	}
	return ""
}

// disjunction is the or of its children, or the child if there is just one.
// Equalities on one path are an $in, as MongoDB's optimizer has it.
func disjunction(children []node) node {
	if len(children) == 1 {
		return children[0]
	}
	var values []value
	var regexes []*regex
	first, _ := children[0].(*field)
	for _, child := range children {
		member, ok := child.(*field)
		if !ok || !slices.Equal(member.path.parts, first.path.parts) {
			return &or{children}
		}
		switch test := member.test.(type) {
		case *regex:
			regexes = append(regexes, test)
		case *comparison:
			if test.op != opEq {
				return &or{children}
			}
			values = append(values, test.operand)
		default:
			return &or{children}
		}
	}
	return &field{first.path, newIn(values, regexes)}
}

// element parses one key of a filter: an operator, or a path and what is asked
// of it.
func (p filterParser) element(key string, v value, at trail, depth int) ([]node, *Error) {
	if key != "" && key[0] == '$' && !isReference(key) {
		return p.topOperator(key, v, at, depth)
	}
	if len(key) > maxPathParts && countParts(key) > maxPathParts {
		return nil, at.fail(5729100, "FieldPath is too long")
	}
	target := newPath(key)
	if isOperators(v) {
		return p.operators(target, v.data, at, depth)
	}
	equality, err := p.equality(target, v, at)
	if err != nil {
		return nil, err
	}
	return []node{equality}, nil
}

// isReference tells whether key is one of the three that a DBRef is made of.
func isReference(key string) bool { return key == "$ref" || key == "$id" || key == "$db" }

// isOperators tells whether v is a document of operators: its first key starts
// with a dollar, and it is no DBRef.
func isOperators(v value) bool {
	if v.kind != bson.TypeEmbeddedDocument {
		return false
	}
	it := elementsOf(v.data)
	if !it.next() || len(it.key) == 0 || it.key[0] != '$' {
		return false
	}
	return lookup(v.data, "$ref").missing() || lookup(v.data, "$id").missing()
}

// equality parses {path: value}.
func (p filterParser) equality(target path, v value, at trail) (node, *Error) {
	switch v.kind {
	case bson.TypeRegex:
		re, err := newRegexValue(v, at)
		return &field{target, re}, err
	case bson.TypeUndefined:
		return nil, at.fail(CodeBadValue, "cannot compare to undefined")
	}
	return &field{target, newComparison(opEq, v)}, nil
}

// topOperator parses an operator that stands in place of a path.
func (p filterParser) topOperator(key string, v value, at trail, depth int) ([]node, *Error) {
	switch key {
	case "$and":
		children, err := p.branches(key, v, at, depth)
		return []node{conjunction(children)}, err
	case "$or":
		children, err := p.branches(key, v, at, depth)
		if err != nil {
			return nil, err
		}
		return []node{disjunction(children)}, nil
	case "$nor":
		children, err := p.branches(key, v, at, depth)
		return []node{&nor{or{children}}}, err
	case "$comment":
		return nil, nil
	case "$expr":
		if p.elemMatch || p.update {
			break
		}
		e, err := newExprNode(v, p.allowance, at)
		return []node{e}, err
	case "$not":
		return nil, at.fail(CodeBadValue,
			"unknown top level operator: $not. If you are trying to negate an entire expression, use $nor.")
	}
	if err := p.refused(key, at); err != nil {
		return nil, err
	}
	return nil, at.fail(CodeBadValue, "unknown top level operator: %s. If you have a field name that starts with a "+
		"'$' symbol, consider using $getField or $setField.", key)
}

// branches parses the filters in the array of $and, $or or $nor.
func (p filterParser) branches(key string, v value, at trail, depth int) ([]node, *Error) {
	if v.kind != bson.TypeArray {
		return nil, at.fail(CodeBadValue, "%s must be an array", key)
	}
	var children []node
	for it := elementsOf(v.data); it.next(); {
		below := at.down(string(it.key))
		if it.kind != bson.TypeEmbeddedDocument {
			return nil, below.fail(CodeBadValue, "$or/$and/$nor entries need to be full objects")
		}
		child, err := p.document(it.data, below, depth+1)
		if err != nil {
			return nil, err
		}
		children = append(children, child)
	}
	if len(children) == 0 {
		return nil, at.fail(CodeBadValue, "$and/$or/$nor must be a nonempty array")
	}
	return children, nil
}

// refused returns the error of an operator that MongoDB has and that is not
// emulated, or that may not stand inside an $elemMatch; nil for others.
func (p filterParser) refused(key string, at trail) *Error {
	switch key {
	case "$where":
		if p.elemMatch {
			return at.fail(CodeBadValue, "$elemMatch cannot contain $where expression")
		}
		return at.fail(CodeBadValue, "$where is not allowed in this context")
	case "$text":
		if p.elemMatch {
			return at.fail(CodeBadValue, "$text can only be applied to the top-level document")
		}
		if p.update {
			return at.fail(CodeBadValue, "$text is not allowed in this context")
		}
		return at.fail(CodeIndexNotFound, "text index required for $text query")
	case "$expr":
		if p.elemMatch {
			return at.fail(CodeBadValue, "$expr can only be applied to the top-level document")
		}
		return at.fail(CodeQueryFeatureNotAllowed, "$expr is not allowed in this context")
	case "$jsonSchema":
		return at.fail(CodeQueryFeatureNotAllowed, "$jsonSchema is not allowed in this context")
	case "$alwaysTrue", "$alwaysFalse", "$sampleRate":
		return at.fail(CodeNotImplemented, "%s is not implemented", key)
	}
	return nil
}

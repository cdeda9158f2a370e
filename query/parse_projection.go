package query

import (
	"bytes"
	"math"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ParseProjection checks a projection as the find command does: inclusion,
// exclusion, $slice, $elemMatch, the positional "path.$", and constants. Other
// expressions of aggregation are refused. An empty one shows the whole document.
// The Projection keeps a copy of doc.
func ParseProjection(doc bson.Raw) (*Projection, error) {
	if err := Validate(doc); err != nil {
		return nil, err
	}
	source := bytes.Clone(doc)
	p := projectionParser{projection: &Projection{source: source}}
	if err := p.document(source, nil, nil); err != nil {
		return nil, err
	}
	p.finish()
	return p.projection, nil
}

type projectionParser struct {
	projection *Projection
	mode       projectionMode
	id         projectionAction // what the projection says of _id, if it does
	elemMatch  bool             // there is an $elemMatch
}

type projectionMode uint8

const (
	undecided projectionMode = iota
	including
	excluding
)

// document parses a projection, or the document that stands for the keys below
// prefix.
func (p *projectionParser) document(doc []byte, prefix []string, at trail) *Error {
	for it := elementsOf(doc); it.next(); {
		key := string(it.key)
		if err := p.element(prefix, key, it.value, at.down(key)); err != nil {
			return err
		}
	}
	return nil
}

func (p *projectionParser) element(prefix []string, key string, v value, at trail) *Error {
	if strings.HasSuffix(key, ".$") && len(prefix) == 0 {
		return p.positionalElement(strings.TrimSuffix(key, ".$"), v, at)
	}
	if strings.Contains(key, ".$.") {
		return at.fail(31394, "As of 4.4, it's illegal to specify positional operator in the middle of a path."+
			"Positional projection may only be used at the end, for example: a.b.$. If the query previously used a form like "+
			"a.b.$.d, remove the parts following the '$' and the results will be equivalent.")
	}
	if err := checkFieldPath(key, at); err != nil {
		return err
	}
	if countParts(key) > maxPathParts {
		return at.fail(CodeOverflow, "FieldPath is too long")
	}
	parts := append(prefix[:len(prefix):len(prefix)], strings.Split(key, ".")...)
	if v.kind == bson.TypeEmbeddedDocument {
		return p.subdocument(parts, v.data, at)
	}
	if v.isNumber() || v.kind == bson.TypeBoolean {
		return p.flag(parts, v.truthy(), at)
	}
	return p.literal(parts, v, at)
}

// flag parses {path: 1} and {path: 0}.
func (p *projectionParser) flag(parts []string, include bool, at trail) *Error {
	action, mode := projectionAction(leaveOut{}), excluding
	if include {
		action, mode = showWhole{}, including
	}
	if len(parts) == 1 && parts[0] == "_id" {
		if p.id != nil {
			return at.fail(31250, "Path collision at _id")
		}
		p.id = action
		return nil
	}
	if err := p.decide(mode, parts, at); err != nil {
		return err
	}
	return p.add(parts, action, at)
}

// decide settles whether the projection includes or excludes.
func (p *projectionParser) decide(mode projectionMode, parts []string, at trail) *Error {
	name := strings.Join(parts, ".")
	switch {
	case p.mode == including && mode == excluding:
		return at.fail(31254, "Cannot do exclusion on field %s in inclusion projection", name)
	case p.mode == excluding && mode == including:
		return at.fail(31253, "Cannot do inclusion on field %s in exclusion projection", name)
	}
	p.mode = mode
	return nil
}

// add puts an action at the end of a path.
func (p *projectionParser) add(parts []string, action projectionAction, at trail) *Error {
	node := &p.projection.root
	for i, part := range parts {
		next := node.child([]byte(part))
		last := i+1 == len(parts)
		switch {
		case next == nil:
			next = &projectionNode{key: part}
			node.children = append(node.children, next)
		case last:
			return at.fail(31250, "Path collision at %s", strings.Join(parts, "."))
		case next.action != nil:
			return at.fail(31249, "Path collision at %s remaining portion %s",
				strings.Join(parts, "."), strings.Join(parts[i+1:], "."))
		}
		node = next
	}
	node.action = action
	return nil
}

// positionalElement parses {"path.$": 1}.
func (p *projectionParser) positionalElement(dotted string, v value, at trail) *Error {
	if strings.Contains(dotted, ".$") {
		return at.fail(31394, "As of 4.4, it's illegal to specify positional operator in the middle of a path.")
	}
	if err := checkFieldPath(dotted, at); err != nil {
		return err
	}
	parts := strings.Split(dotted, ".")
	switch {
	case v.kind == bson.TypeEmbeddedDocument:
		return at.fail(31271, "positional projection cannot be used with an expression or sub object")
	case !v.isNumber() && v.kind != bson.TypeBoolean:
		return at.fail(31308, "positional projection cannot be used with a literal")
	case !v.truthy():
		return at.fail(31395, "positional projection cannot be used with exclusion")
	case p.projection.positional != nil:
		return at.fail(31276, "Cannot specify more than one positional projection per query.")
	case p.elemMatch:
		return at.fail(31256, "Cannot specify positional operator and $elemMatch")
	}
	if err := p.decide(including, parts, at); err != nil {
		return err
	}
	p.projection.positional = parts
	return p.add(parts, showWhole{}, at)
}

// subdocument parses {path: {…}}: an operator, or the keys below path.
func (p *projectionParser) subdocument(parts []string, doc []byte, at trail) *Error {
	it := elementsOf(doc)
	if !it.next() {
		return at.fail(51270, "An empty sub-projection is not a valid value. Found empty object at path")
	}
	first := it.element
	if len(first.key) == 0 || first.key[0] != '$' || it.next() {
		return p.document(doc, parts, at)
	}
	return p.operator(parts, string(first.key), first.value, at.down(string(first.key)))
}

func (p *projectionParser) operator(parts []string, key string, v value, at trail) *Error {
	switch key {
	case "$slice":
		return p.slice(parts, v, at)
	case "$elemMatch":
		return p.first(parts, v, at)
	case "$literal":
		return p.computed(parts, v, at)
	case "$meta":
		return at.fail(40218, "query requires %s metadata, but it is not available", v)
	}
	return at.fail(CodeNotImplemented, "the expression %s is not implemented in a projection", key)
}

func (p *projectionParser) slice(parts []string, v value, at trail) *Error {
	action, err := parseSlice(v, at)
	if err != nil {
		return err
	}
	if strings.Join(p.projection.positional, ".") == strings.Join(parts, ".") {
		// Beside a positional projection of the same path MongoDB takes $slice for
		// aggregation's, which has no form with one argument.
		return at.fail(28667, "Expression $slice takes at least 2 arguments, and at most 3, but 1 were passed in.")
	}
	return p.add(parts, action, at)
}

// parseSlice parses n and [skip, n]. MongoDB takes any other argument for that of
// aggregation's $slice, whose errors these are.
func parseSlice(v value, at trail) (action showSlice, err *Error) {
	if v.isNumber() {
		n := v.clamped()
		return showSlice{skip: min(n, 0), limit: max(n, -n)}, nil
	}
	var arguments []value
	if v.kind == bson.TypeArray {
		for it := elementsOf(v.data); it.next(); {
			arguments = append(arguments, it.value)
		}
	}
	if len(arguments) < 2 || len(arguments) > 3 {
		return action, at.fail(28667, "Expression $slice takes at least 2 arguments, and at most 3, but %d were passed in.",
			max(1, len(arguments)))
	}
	if len(arguments) == 3 || !arguments[0].isNumber() || !arguments[1].isNumber() {
		return action, at.fail(28724, "First argument to $slice must be an array, but is: %s", arguments[0])
	}
	action = showSlice{skip: arguments[0].clamped(), limit: arguments[1].clamped()}
	if action.limit <= 0 {
		return action, at.fail(28724, "$slice limit must be positive")
	}
	return action, nil
}

// clamped returns a number without its fraction, within what int32 holds.
func (v value) clamped() int {
	n, ok := v.truncated()
	switch {
	case v.isNaN():
		return 0
	case !ok && compareNumbers(v, zero) < 0:
		return math.MinInt32 + 1
	case !ok:
		return math.MaxInt32
	}
	return int(min(max(n, math.MinInt32+1), math.MaxInt32))
}

// first parses {path: {$elemMatch: …}}.
func (p *projectionParser) first(parts []string, v value, at trail) *Error {
	switch {
	case v.kind != bson.TypeEmbeddedDocument:
		return at.fail(31274, "elemMatch: Invalid argument, object required, but got %s", v)
	case len(parts) > 1:
		return at.fail(31275, "Cannot use $elemMatch projection on a nested field")
	case p.projection.positional != nil:
		return at.fail(31255, "Cannot specify positional operator and $elemMatch")
	}
	condition, err := filterParser{}.elemMatchArgument(v, at, 0)
	if err != nil {
		return err
	}
	p.elemMatch = true
	return p.add(parts, showFirst{condition}, at)
}

// literal parses {path: constant}.
func (p *projectionParser) literal(parts []string, v value, at trail) *Error {
	if v.kind == bson.TypeString && strings.HasPrefix(string(v.text()), "$") || v.kind == bson.TypeArray {
		return at.fail(CodeNotImplemented, "the expression %s is not implemented in a projection", v)
	}
	return p.computed(parts, v, at)
}

func (p *projectionParser) computed(parts []string, v value, at trail) *Error {
	if len(parts) > 1 {
		return at.fail(CodeNotImplemented, "a constant below a top-level field is not implemented in a projection")
	}
	if p.mode == excluding {
		return at.fail(31310, "Cannot use an expression %s: %s in an exclusion projection", parts[0], v)
	}
	p.mode = including
	return p.add(parts, showLiteral{v}, at)
}

// finish settles what depends on the whole of the projection.
func (p *projectionParser) finish() {
	if p.mode == undecided && (p.elemMatch || p.id == showWhole{}) {
		p.mode = including
	}
	projection := p.projection
	projection.inclusive = p.mode == including
	if p.id == nil {
		p.id = showWhole{}
	}
	unnamed := projection.inclusive && p.id == projectionAction(leaveOut{})
	if !unnamed && projection.root.child([]byte("_id")) == nil {
		projection.root.children = append(projection.root.children, &projectionNode{key: "_id", action: p.id})
	}
	if projection.inclusive {
		projection.separateComputed()
	}
}

// separateComputed moves what an inclusive projection computes out of the tree.
func (p *Projection) separateComputed() {
	taken := p.root.children[:0]
	for _, child := range p.root.children {
		switch child.action.(type) {
		case showFirst, showLiteral:
			p.computed = append(p.computed, computedField{child.key, child.action})
		default:
			taken = append(taken, child)
		}
	}
	p.root.children = taken
}

package query

import (
	"bytes"
	"math"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ParseProjection checks a projection as the find command does: inclusion,
// exclusion, $slice, $elemMatch, the positional "path.$", and expressions of
// aggregation, in which $$NOW is when it was parsed. An empty one shows the whole
// document. The Projection keeps a copy of doc.
func ParseProjection(doc bson.Raw) (*Projection, error) {
	if err := Validate(doc); err != nil {
		return nil, err
	}
	p, err := projectionParser{allowance: newAllowance(evaluationTime)}.parse(bytes.Clone(doc), nil)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// projectionParser builds a projection. The zero value parses that of a find.
type projectionParser struct {
	stage      bool // of $project, where all operators are expressions
	allowance  *allowance
	projection *Projection
	mode       projectionMode
	id         projectionAction // what the projection says of _id, if it does
	elemMatch  bool             // there is an $elemMatch
}

// parse parses a projection, of which it keeps the bytes.
func (p projectionParser) parse(source []byte, at trail) (*Projection, *Error) {
	p.projection = &Projection{source: source, frame: newFrame(p.allowance), now: dateValue(time.Now())}
	if err := p.document(source, nil, at); err != nil {
		return nil, err
	}
	p.finish()
	return p.projection, nil
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
	if strings.HasSuffix(key, ".$") && len(prefix) == 0 && !p.stage {
		return p.positionalElement(strings.TrimSuffix(key, ".$"), v, at)
	}
	if strings.Contains(key, ".$.") && !p.stage {
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
	return p.computed(parts, v, at)
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
			node.add(next)
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
	below := at.down(string(first.key))
	switch key := string(first.key); {
	case key == "$meta":
		return below.fail(40218, "query requires %s metadata, but it is not available", first.value)
	case key == "$slice" && !p.stage && isFindSlice(first.value):
		return p.slice(parts, first.value, below)
	case key == "$elemMatch" && !p.stage:
		return p.first(parts, first.value, below)
	}
	return p.computed(parts, documentValue(doc), at)
}

// isFindSlice tells whether the argument of $slice is n or [skip, n]. MongoDB takes
// any other argument for that of aggregation's $slice.
func isFindSlice(v value) bool {
	if v.kind != bson.TypeArray {
		return v.isNumber()
	}
	arguments := elementValues(v)
	return len(arguments) == 2 && arguments[0].isNumber() && arguments[1].isNumber()
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

// parseSlice parses n and [skip, n].
func parseSlice(v value, at trail) (action showSlice, err *Error) {
	if v.isNumber() {
		n := v.clamped()
		return showSlice{skip: min(n, 0), limit: max(n, -n)}, nil
	}
	arguments := elementValues(v)
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
	p.projection.frame.heads.add(parts[0])
	return p.add(parts, showFirst{condition}, at)
}

// computed parses {path: expression}.
func (p *projectionParser) computed(parts []string, v value, at trail) *Error {
	if p.mode == excluding {
		return at.fail(31310, "Cannot use an expression %s: %s in an exclusion projection", strings.Join(parts, "."), brief(v))
	}
	parsed, err := p.projection.frame.parser().parse(v, at)
	if err != nil {
		if err.Code == CodeInvalidOperator && !strings.Contains(err.Path[len(strings.Join(at, "."))+1:], ".") {
			err.Code = 31325 // which is what an unknown operator has that stands outermost
		}
		return err
	}
	p.mode = including
	return p.add(parts, showComputed{parsed}, at)
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
		projection.root.add(&projectionNode{key: "_id", action: p.id})
	}
	if projection.inclusive {
		projection.computed = projection.root.separate("")
	}
}

// separate moves what an inclusive projection computes out of the tree, which is that
// of a key.
func (n *projectionNode) separate(key string) *addition {
	computed, children := &addition{key: key}, n.children
	n.children, n.names = nil, names{}
	for _, child := range children {
		switch action := child.action.(type) {
		case showComputed:
			computed.add(&addition{key: child.key, expression: action.expression})
			continue
		case showFirst:
			computed.add(&addition{key: child.key, expression: firstMatch{child.key, action}})
			continue
		}
		n.add(child)
		if below := child.separate(child.key); len(below.below) > 0 {
			computed.add(below)
		}
	}
	return computed
}

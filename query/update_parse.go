package query

import (
	"bytes"
	"strconv"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ParseUpdate checks an update whole and returns it: a document of operators,
// such as {$set: {completed: …}}, or, if its first key is no operator, one that
// replaces another. arrayFilters are those of $[identifier] in the operators'
// paths. Conditions, in array filters and $pull, are in MongoDB's own operators.
//
// An update that is wrong is refused with an *Error, whose Path leads through
// the update, or begins with "arrayFilters". The Update keeps copies.
func ParseUpdate(update bson.Raw, arrayFilters []bson.Raw) (*Update, error) {
	if err := Validate(update); err != nil {
		return nil, err
	}
	u := &Update{source: bytes.Clone(update), max: maxDocument}
	it := elementsOf(u.source)
	if !it.next() || len(it.key) == 0 || it.key[0] != '$' {
		if len(arrayFilters) > 0 {
			return nil, trail{"arrayFilters"}.fail(CodeFailedToParse, "arrayFilters may not be specified for replacement-style updates")
		}
		return u, nil
	}
	identifiers, err := u.parseArrayFilters(arrayFilters)
	if err != nil {
		return nil, err
	}
	if err := u.parseOperators(identifiers); err != nil {
		return nil, err
	}
	return u, nil
}

// updateParser builds the tree of an update's changes.
type updateParser struct {
	root    *updateNode
	filters map[string]node
	used    map[string]bool // of the filters
	longest int             // parts that a path has
	renames bool
}

// parseOperators builds the tree of the changes. identifiers are those of the
// array filters, all of which must be used.
func (u *Update) parseOperators(identifiers []string) error {
	p := updateParser{root: &updateNode{}, filters: u.filters, used: map[string]bool{}}
	for it := elementsOf(u.source); it.next(); {
		if err := p.operator(string(it.key), it.value); err != nil {
			return err
		}
	}
	for i, name := range identifiers {
		if !p.used[name] {
			return trail{"arrayFilters", strconv.Itoa(i)}.fail(CodeFailedToParse,
				"The array filter for identifier '%s' was not used in the update %s", name, brief(value{bson.TypeEmbeddedDocument, u.source}))
		}
	}
	p.root.sort()
	u.root = p.root
	u.deep = p.renames || p.longest+depthOf(u.source) > MaxDepth
	return nil
}

// operator parses all that one operator changes.
func (p *updateParser) operator(name string, v value) *Error {
	at := trail{name}
	if !isModifier(name) {
		return at.fail(CodeFailedToParse,
			"Unknown modifier: %s. Expected a valid update modifier or pipeline-style update specified as an array", name)
	}
	if v.kind != bson.TypeEmbeddedDocument {
		return at.fail(CodeFailedToParse, "Modifiers operate on fields but we found type %s instead. For example: "+
			"{$mod: {<field>: ...}} not %s", TypeName(v.kind), describe(name, v))
	}
	for it := elementsOf(v.data); it.next(); {
		if err := p.field(name, string(it.key), it.value); err != nil {
			return err
		}
	}
	return nil
}

// field parses what an operator changes at one path.
func (p *updateParser) field(operator, dotted string, v value) *Error {
	at := trail{operator, dotted}
	if operator == "$rename" {
		p.renames = true
		return p.rename(dotted, v, at)
	}
	path, err := p.path(dotted, at)
	if err != nil {
		return err
	}
	m, err := parseModifier(operator, v, at)
	if err != nil {
		return err
	}
	return p.insert(path, &change{m, dotted, at})
}

// place puts a modifier at a path.
func (p *updateParser) place(dotted string, m modifier, at trail) *Error {
	path, err := p.path(dotted, at)
	if err != nil {
		return err
	}
	return p.insert(path, &change{m, dotted, at})
}

// path takes a path apart, and checks what can be told of it alone.
func (p *updateParser) path(dotted string, at trail) ([]*updateNode, *Error) {
	if dotted == "" {
		return nil, at.fail(CodeEmptyFieldName, "An empty update path is not valid.")
	}
	parts := countParts(dotted)
	if parts > MaxDepth {
		return nil, at.fail(CodeOverflow, "The update path has %d parts, which is more than a document nests: %d", parts, MaxDepth)
	}
	p.longest = max(p.longest, parts)
	path := make([]*updateNode, 0, parts)
	positional := 0
	for name := range strings.SplitSeq(dotted, ".") {
		if name == "" {
			return nil, at.fail(CodeEmptyFieldName, "The update path '%s' contains an empty field name, which is not allowed.", dotted)
		}
		part := newPart(name)
		if part.kind == positionalPart {
			positional++
		}
		path = append(path, part)
	}
	switch {
	case positional > 1:
		return nil, at.fail(CodeBadValue, "Too many positional (i.e. '$') elements found in path '%s'", dotted)
	case path[0].kind == positionalPart:
		return nil, at.fail(CodeBadValue, "Cannot have positional (i.e. '$') element in the first position in path '%s'", dotted)
	}
	return path, nil
}

// insert puts a change into the tree.
func (p *updateParser) insert(path []*updateNode, c *change) *Error {
	for i, part := range path {
		if part.kind != filteredPart {
			continue
		}
		name := identifier(part.name)
		switch {
		case i == 0:
			return c.at.fail(CodeBadValue,
				"Cannot have array filter identifier (i.e. '$[<id>]') element in the first position in path '%s'", c.path)
		case name != "" && p.filters[name] == nil:
			return c.at.fail(CodeBadValue, "No array filter found for identifier '%s' in path '%s'", name, c.path)
		}
		p.used[name] = true
	}
	if err := p.root.insert(path, c); err != nil {
		err.Path = strings.Join(c.at, ".")
		return err
	}
	return nil
}

// depthOf returns how deep documents and arrays nest in a document.
func depthOf(doc []byte) int {
	depth := 0
	for it := elementsOf(doc); it.next(); {
		if it.kind == bson.TypeEmbeddedDocument || it.kind == bson.TypeArray {
			depth = max(depth, 1+depthOf(it.data))
		}
	}
	return depth
}

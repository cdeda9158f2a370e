package query

import (
	"errors"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// expressionParser builds the tree of an expression, as MongoDB's
// Expression::parseOperand does.
type expressionParser struct {
	frame   *frame
	known   *definition // the last of the variables that are
	current expression  // $$CURRENT
	slot    int         // the last that is taken
}

// definition is what the name of a variable stands for.
type definition struct {
	name  string
	value expression
	outer *definition
}

func (f *frame) parser() expressionParser { return expressionParser{frame: f, current: variable{root}} }

// parse parses what may stand where a value is wanted.
func (p expressionParser) parse(v value, at trail) (expression, *Error) {
	switch v.kind {
	case bson.TypeString:
		if text := string(v.text()); strings.HasPrefix(text, "$") {
			return p.path(text, at)
		}
	case bson.TypeEmbeddedDocument:
		return p.document(v, at)
	case bson.TypeArray:
		return p.array(v, at)
	}
	return constant{v}, nil
}

func (p expressionParser) array(v value, at trail) (expression, *Error) {
	var elements []expression
	for it := elementsOf(v.data); it.next(); {
		element, err := p.parse(it.value, at.down(string(it.key)))
		if err != nil {
			return nil, err
		}
		elements = append(elements, element)
	}
	return p.folded(arrayExpression{elements}, at, elements...)
}

// document parses an operator, or the keys of a document that is to be made.
func (p expressionParser) document(v value, at trail) (expression, *Error) {
	made := &documentExpression{}
	for it := elementsOf(v.data); it.next(); {
		key := string(it.key)
		below := at.down(key)
		if strings.HasPrefix(key, "$") {
			if len(made.keys) > 0 || len(it.rest) > 1 {
				return nil, below.fail(15983, "An object representing an expression must have exactly one field: %s", brief(v))
			}
			return p.operator(key, it.value, below)
		}
		if err := checkFieldName(key, below); err != nil {
			return nil, err
		}
		made.keys = append(made.keys, key)
		parsed, err := p.parse(it.value, below)
		if err != nil {
			return nil, err
		}
		made.values = append(made.values, parsed)
	}
	return p.folded(made, at, made.values...)
}

// checkFieldName checks the name of a key that an expression makes.
func checkFieldName(key string, at trail) *Error {
	switch {
	case key == "":
		return at.fail(40352, "FieldPath cannot be constructed with empty string")
	case strings.Contains(key, "."):
		return at.fail(16412, "FieldPath field names may not contain '.'. Consider using $getField or $setField.")
	}
	return nil
}

// path parses "$path" and "$$variable.path".
func (p expressionParser) path(text string, at trail) (expression, *Error) {
	if text == "$" {
		return nil, at.fail(16872, "'$' by itself is not a valid FieldPath")
	}
	dotted, isVariable := strings.CutPrefix(text, "$$")
	if !isVariable {
		dotted = text[1:]
		if err := checkFieldPath(dotted, at); err != nil {
			return nil, err
		}
		return p.follow(p.current, strings.Split(dotted, ".")), nil
	}
	name, rest, isPath := strings.Cut(dotted, ".")
	if err := checkVariable(name, at); err != nil {
		return nil, err
	}
	of, err := p.variable(name, at)
	if err != nil {
		return nil, err
	}
	if !isPath {
		return p.follow(of, nil), nil
	}
	if err := checkFieldPath(rest, at); err != nil {
		return nil, err
	}
	return p.follow(of, strings.Split(rest, ".")), nil
}

// follow makes a path that begins at a value, and notes which keys of the document
// are asked about.
func (p expressionParser) follow(of expression, parts []string) expression {
	if of == (variable{root}) {
		if len(parts) == 0 {
			p.frame.heads.whole = true
		} else {
			p.frame.heads.add(parts[0])
		}
	}
	if len(parts) == 0 {
		return of
	}
	if of, ok := of.(constant); ok {
		return constant{walkPath(of.value, parts)}
	}
	return fieldPath{of, parts}
}

// variable returns what a name stands for.
func (p expressionParser) variable(name string, at trail) (expression, *Error) {
	switch name {
	case "ROOT":
		return variable{root}, nil
	case "CURRENT":
		return p.current, nil
	case "REMOVE":
		return constant{}, nil
	case "NOW":
		p.frame.usesNow = true
		return nowVariable{}, nil
	case "CLUSTER_TIME":
		return nil, at.fail(51144, "Builtin variable '$$CLUSTER_TIME' is not available")
	}
	for known := p.known; known != nil; known = known.outer {
		if err := p.frame.allowance.parsing.spend(0); err != nil {
			return nil, at.wrap(err)
		}
		if known.name == name {
			return known.value, nil
		}
	}
	return nil, at.fail(17276, "Use of undefined variable: %s", name)
}

// define returns the parser of expressions that know a variable, and its slot.
func (p expressionParser) define(name string) (expressionParser, int) {
	p.slot++
	p.frame.slots = max(p.frame.slots, p.slot+1)
	return p.naming(name, variable{p.slot}), p.slot
}

// naming returns the parser of expressions that know a name for another expression.
func (p expressionParser) naming(name string, e expression) expressionParser {
	if name == "CURRENT" {
		p.current = e
	} else {
		p.known = &definition{name, e, p.known}
	}
	return p
}

// checkVariable checks the name of a variable that is read.
func checkVariable(name string, at trail) *Error {
	if name == "" {
		return at.fail(CodeFailedToParse, "empty variable names are not allowed")
	}
	for i := range len(name) {
		c := name[i]
		isLetter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
		switch {
		case i == 0 && !isLetter:
			return at.fail(CodeFailedToParse, "'%s' starts with an invalid character for a variable name", name)
		case !isLetter && (c < '0' || c > '9') && c != '_':
			return at.fail(CodeFailedToParse, "'%s' contains an invalid character for a variable name: '%c'", name, c)
		}
	}
	return nil
}

// checkDefinition checks the name of a variable that is defined.
func checkDefinition(name string, at trail) *Error {
	if err := checkVariable(name, at); err != nil {
		return err
	}
	if name != "CURRENT" && name[0] >= 'A' && name[0] <= 'Z' {
		return at.fail(CodeFailedToParse, "'%s' starts with an invalid character for a user variable name", name)
	}
	return nil
}

// wrap makes an *Error of an error at the trail.
func (t trail) wrap(err error) *Error {
	var failed *Error
	if !errors.As(err, &failed) {
		return &Error{Code: CodeBadValue, Message: err.Error(), Path: strings.Join(t, "."), Cause: err}
	}
	if failed.Path == "" {
		failed.Path = strings.Join(t, ".")
	}
	return failed
}

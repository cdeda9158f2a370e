package query

import (
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Let are the variables that a command's let option defines, for the expressions
// of its filter, projection, update and pipeline, where they are written $$name.
// What is bound to them is complete in itself: it may be sent to a server, or kept.
// A nil Let defines none. It is immutable and safe for use by many goroutines.
type Let struct {
	variables []byte // by name, as expressions that are constant
}

// ParseLet checks a let option, evaluates its expressions, which cannot ask about a
// document, and returns the variables. now is $$NOW. An error is an *Error.
func ParseLet(let bson.Raw, now time.Time) (*Let, error) {
	if err := Validate(let); err != nil {
		return nil, err
	}
	start, variables := reserve(len(let))
	for it := elementsOf(let); it.next(); {
		v, err := evaluateLet(string(it.key), it.value, now)
		if err != nil {
			return nil, err
		}
		variables = appendElement(variables, string(it.key), v)
	}
	return &Let{closeDocument(variables, start)}, nil
}

// evaluateLet returns the value of a variable, as an expression.
func evaluateLet(name string, v value, now time.Time) (value, error) {
	at := trail{"let", name}
	if err := checkDefinition(name, at); err != nil {
		return value{}, err
	}
	f := newFrame(newAllowance(evaluationTime))
	parsed, failed := f.parser().parse(v, at)
	switch {
	case failed != nil:
		return value{}, failed
	case f.heads.whole || len(f.heads.keys) > 0:
		return value{}, at.fail(4890500, "Command let Expression tried to access a field, but this is not allowed because command "+
			"let expressions run before the query examines any documents.")
	}
	result, err := parsed.evaluate(f.scope(emptyDocument, dateValue(now)))
	switch {
	case err != nil:
		return value{}, at.wrap(err)
	case result.missing():
		return stringValue("$$REMOVE"), nil
	}
	return documentOf("$literal", result), nil
}

// documentOf is a document of one key.
func documentOf(key string, v value) value {
	start, doc := reserve(len(key) + len(v.data))
	return documentValue(closeDocument(appendElement(doc, key, v), start))
}

func (l *Let) empty() bool { return l == nil || len(l.variables) == len(emptyDocument) }

// expression returns an expression that knows the variables.
func (l *Let) expression(v value) value {
	if l.empty() {
		return v
	}
	start, arguments := reserve(len(l.variables) + len(v.data))
	arguments = appendElement(arguments, "vars", documentValue(l.variables))
	arguments = appendElement(arguments, "in", v)
	return documentOf("$let", documentValue(closeDocument(arguments, start)))
}

// Filter returns a filter whose expressions, those of $expr, know the variables. It
// is to be parsed as any filter is.
func (l *Let) Filter(filter bson.Raw) bson.Raw {
	if l.empty() || Validate(filter) != nil {
		return filter
	}
	return rewrite(filter, func(dst []byte, e element) []byte {
		switch key := string(e.key); {
		case key == "$expr":
			return appendElement(dst, key, l.expression(e.value))
		case e.kind == bson.TypeArray && (key == "$and" || key == "$or" || key == "$nor"):
			return rewriteInto(dst, e, l.appendBranch)
		}
		return appendElement(dst, string(e.key), e.value)
	})
}

func (l *Let) appendBranch(dst []byte, e element) []byte {
	if e.kind == bson.TypeEmbeddedDocument {
		e.data = l.Filter(e.data)
	}
	return appendElement(dst, string(e.key), e.value)
}

// Projection returns a find's projection whose expressions know the variables.
func (l *Let) Projection(projection bson.Raw) bson.Raw {
	if l.empty() || Validate(projection) != nil {
		return projection
	}
	return l.values(projection, func(v value) bool {
		it := elementsOf(v.data)
		if v.kind != bson.TypeEmbeddedDocument || !it.next() {
			return isFlag(v)
		}
		key := string(it.key)
		return key == "$elemMatch" || key == "$meta" || key == "$slice" && isFindSlice(it.value)
	})
}

// isFlag tells whether a value in a projection says that a key is shown or not.
func isFlag(v value) bool { return v.isNumber() || v.kind == bson.TypeBoolean }

// values returns a document of keys and expressions, of which some are none, with
// the variables.
func (l *Let) values(doc []byte, none func(v value) bool) []byte {
	return rewrite(doc, func(dst []byte, e element) []byte {
		it := elementsOf(e.data)
		switch {
		case none(e.value):
		case e.kind != bson.TypeEmbeddedDocument:
			e.value = l.expression(e.value)
		case !it.next(): // an error, which others tell
		case strings.HasPrefix(string(it.key), "$"):
			e.value = l.expression(e.value)
		default:
			e.data = l.values(e.data, none)
		}
		return appendElement(dst, string(e.key), e.value)
	})
}

// Update returns the stages of an update by a pipeline, whose expressions know the
// variables.
func (l *Let) Update(stages []bson.Raw) []bson.Raw {
	if l.empty() {
		return stages
	}
	bound := make([]bson.Raw, len(stages))
	for i, stage := range stages {
		bound[i] = stage
		if Validate(stage) == nil {
			bound[i] = rewrite(stage, l.appendStage)
		}
	}
	return bound
}

func (l *Let) appendStage(dst []byte, e element) []byte {
	isDocument := e.kind == bson.TypeEmbeddedDocument
	switch key := string(e.key); {
	case key == "$replaceWith":
		e.value = l.expression(e.value)
	case isDocument && (key == "$set" || key == "$addFields"):
		e.data = l.values(e.data, func(value) bool { return false })
	case isDocument && key == "$project":
		e.data = l.values(e.data, isFlag)
	case isDocument && key == "$replaceRoot":
		e.data = rewrite(e.data, func(dst []byte, e element) []byte { return appendElement(dst, string(e.key), l.expression(e.value)) })
	}
	return appendElement(dst, string(e.key), e.value)
}

package query

import (
	"context"
	"iter"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// transformation is a stage that makes one document of each, by itself: a pipeline
// that is an update is made of these.
type transformation interface {
	transform(doc []byte, now value) ([]byte, error)
	asks(h *heads) (closes bool)
}

// transforming is a transformation as a stage of a pipeline.
type transforming struct {
	transformation
	now value
}

func (t transforming) run(ctx context.Context, docs documents) documents {
	return func(yield func(bson.Raw, error) bool) {
		for doc, err := range docs {
			if err == nil {
				doc, err = t.transform(doc, t.now)
			}
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}

// documents are what stages hand on.
type documents = iter.Seq2[bson.Raw, error]

// transformation parses a stage that makes one document of each. It returns nil if
// the stage is none.
func (p pipelineParser) transformation(name string, v value, at trail) (transformation, *Error) {
	switch name {
	case "$addFields", "$set":
		return p.addFields(name, v, at)
	case "$project":
		return p.project(v, at)
	case "$unset":
		return p.unset(v, at)
	case "$replaceRoot":
		return p.replaceRoot(v, at)
	case "$replaceWith":
		return p.replaceWith(v, at)
	}
	return nil, nil
}

// addFields is $addFields, or $set.
type addFields struct {
	added *addition
	frame *frame
}

func (a *addFields) transform(doc []byte, now value) ([]byte, error) {
	return a.added.appendAdded(nil, doc, a.frame.scope(doc, now))
}

func (a *addFields) asks(h *heads) bool {
	h.addAll(a.frame.heads)
	for _, addition := range a.added.below {
		if addition.expression == nil { // it depends on what is there
			h.add(addition.key)
		}
	}
	return false
}

func (p pipelineParser) addFields(name string, v value, at trail) (transformation, *Error) {
	if v.kind != bson.TypeEmbeddedDocument {
		return nil, at.fail(40272, "%s specification stage must be an object, got %s", name, TypeName(v.kind))
	}
	if !p.let.empty() {
		v.data = p.let.values(v.data, func(value) bool { return false })
	}
	f := newFrame(p.allowance)
	parser := additionParser{expressions: f.parser()}
	if err := parser.document(v.data, nil, at); err != nil {
		return nil, err
	}
	return &addFields{&parser.root, f}, nil
}

// projecting is $project, or $unset, which is one.
type projecting struct{ projection *Projection }

func (p projecting) transform(doc []byte, now value) ([]byte, error) {
	return p.projection.apply(nil, doc, nil, now)
}

func (p projecting) asks(h *heads) bool {
	h.addAll(p.projection.frame.heads)
	if !p.projection.inclusive {
		return false
	}
	for _, child := range p.projection.root.children {
		h.add(child.key)
	}
	return true
}

func (p pipelineParser) project(v value, at trail) (transformation, *Error) {
	if v.kind != bson.TypeEmbeddedDocument {
		return nil, at.fail(15969, "$project specification must be an object")
	}
	if it := elementsOf(v.data); !it.next() {
		return nil, at.fail(51272, "Invalid $project :: caused by :: projection specification must have at least one field")
	}
	if !p.let.empty() {
		v.data = p.let.values(v.data, isFlag)
	}
	projection, err := projectionParser{stage: true, allowance: p.allowance}.parse(v.data, at)
	return projecting{projection}, err
}

func (p pipelineParser) unset(v value, at trail) (transformation, *Error) {
	names := []value{v}
	if v.kind == bson.TypeArray {
		names = elementValues(v)
	}
	switch {
	case v.kind != bson.TypeArray && !v.isString():
		return nil, at.fail(31002, "$unset specification must be a string or an array")
	case len(names) == 0:
		return nil, at.fail(31119, "$unset specification must be a string or an array with at least one field")
	}
	start, doc := reserve(0)
	for i, name := range names {
		if !name.isString() {
			return nil, at.down(strconv.Itoa(i)).fail(31120, "$unset specification must be a string or an array containing only string values")
		}
		if err := checkFieldPath(string(name.text()), at); err != nil {
			return nil, err
		}
		doc = appendElement(doc, string(name.text()), falseValue)
	}
	projection, err := projectionParser{stage: true, allowance: p.allowance}.parse(closeDocument(doc, start), at)
	return projecting{projection}, err
}

// replaceRoot is $replaceRoot, or $replaceWith.
type replaceRoot struct {
	expression expression
	frame      *frame
}

func (r *replaceRoot) transform(doc []byte, now value) ([]byte, error) {
	v, err := r.expression.evaluate(r.frame.scope(doc, now))
	if err == nil && v.kind != bson.TypeEmbeddedDocument {
		err = failure(40228, "'newRoot' expression must evaluate to an object, but resulting value was: %s. Type of resulting value: '%s'.",
			brief(v), TypeName(v.kind))
	}
	return v.data, err
}

func (r *replaceRoot) asks(h *heads) bool {
	h.addAll(r.frame.heads)
	return true
}

func (p pipelineParser) replaceRoot(v value, at trail) (transformation, *Error) {
	if v.kind != bson.TypeEmbeddedDocument {
		return nil, at.fail(40229, "expected an object as specification for $replaceRoot stage, got %s", TypeName(v.kind))
	}
	newRoot := value{}
	for it := elementsOf(v.data); it.next(); {
		if string(it.key) != "newRoot" {
			return nil, at.down(string(it.key)).fail(40415, "BSON field '$replaceRoot.%s' is an unknown field.", it.key)
		}
		newRoot = it.value
	}
	if newRoot.missing() {
		return nil, at.fail(CodeMissingField, "BSON field '$replaceRoot.newRoot' is missing but a required field")
	}
	return p.replaceWith(newRoot, at.down("newRoot"))
}

func (p pipelineParser) replaceWith(v value, at trail) (transformation, *Error) {
	f := newFrame(p.allowance)
	parsed, err := f.parser().parse(p.let.expression(v), at)
	return &replaceRoot{expression: parsed, frame: f}, err
}

package query

import (
	"context"
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// grouping is $group.
type grouping struct {
	id     expression
	fields []accumulation
	frame  *frame
	now    value
}

// accumulation is a key of the documents that $group makes.
type accumulation struct {
	key        string
	accumulate func(n int64) accumulator
	n          *number // of the values that it takes, or nil
	expression expression
	counts     bool // it is how many documents there are
}

// group is what $group holds of one.
type group struct {
	id           value
	accumulators []accumulator
}

// perGroup is about how many bytes it takes to hold a group, beside its values.
const perGroup = 200

func (g *grouping) run(ctx context.Context, docs documents) documents {
	return func(yield func(bson.Raw, error) bool) {
		groups := map[string]*group{}
		var order []*group // as they were met
		held := 0
		for doc, err := range docs {
			if err != nil {
				yield(nil, err)
				return
			}
			s := g.frame.scope(doc, g.now)
			id, err := g.id.evaluate(s)
			if err != nil {
				yield(nil, ofGroup(err))
				return
			}
			key := appendKey(nil, id.orNull())
			in := groups[string(key)]
			if in == nil {
				if in, err = g.begin(id.orNull()); err != nil {
					yield(nil, err)
					return
				}
				groups[string(key)] = in
				order = append(order, in)
				held += len(key) + len(id.data) + perGroup*(1+len(g.fields))
			}
			grown, err := g.add(in, s)
			if err == nil {
				if held += grown; held > maxHeld {
					err = memoryExceeded("$group")
				}
			}
			if err != nil {
				yield(nil, ofGroup(err))
				return
			}
		}
		for _, in := range order {
			if !yield(g.document(in), nil) {
				return
			}
		}
	}
}

// ofGroup is an error of an expression with the code that it has in $group, which
// MongoDB carries out by another engine.
func ofGroup(err error) error {
	var failed *Error
	if !errors.As(err, &failed) {
		return err
	}
	switch {
	case failed.Code == CodeBadValue && failed.Message == divideByZero:
		failed.Code = 4848401
	case failed.Code == codeModByZero:
		failed.Code = 4848403
	}
	return err
}

func (g *grouping) begin(id value) (*group, error) {
	in := &group{id: id}
	for _, field := range g.fields {
		n := int64(0)
		if field.n != nil {
			var err error
			if n, err = field.n.of(id, g.now); err != nil {
				return nil, err
			}
		}
		in.accumulators = append(in.accumulators, field.accumulate(n))
	}
	return in, nil
}

// add takes one more document into a group.
func (g *grouping) add(in *group, s *scope) (held int, err error) {
	for i, field := range g.fields {
		v, err := field.expression.evaluate(s)
		if err != nil {
			return 0, err
		}
		grown, err := in.accumulators[i].add(v)
		if err != nil {
			return 0, err
		}
		held += grown
	}
	return held, nil
}

// document is what $group makes of a group.
func (g *grouping) document(in *group) bson.Raw {
	start, doc := reserve(len(in.id.data))
	doc = appendElement(doc, "_id", in.id)
	for i, field := range g.fields {
		doc = appendElement(doc, field.key, in.accumulators[i].result().orNull())
	}
	return closeDocument(doc, start)
}

func (g *grouping) asks(h *heads) bool {
	h.addAll(g.frame.heads)
	return true
}

// counts tells whether the stage asks only how many documents there are.
func (g *grouping) counts() bool {
	for _, field := range g.fields {
		if !field.counts {
			return false
		}
	}
	return allConstant(g.id)
}

// counted is what the stage makes of n documents, about which it asks nothing else.
func (g *grouping) counted(n int64) bson.Raw {
	id, _ := g.id.evaluate(nil)
	start, doc := reserve(len(id.data))
	doc = appendElement(doc, "_id", id.orNull())
	for _, field := range g.fields {
		doc = appendElement(doc, field.key, intValue(n))
	}
	return closeDocument(doc, start)
}

func (p pipelineParser) group(v value, at trail) (*grouping, *Error) {
	if v.kind != bson.TypeEmbeddedDocument {
		return nil, at.fail(15947, "a group's fields must be specified in an object")
	}
	g := &grouping{frame: newFrame(p.allowance), now: p.now}
	for it := elementsOf(v.data); it.next(); {
		key := string(it.key)
		below := at.down(key)
		if key == "_id" {
			if g.id != nil {
				return nil, below.fail(15948, "a group's _id may only be specified once")
			}
			var err *Error
			if g.id, err = g.frame.parser().parse(p.let.expression(it.value), below); err != nil {
				return nil, err
			}
			continue
		}
		field, err := p.accumulation(g.frame, key, it.value, below)
		if err != nil {
			return nil, err
		}
		g.fields = append(g.fields, field)
	}
	if g.id == nil {
		return nil, at.fail(15955, "a group specification must include an _id")
	}
	return g, nil
}

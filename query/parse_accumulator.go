package query

import (
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// accumulation parses a key of the documents that $group makes.
func (p pipelineParser) accumulation(f *frame, key string, v value, at trail) (a accumulation, _ *Error) {
	switch {
	case strings.Contains(key, "."):
		return a, at.fail(40235, "The field name '%s' cannot contain '.'", key)
	case strings.HasPrefix(key, "$"):
		return a, at.fail(40236, "The field name '%s' cannot be an operator name", key)
	case v.kind != bson.TypeEmbeddedDocument:
		return a, at.fail(40234, "The field '%s' must be an accumulator object", key)
	}
	it := elementsOf(v.data)
	if !it.next() {
		return a, at.fail(40234, "The field '%s' must be an accumulator object", key)
	}
	operator, argument := string(it.key), it.value
	if !strings.HasPrefix(operator, "$") {
		return a, at.fail(40234, "The field '%s' must be an accumulator object", key)
	}
	if it.next() {
		return a, at.fail(40238, "The field '%s' must specify one accumulator", key)
	}
	a, err := p.accumulator(f, operator, argument, at)
	a.key = key
	return a, err
}

func (p pipelineParser) accumulator(f *frame, operator string, argument value, at trail) (a accumulation, _ *Error) {
	if argument.kind == bson.TypeArray {
		return a, at.fail(40237, "The %s accumulator is a unary operator", operator)
	}
	if operator == "$count" {
		if argument.kind != bson.TypeEmbeddedDocument || len(argument.data) > len(emptyDocument) {
			return a, at.fail(CodeTypeMismatch, "$count takes no arguments, i.e. $count:{}")
		}
		operator, argument = "$sum", one
	}
	below := at.down(operator)
	if accumulate, ok := accumulators[operator]; ok {
		return p.unary(f, operator, accumulate, argument, below)
	}
	if o, ok := severalOperators[operator]; ok {
		return p.several(f, operator, o, argument, below)
	}
	if r, ok := rankings[operator]; ok {
		return p.ranking(f, operator, r, argument, below)
	}
	if q, ok := quantileOperators[operator]; ok {
		return p.quantiles(f, operator, q, argument, below)
	}
	if operator == "$accumulator" {
		return a, at.fail(CodeNotImplemented, "the accumulator %s is not implemented", operator)
	}
	return a, at.fail(15952, "unknown group operator '%s'", operator)
}

// unary parses an accumulator of one expression.
func (p pipelineParser) unary(f *frame, operator string, accumulate func() accumulator, argument value, at trail) (accumulation, *Error) {
	parsed, err := f.parser().parse(p.let.expression(argument), at)
	counted, isConstant := parsed.(constant)
	return accumulation{
		accumulate: func(int64) accumulator { return accumulate() }, expression: parsed,
		counts: operator == "$sum" && isConstant && counted.kind == bson.TypeInt32 && counted.int32() == 1,
	}, err
}

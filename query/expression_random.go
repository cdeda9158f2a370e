package query

import (
	"math/rand/v2"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// random is $rand: a number from 0 to 1, another each time.
type random struct{}

func (random) evaluate(*scope) (value, error) { return doubleValue(rand.Float64()), nil }

// random parses $rand, whose argument is an empty document or array.
func (p expressionParser) random(v value, at trail) (expression, *Error) {
	switch {
	case v.kind != bson.TypeEmbeddedDocument && !isArray(v):
		return nil, at.fail(10065, "invalid parameter: expected an object ($rand)")
	case len(v.data) > len(emptyDocument):
		return nil, at.fail(3040501, "$rand does not currently accept arguments")
	}
	return random{}, nil
}

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// TestKnownOperators holds that the query language knows every operator that is
// suggested, where it is suggested.
func TestKnownOperators(t *testing.T) {
	for _, operator := range keyOperators {
		_, err := query.Parse(condition("key", operator, nil))
		if err != nil {
			require.NotContains(t, err.Error(), "unknown operator", operator)
		}
	}
	for _, operator := range topOperators {
		_, err := query.Parse(bson.D{{Key: operator, Value: nil}})
		if err != nil {
			require.NotContains(t, err.Error(), "unknown top level operator", operator)
		}
	}
	for _, operator := range updateOperators {
		_, err := query.ParseUpdateValue(condition(operator, "key", nil))
		if err != nil {
			require.NotContains(t, err.Error(), "Unknown modifier", operator)
		}
	}
}

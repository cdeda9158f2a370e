package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

func TestValidate(t *testing.T) {
	require.NoError(t, query.Validate(bson.Raw{5, 0, 0, 0, 0}))
	for _, c := range []struct {
		fault string
		doc   bson.Raw
		words string
		path  string
	}{
		{"no bytes", nil, "length does not match", ""},
		{"a wrong length", bson.Raw{6, 0, 0, 0, 0}, "length does not match", ""},
		{"bytes behind the end", bson.Raw{6, 0, 0, 0, 0, 0}, "broken element", ""},
		{"an unknown type", bson.Raw{8, 0, 0, 0, 0x20, 'a', 0, 0}, "broken element", ""},
		{"a value cut short", bson.Raw{9, 0, 0, 0, 0x10, 'a', 0, 1, 0}, "broken element", ""},
		{"a key without end", bson.Raw{7, 0, 0, 0, 0x0a, 'a', 0}, "broken element", ""},
		{"a boolean that is 2", bson.Raw{9, 0, 0, 0, 0x08, 'a', 0, 2, 0}, "a boolean is neither 0 nor 1", "a"},
		{"a string without NUL", bson.Raw{13, 0, 0, 0, 0x02, 'a', 0, 1, 0, 0, 0, 'x', 0}, "a string does not end in NUL", "a"},
		{"a fault below", nested(1, "a", bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: []byte{6, 0, 0, 0, 0, 0}}),
			"broken element", "a"},
	} {
		wrong := requireQueryError(t, query.Validate(c.doc))
		require.Equal(t, 22, wrong.Code, c.fault)
		require.Contains(t, wrong.Message, c.words, c.fault)
		require.Equal(t, c.path, wrong.Path, c.fault)
	}
}

func TestScopesNestAsDocumentsDo(t *testing.T) {
	scope := bson.D{}
	for range 201 {
		scope = bson.D{{Key: "a", Value: bson.CodeWithScope{Code: "f", Scope: scope}}}
	}
	require.Equal(t, 15, requireQueryError(t, query.Validate(encode(scope))).Code)
	require.NoError(t, query.Validate(encode(scope[0].Value.(bson.CodeWithScope).Scope)))
}

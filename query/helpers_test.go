package query_test

import (
	"bytes"
	"math/big"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// value is v in BSON.
func value(v any) bson.RawValue { return encode(bson.D{{Key: "", Value: v}}).Index(0).Value() }

// scaled is the decimal n × 10^exponent.
func scaled(n int64, exponent int) bson.Decimal128 {
	d, ok := bson.ParseDecimal128FromBigInt(big.NewInt(n), exponent)
	if !ok {
		panic("no decimal")
	}
	return d
}

// fuzzed is the document that a fuzzer says by its text, of which changes make more
// than of bytes that count themselves, or by its bytes.
func fuzzed(source []byte) bson.Raw {
	if bytes.HasPrefix(source, []byte("{")) {
		if doc, err := query.Document(string(source)); err == nil {
			return doc
		}
	}
	return source
}

// shell reads a document in extended JSON or the way of MongoDB's shell.
func shell(t require.TestingT, text string) bson.Raw {
	doc, err := query.Document(text)
	require.NoError(t, err, text)
	return doc
}

package tail_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/backends/internal/tail"
	"github.com/taskdb/taskdb/query"
)

func encode(t require.TestingT, doc any) bson.Raw {
	raw, err := bson.Marshal(doc)
	require.NoError(t, err)
	return raw
}

func value(t require.TestingT, v any) bson.RawValue {
	return encode(t, bson.D{{Key: "v", Value: v}}).Lookup("v")
}

// TestTailsAddUp adds pieces one by one, and as the bytes of all.
func TestTailsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		isText := rapid.Bool().Draw(t, "text")
		doc := encode(t, bson.D{{Key: "_id", Value: 1}, {Key: "log", Value: nil}, {Key: "after", Value: "x"}})
		if rapid.Bool().Draw(t, "missing") {
			doc = encode(t, bson.D{{Key: "_id", Value: 1}})
		}
		whole, all := doc, []byte(nil)
		text, list := "", bson.A{}
		kind := bson.TypeArray
		for range rapid.IntRange(1, 20).Draw(t, "pieces") {
			var piece bson.RawValue
			if isText {
				kind = bson.TypeString
				added := rapid.String().Draw(t, "piece")
				text += added
				piece = value(t, added)
			} else {
				added := bson.A{}
				for _, n := range rapid.SliceOfN(rapid.Int32(), 0, 3).Draw(t, "elements") {
					added = append(added, bson.D{{Key: "n", Value: n}})
				}
				list = append(list, added...)
				piece = value(t, added)
			}
			all = append(all, tail.Bytes(piece)...)
			var err error
			whole, err = tail.Append(whole, "log", piece)
			require.NoError(t, err)
		}
		want := value(t, list)
		if isText {
			want = value(t, text)
		}
		require.Equal(t, want, whole.Lookup("log"))
		require.NoError(t, query.Validate(whole))
		require.Equal(t, whole, tail.Join(doc, "log", kind, all))
	})
}

func TestTailsOfAnotherTypeAreRefused(t *testing.T) {
	doc := encode(t, bson.D{{Key: "_id", Value: 1}, {Key: "text", Value: "a"}, {Key: "list", Value: bson.A{1}}})
	for _, c := range []struct {
		key     string
		tail    any
		code    int
		message string
	}{
		{"text", bson.A{1}, query.CodeBadValue, "The field 'text' must be an array but is of type string in document {_id: {\"$numberInt\":\"1\"}}"},
		{"list", "a", query.CodeTypeMismatch, "The field 'list' must be a string but is of type array in document {_id: {\"$numberInt\":\"1\"}}"},
		{"_id", "a", query.CodeTypeMismatch, "The field '_id' must be a string but is of type 32-bit integer in document {_id: {\"$numberInt\":\"1\"}}"},
	} {
		_, err := tail.Append(doc, c.key, value(t, c.tail))
		var refused *query.Error
		require.ErrorAs(t, err, &refused)
		require.Equal(t, c.code, refused.Code)
		require.Equal(t, c.message, refused.Message)
	}
}

package answerkey

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// Same tells whether an answer is the expected one.
func (c Case) Same(t *testing.T, got []bson.RawValue) bool {
	want := Values(c.Expected)
	if reply, ok := c.Expected.DocumentOK(); ok {
		want = []bson.RawValue{DocumentValue(reply)}
	}
	if c.Write != nil || c.Expected.Type == bson.TypeEmbeddedDocument {
		got, want = withSortedKeys(t, got), withSortedKeys(t, want)
	}
	gotKeys, wantKeys := answerKeys(got, c.NaN), answerKeys(want, c.NaN)
	if c.Unordered {
		sort.Strings(gotKeys)
		sort.Strings(wantKeys)
	}
	return slices.Equal(gotKeys, wantKeys)
}

// withSortedKeys sorts the keys of documents: those of replies, and of what was
// written, stand in the key as its authors thought of them.
func withSortedKeys(t *testing.T, list []bson.RawValue) []bson.RawValue {
	sorted := make([]bson.RawValue, len(list))
	for i, v := range list {
		sorted[i] = v
		switch v.Type {
		case bson.TypeArray:
			array := bson.A{}
			for _, element := range withSortedKeys(t, Values(v)) {
				array = append(array, element)
			}
			sorted[i] = encode(t, bson.D{{Key: "", Value: array}}).Lookup("")
		case bson.TypeEmbeddedDocument:
			elements, err := v.Document().Elements()
			require.NoError(t, err)
			doc := bson.D{}
			for _, e := range elements {
				doc = append(doc, bson.E{Key: e.Key(), Value: withSortedKeys(t, []bson.RawValue{e.Value()})[0]})
			}
			slices.SortFunc(doc, func(a, b bson.E) int { return strings.Compare(a.Key, b.Key) })
			sorted[i] = DocumentValue(encode(t, doc))
		}
	}
	return sorted
}

// answerKeys are strings that are equal if and only if the values have the same
// types and bytes; where NaN counts as equal, if they compare as equal.
func answerKeys(list []bson.RawValue, nan bool) []string {
	keys := make([]string, len(list))
	for i, v := range list {
		keys[i] = fmt.Sprintf("%d:%x", v.Type, v.Value)
		if nan {
			keys[i] = string(query.AppendKey(nil, v))
		}
	}
	return keys
}

func encode(t *testing.T, doc bson.D) bson.Raw {
	raw, err := bson.Marshal(doc)
	require.NoError(t, err)
	return raw
}

// DocumentValue is a document as a value.
func DocumentValue(doc bson.Raw) bson.RawValue {
	return bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: doc}
}

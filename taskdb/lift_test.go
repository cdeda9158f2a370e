package taskdb_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/taskdb"
)

func marshal(t require.TestingT, v any) bson.Raw {
	doc, err := bson.Marshal(v)
	require.NoError(t, err)
	return doc
}

// lower puts back what was lifted.
func lower(rest bson.Raw, lifted []taskdb.Lifted) bson.Raw {
	start, doc := bsoncore.ReserveLength(nil)
	for elements := []byte(rest[4:]); len(elements) > 1; {
		var element bsoncore.Element
		element, elements, _ = bsoncore.ReadElement(elements)
		if len(lifted) == 0 || lifted[0].Key != element.Key() {
			doc = append(doc, element...)
			continue
		}
		array := bsoncore.NewArrayBuilder()
		for _, b := range lifted[0].Buffers {
			data := append(bsoncore.AppendInt32(nil, int32(len(b.Data))), b.Subtype)
			array.AppendValue(bsoncore.Value{Type: bsoncore.TypeBinary, Data: append(data, b.Data...)})
		}
		doc = bsoncore.AppendArrayElement(doc, element.Key(), array.Build())
		lifted = lifted[1:]
	}
	return bson.Raw(bsoncore.UpdateLength(append(doc, 0), start, int32(len(doc)+1)))
}

func TestWhatIsLifted(t *testing.T) {
	large := bson.Binary{Data: bytes.Repeat([]byte("x"), taskdb.MinLifted)}
	half := bson.Binary{Subtype: 5, Data: large.Data[:taskdb.MinLifted/2+1]}
	for name, test := range map[string]struct {
		doc  bson.D
		keys []string
	}{
		"nothing":                   {bson.D{{Key: "a", Value: 1}}, nil},
		"one large buffer":          {bson.D{{Key: "a", Value: bson.A{large}}}, []string{"a"}},
		"two that are large in all": {bson.D{{Key: "a", Value: bson.A{half, half}}}, []string{"a"}},
		"one that is not":           {bson.D{{Key: "a", Value: bson.A{half}}, {Key: "b", Value: bson.A{half}}}, nil},
		"two keys":                  {bson.D{{Key: "b", Value: bson.A{large}}, {Key: "c", Value: 1}, {Key: "a", Value: bson.A{large}}}, []string{"b", "a"}},
		"an old binary":             {bson.D{{Key: "a", Value: bson.A{bson.Binary{Subtype: 2, Data: large.Data}}}}, []string{"a"}},
		"a binary in no array":      {bson.D{{Key: "a", Value: large}}, nil},
		"an array of other things":  {bson.D{{Key: "a", Value: bson.A{large, 1}}}, nil},
		"an array below the top":    {bson.D{{Key: "a", Value: bson.D{{Key: "b", Value: bson.A{large}}}}}, nil},
		"a key that stands twice":   {bson.D{{Key: "a", Value: bson.A{large}}, {Key: "a", Value: bson.A{large}}}, []string{"a"}},
		"a key that was another's":  {bson.D{{Key: "a", Value: 1}, {Key: "a", Value: bson.A{large}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			doc := marshal(t, test.doc)
			kept := bytes.Clone(doc)
			rest, lifted := taskdb.Lift(doc)
			var keys []string
			for _, array := range lifted {
				keys = append(keys, array.Key)
			}
			require.Equal(t, test.keys, keys)
			require.NoError(t, rest.Validate())
			require.Equal(t, doc, lower(rest, lifted))
			require.Equal(t, kept, []byte(doc))
		})
	}
}

func TestAnArrayWithOtherKeysStays(t *testing.T) {
	array := bsoncore.NewDocumentBuilder().AppendBinary("first", 0, make([]byte, taskdb.MinLifted)).Build()
	doc := bson.Raw(bsoncore.NewDocumentBuilder().
		AppendValue("a", bsoncore.Value{Type: bsoncore.TypeArray, Data: array}).Build())
	rest, lifted := taskdb.Lift(doc)
	require.Empty(t, lifted)
	require.Equal(t, doc, rest)
}

func TestLiftedAndPutBackIsTheSame(t *testing.T) {
	binary := rapid.Custom(func(t *rapid.T) any {
		return bson.Binary{Subtype: byte(rapid.SampledFrom([]int{0, 2, 128}).Draw(t, "subtype")), Data: make([]byte, rapid.IntRange(0, 5000).Draw(t, "size"))}
	})
	value := rapid.OneOf(rapid.Just(any("text")), binary, rapid.Map(rapid.SliceOfN(binary, 0, 3), func(list []any) any { return bson.A(list) }))
	rapid.Check(t, func(t *rapid.T) {
		d := bson.D{}
		for range rapid.IntRange(0, 5).Draw(t, "keys") {
			d = append(d, bson.E{Key: rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "key"), Value: value.Draw(t, "value")})
		}
		doc := marshal(t, d)
		rest, lifted := taskdb.Lift(doc)
		again, none := taskdb.Lift(rest)
		require.Equal(t, rest, again)
		require.Empty(t, none)
		require.Equal(t, doc, lower(rest, lifted))
	})
}

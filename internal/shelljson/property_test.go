package shelljson_test

import (
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/internal/shelljson"
)

func canonical(t require.TestingT, doc bson.Raw) string {
	text, err := bson.MarshalExtJSON(doc, true, false)
	require.NoError(t, err)
	return string(text)
}

func TestCanonicalExtendedJSONIsReadBackToTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc, err := bson.Marshal(documents(3).Draw(t, "document"))
		require.NoError(t, err)
		text := canonical(t, doc)
		got, err := shelljson.Parse(text)
		require.NoError(t, err, text)
		require.True(t, slices.Equal(doc, got), "%s\n% x\n% x", text, doc, []byte(got))
	})
}

func TestQuotesOfKeysMayBeLeftOut(t *testing.T) {
	plainKey := regexp.MustCompile(`"(\$?[a-z]+)":`)
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`\$?[a-z]{1,12}`)
		doc, err := bson.Marshal(bson.D{{Key: key.Draw(t, "key"), Value: bson.D{{Key: key.Draw(t, "inner key"), Value: "v"}}}})
		require.NoError(t, err)
		text := canonical(t, doc)
		want, wantErr := shelljson.Parse(text)
		got, gotErr := shelljson.Parse(plainKey.ReplaceAllString(text, "$1:"))
		require.Equal(t, wantErr == nil, gotErr == nil)
		require.Equal(t, want, got)
	})
}

// FuzzParse: no text makes Parse panic, and what it reads prints and reads back to the same bytes.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{a: 1, 'b': [1.5, -0, null], /* c */ "d.e": {$gt: ISODate("2026-11-22T00:51:18.987Z")},}`,
		`{_id: ObjectId("6720a1b2c3d4e5f601234567"), r: /a[/]\/b/i, t: Timestamp({t: 1, i: 2}), u: undefined}`,
		`{"$binary": {"base64": "AQID", "subType": "02"}}`,
		`{a: {"$code": "f()", "$scope": {"$numberDouble": "NaN"}}, b: BinData(4, "AQID")}`,
		`{a: "\ud83d\ude00\u{1F600}\x41\
", b: new Date(5), c: {"$date": {"$numberLong": "-1"}}}`,
		"{a: `b${1}`, [c]: 1, ...d, get e() {}}",
		`{a: {"$regularExpression": {"pattern": "a", "options": "xi"}}, b: NumberDecimal("1E-5")}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := shelljson.Parse(text)
		if err != nil {
			var syntax *shelljson.SyntaxError
			require.ErrorAs(t, err, &syntax)
			return
		}
		require.NoError(t, doc.Validate())
		printed := canonical(t, doc)
		again, err := shelljson.Parse(printed)
		require.NoError(t, err, printed)
		require.Equal(t, doc, again, printed)
	})
}

// documents draws documents of all BSON types. Keys are anything but the names of wrappers, which
// extended JSON cannot express as keys.
func documents(depth int) *rapid.Generator[bson.D] {
	return rapid.Custom(func(t *rapid.T) bson.D {
		doc := bson.D{}
		for range rapid.IntRange(0, 4).Draw(t, "fields") {
			key := strings.ReplaceAll(rapid.String().Draw(t, "key"), "\x00", "")
			doc = append(doc, bson.E{Key: strings.TrimLeft(key, "$"), Value: values(depth).Draw(t, "value")})
		}
		return doc
	})
}

func values(depth int) *rapid.Generator[any] {
	scalars := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Just[any](bson.Undefined{}), rapid.Just[any](bson.MinKey{}), rapid.Just[any](bson.MaxKey{}),
		rapid.Bool().AsAny(), rapid.Int32().AsAny(), rapid.Int64().AsAny(), rapid.Float64().AsAny(), rapid.String().AsAny(),
		objectIDs().AsAny(), decimals().AsAny(), binaries().AsAny(), regexes().AsAny(),
		rapid.Map(rapid.Int64(), func(ms int64) bson.DateTime { return bson.DateTime(ms) }).AsAny(),
		rapid.Map(rapid.String(), func(s string) bson.Symbol { return bson.Symbol(s) }).AsAny(),
		rapid.Map(rapid.String(), func(s string) bson.JavaScript { return bson.JavaScript(s) }).AsAny(),
		rapid.Map(rapid.Uint64(), func(u uint64) bson.Timestamp { return bson.Timestamp{T: uint32(u >> 32), I: uint32(u)} }).AsAny(),
		rapid.Map(objectIDs(), func(id bson.ObjectID) bson.DBPointer { return bson.DBPointer{DB: "a.b", Pointer: id} }).AsAny(),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	return rapid.OneOf(append(scalars,
		documents(depth-1).AsAny(),
		rapid.Map(rapid.SliceOfN(values(depth-1), 0, 4), func(items []any) bson.A { return items }).AsAny(),
		rapid.Map(documents(depth-1), func(scope bson.D) bson.CodeWithScope { return bson.CodeWithScope{Code: "f()", Scope: scope} }).AsAny(),
	)...)
}

func objectIDs() *rapid.Generator[bson.ObjectID] {
	return rapid.Map(rapid.SliceOfN(rapid.Byte(), 12, 12), func(b []byte) bson.ObjectID { return bson.ObjectID(b) })
}

func decimals() *rapid.Generator[bson.Decimal128] {
	return rapid.Custom(func(t *rapid.T) bson.Decimal128 {
		coefficient := big.NewInt(rapid.Int64().Draw(t, "coefficient"))
		decimal, ok := bson.ParseDecimal128FromBigInt(coefficient, rapid.IntRange(-6000, 6000).Draw(t, "exponent"))
		require.True(t, ok)
		return decimal
	})
}

// binaries draws no empty value of the old subtype 2: the driver, which writes the
// text here, takes the length in it for data.
func binaries() *rapid.Generator[bson.Binary] {
	return rapid.Custom(func(t *rapid.T) bson.Binary {
		const oldBinary = 2
		b := bson.Binary{Subtype: rapid.Byte().Draw(t, "subtype"), Data: rapid.SliceOf(rapid.Byte()).Draw(t, "data")}
		if b.Subtype == oldBinary && len(b.Data) == 0 {
			b.Subtype = 0
		}
		return b
	})
}

func regexes() *rapid.Generator[bson.Regex] {
	return rapid.Map(rapid.StringMatching(`[a-z/\\\[\]"]{0,8}`), func(pattern string) bson.Regex {
		return bson.Regex{Pattern: pattern, Options: "im"}
	})
}

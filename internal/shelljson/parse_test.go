package shelljson_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/shelljson"
)

// doc is how the tests write what a text should mean.
func doc(t *testing.T, fields bson.D) bson.Raw {
	t.Helper()
	raw, err := bson.Marshal(fields)
	require.NoError(t, err)
	return raw
}

func date(t *testing.T, text string) time.Time {
	t.Helper()
	instant, err := time.Parse(time.RFC3339Nano, text)
	require.NoError(t, err)
	return instant
}

func decimal(t *testing.T, text string) bson.Decimal128 {
	t.Helper()
	value, err := bson.ParseDecimal128(text)
	require.NoError(t, err)
	return value
}

func objectID(t *testing.T, hex string) bson.ObjectID {
	t.Helper()
	id, err := bson.ObjectIDFromHex(hex)
	require.NoError(t, err)
	return id
}

func TestDocuments(t *testing.T) {
	cases := map[string]struct {
		text string
		want bson.D
	}{
		"empty":                         {`{}`, bson.D{}},
		"JSON":                          {`{"a": "b"}`, bson.D{{Key: "a", Value: "b"}}},
		"keys without quotes":           {`{a: 1, $gt: 2, _x: 3, größe: 4}`, bson.D{{Key: "a", Value: 1}, {Key: "$gt", Value: 2}, {Key: "_x", Value: 3}, {Key: "größe", Value: 4}}},
		"JavaScript's words as keys":    {`{in: 1, default: 2, new: 3, null: 4, get: 5}`, bson.D{{Key: "in", Value: 1}, {Key: "default", Value: 2}, {Key: "new", Value: 3}, {Key: "null", Value: 4}, {Key: "get", Value: 5}}},
		"numbers as keys":               {`{1: 2}`, bson.D{{Key: "1", Value: 2}}},
		"an empty key":                  {`{"": 1}`, bson.D{{Key: "", Value: 1}}},
		"dots in quotes":                {`{'header.user': 'ann'}`, bson.D{{Key: "header.user", Value: "ann"}}},
		"single quotes":                 {`{'a': 'say "b"'}`, bson.D{{Key: "a", Value: `say "b"`}}},
		"trailing commas":               {`{a: [1, 2,], }`, bson.D{{Key: "a", Value: bson.A{1, 2}}}},
		"comments":                      {"// first\n{a: /* second */ 1} // third", bson.D{{Key: "a", Value: 1}}},
		"a byte order mark":             {"\ufeff{a: 1}", bson.D{{Key: "a", Value: 1}}},
		"order and duplicates are kept": {`{b: 1, a: 2, b: 3}`, bson.D{{Key: "b", Value: 1}, {Key: "a", Value: 2}, {Key: "b", Value: 3}}},
		"__proto__ is a key":            {`{__proto__: 1}`, bson.D{{Key: "__proto__", Value: 1}}},
		"nested": {
			`{a: {b: [[], {}, [{c: null}]]}}`,
			bson.D{{Key: "a", Value: bson.D{{Key: "b", Value: bson.A{bson.A{}, bson.D{}, bson.A{bson.D{{Key: "c", Value: nil}}}}}}}},
		},
		"query operators are no wrappers": {
			`{a: {$regex: "x", $options: "i"}, b: {$type: "string"}, c: {$gt: 1}, d: {$ref: "x", $id: 1}, e: {$scope: {}}}`,
			bson.D{
				{Key: "a", Value: bson.D{{Key: "$regex", Value: "x"}, {Key: "$options", Value: "i"}}},
				{Key: "b", Value: bson.D{{Key: "$type", Value: "string"}}},
				{Key: "c", Value: bson.D{{Key: "$gt", Value: 1}}},
				{Key: "d", Value: bson.D{{Key: "$ref", Value: "x"}, {Key: "$id", Value: 1}}},
				{Key: "e", Value: bson.D{{Key: "$scope", Value: bson.D{}}}},
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := shelljson.Parse(c.text)
			require.NoError(t, err)
			require.Equal(t, doc(t, c.want).String(), got.String())
			require.Equal(t, doc(t, c.want), got)
		})
	}
}

func TestValues(t *testing.T) {
	instant := date(t, "2026-11-22T00:51:18.987Z")
	id := objectID(t, "6720a1b2c3d4e5f601234567")
	uuid := bson.Binary{Subtype: 4, Data: []byte("\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef")}
	binary := bson.Binary{Subtype: 0, Data: []byte{1, 2, 3}}

	cases := map[string]any{
		`null`: bson.Null{}, `undefined`: bson.Undefined{}, `true`: true, `false`: false,

		// Numbers, typed as relaxed Extended JSON types them.
		`1`: int32(1), `-1`: int32(-1), `- 1`: int32(-1), `0`: int32(0),
		`2147483647`: int32(math.MaxInt32), `-2147483648`: int32(math.MinInt32), `2147483648`: int64(2147483648),
		`9223372036854775807`: int64(math.MaxInt64), `-9223372036854775808`: int64(math.MinInt64),
		`9223372036854775808`: float64(9223372036854775808), `1.0`: 1.0, `1e3`: 1000.0, `.5`: 0.5, `5.`: 5.0, `-2.5E-1`: -0.25,
		`-0`: math.Copysign(0, -1), `-0.0`: math.Copysign(0, -1), `1e-400`: 0.0,
		`Infinity`: math.Inf(1), `-Infinity`: math.Inf(-1),

		// Strings.
		`"a\n\t\\\/\"\'"`: "a\n\t\\/\"'", `'\b\f\r\v\0\x41'`: "\b\f\r\v\x00A", `"\u00e9\u{1F600}"`: "é😀", `"\ud83d\ude00"`: "😀",
		"'a\\\nb\\\r\nc'": "abc", `"\q"`: "q", `"ä"`: "ä", `"$oid"`: "$oid",

		// Extended JSON.
		`{"$oid": "6720a1b2c3d4e5f601234567"}`:                                         id,
		`{"$date": "2026-11-22T00:51:18.987Z"}`:                                        instant,
		`{"$date": "2026-11-22T01:51:18.987+01:00"}`:                                   instant,
		`{"$date": {"$numberLong": "1795308678987"}}`:                                  instant,
		`{"$date": 1795308678987}`:                                                     instant,
		`{"$date": "1969-12-31T23:59:59.9999Z"}`:                                       date(t, "1969-12-31T23:59:59.999Z"),
		`{"$numberInt": "5"}`:                                                          int32(5),
		`{"$numberLong": "5"}`:                                                         int64(5),
		`{"$numberDouble": "5"}`:                                                       5.0,
		`{"$numberDouble": "-Infinity"}`:                                               math.Inf(-1),
		`{"$numberDecimal": "5.50"}`:                                                   decimal(t, "5.50"),
		`{"$binary": {"base64": "AQID", "subType": "00"}}`:                             binary,
		`{"$binary": {"subType": "80", "base64": "AQID"}}`:                             bson.Binary{Subtype: 128, Data: []byte{1, 2, 3}},
		`{"$binary": "AQID", "$type": "00"}`:                                           binary,
		`{"$type": "0", "$binary": "AQID"}`:                                            binary,
		`{"$uuid": "01234567-89ab-cdef-0123-456789abcdef"}`:                            uuid,
		`{"$regularExpression": {"pattern": "a/", "options": "si"}}`:                   bson.Regex{Pattern: "a/", Options: "is"},
		`{"$timestamp": {"t": 4294967295, "i": 1}}`:                                    bson.Timestamp{T: math.MaxUint32, I: 1},
		`{"$code": "f()"}`:                                                             bson.JavaScript("f()"),
		`{"$scope": {x: 1}, "$code": "f()"}`:                                           bson.CodeWithScope{Code: "f()", Scope: bson.D{{Key: "x", Value: 1}}},
		`{"$symbol": "s"}`:                                                             bson.Symbol("s"),
		`{"$dbPointer": {"$ref": "a.b", "$id": {"$oid": "6720a1b2c3d4e5f601234567"}}}`: bson.DBPointer{DB: "a.b", Pointer: id},
		`{"$minKey": 1}`:                                                               bson.MinKey{}, `{"$maxKey": 1}`: bson.MaxKey{}, `{"$undefined": true}`: bson.Undefined{},

		// mongosh.
		`ObjectId("6720a1b2c3d4e5f601234567")`: id, `new ObjectId('6720A1B2C3D4E5F601234567')`: id,
		`ISODate("2026-11-22T00:51:18.987Z")`: instant, `new Date("2026-11-22T00:51:18.987Z")`: instant, `new Date(1795308678987)`: instant,
		`ISODate("2026-11-22")`: date(t, "2026-11-22T00:00:00Z"), `new Date("2026-11-22")`: date(t, "2026-11-22T00:00:00Z"),
		`NumberInt(5)`: int32(5), `Int32("5")`: int32(5), `NumberLong(5)`: int64(5), `Long("-5")`: int64(-5),
		`NumberDecimal("1.5")`: decimal(t, "1.5"), `Decimal128(5)`: decimal(t, "5"), `Double(5)`: 5.0, `Double("5.5")`: 5.5, `Double(5.5)`: 5.5,
		`Timestamp({ t: 1, i: 2 })`: bson.Timestamp{T: 1, I: 2}, `Timestamp(1, 2)`: bson.Timestamp{T: 1, I: 2},
		`UUID("01234567-89ab-cdef-0123-456789abcdef")`: uuid, `BinData(0, "AQID")`: binary, `Binary.createFromBase64('AQID', 0)`: binary,
		`MinKey`: bson.MinKey{}, `MinKey()`: bson.MinKey{}, `new MaxKey()`: bson.MaxKey{}, `MaxKey`: bson.MaxKey{},
		`/^a\/[/]b/i`: bson.Regex{Pattern: `^a\/[/]b`, Options: "i"}, `/=/`: bson.Regex{Pattern: "="}, `/a/xsi`: bson.Regex{Pattern: "a", Options: "isx"},
	}
	for text, want := range cases {
		t.Run(text, func(t *testing.T) {
			kind, value, err := bson.MarshalValue(want)
			require.NoError(t, err)
			got, err := shelljson.ParseValue(text)
			require.NoError(t, err)
			require.Equal(t, bson.RawValue{Type: kind, Value: value}.String(), got.String())
			require.Equal(t, kind, got.Type)
			require.True(t, string(value) == string(got.Value), "% x\n% x", value, got.Value)
		})
	}
}

func TestNaNHasOneRepresentation(t *testing.T) {
	for _, text := range []string{`NaN`, `{"$numberDouble": "NaN"}`} {
		got, err := shelljson.ParseValue(text)
		require.NoError(t, err)
		require.Equal(t, uint64(0x7ff8000000000000), math.Float64bits(got.Double()))
	}
}

func TestLimits(t *testing.T) {
	cases := map[string]struct{ text, message string }{
		"arrays too deep":  {strings.Repeat("[", 1_000_000), "nested deeper than 200 levels"},
		"objects too deep": {strings.Repeat("{a:", 201), "nested deeper than 200 levels"},
		"calls too deep":   {strings.Repeat("Long(", 201), "nested deeper than 200 levels"},
		"text too long":    {`"` + strings.Repeat("a", 48<<20) + `"`, "a text of 50331650 bytes is longer than 48 MiB"},
		"BSON too long":    {"[" + strings.Repeat("1,", 5_000_000) + "]", "the document is longer than 48 MiB as BSON"},
		"many news":        {strings.Repeat("new ", 1_000_000), "new is not a value"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := shelljson.ParseValue(c.text)
			require.ErrorContains(t, err, c.message)
		})
	}

	deepest := strings.Repeat("[", 200) + strings.Repeat("]", 200)
	_, err := shelljson.ParseValue(deepest)
	require.NoError(t, err)
}

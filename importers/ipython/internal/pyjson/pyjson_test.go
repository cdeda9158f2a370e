package pyjson_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/taskdb/taskdb/importers/ipython/internal/pyjson"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"
)

// extended returns a value as canonical Extended JSON, which shows its type.
func extended(t require.TestingT, data string) (string, []error) {
	v, notes, err := pyjson.Value([]byte(data))
	require.NoError(t, err)
	require.NoError(t, v.Validate())
	raw := bson.RawValue{Type: bson.Type(v.Type), Value: v.Data}
	s, err := bson.MarshalExtJSON(bson.D{{Key: "v", Value: raw}}, true, false)
	require.NoError(t, err)
	return strings.TrimSuffix(strings.TrimPrefix(string(s), `{"v":`), "}"), notes
}

func TestValue(t *testing.T) {
	tests := []struct{ json, want string }{
		{`null`, `null`},
		{` true `, `true`},
		{`false`, `false`},
		{`"x"`, `"x"`},
		{`""`, `""`},
		{`"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é"`, `"\"\\/\b\f\n\r\té😀é"`},
		{`"a\u0000b"`, `"a\u0000b"`},
		{`{}`, `{}`},
		{`[]`, `[]`},
		{`{"b": 1, "a": [true, {"": null}]}`, `{"b":{"$numberInt":"1"},"a":[true,{"":null}]}`},
		{`{"$date": "x", "a.b": 1}`, `{"$date":"x","a.b":{"$numberInt":"1"}}`},

		{`0`, `{"$numberInt":"0"}`},
		{`-0`, `{"$numberInt":"0"}`},
		{`2147483647`, `{"$numberInt":"2147483647"}`},
		{`2147483648`, `{"$numberLong":"2147483648"}`},
		{`-2147483649`, `{"$numberLong":"-2147483649"}`},
		{`-9223372036854775808`, `{"$numberLong":"-9223372036854775808"}`},
		{`9223372036854775808`, `{"$numberDecimal":"9223372036854775808"}`},
		{`1234567890123456789012345678901234`, `{"$numberDecimal":"1234567890123456789012345678901234"}`},
		{`-1234567890123456789012345678901234`, `{"$numberDecimal":"-1234567890123456789012345678901234"}`},

		{`0.0`, `{"$numberDouble":"0.0"}`},
		{`-0.0`, `{"$numberDouble":"-0.0"}`},
		{`1.5`, `{"$numberDouble":"1.5"}`},
		{`1e3`, `{"$numberDouble":"1000.0"}`},
		{`5e-324`, `{"$numberDouble":"5E-324"}`},
		{`NaN`, `{"$numberDouble":"NaN"}`},
		{`[Infinity, -Infinity]`, `[{"$numberDouble":"Infinity"},{"$numberDouble":"-Infinity"}]`},
	}
	for _, tt := range tests {
		t.Run(tt.json, func(t *testing.T) {
			got, notes := extended(t, tt.json)
			require.Equal(t, tt.want, got)
			require.Empty(t, notes)
		})
	}
}

func TestNearlyIsNoted(t *testing.T) {
	long := strings.Repeat("1234567890", 4)
	tests := []struct{ json, want, note string }{
		{long, `"` + long + `"`, "string"},
		{`1e999`, `{"$numberDouble":"Infinity"}`, "beyond a double"},
		{`"a\ud800b"`, `"a` + "\ufffd" + `b"`, `\ud800`},
		{`"\udc00\ud83d\ude00"`, `"` + "\ufffd😀" + `"`, `\udc00`},
		{`"\ud83d\u0041"`, `"` + "\ufffd" + `A"`, `\ud83d`},
	}
	for _, tt := range tests {
		t.Run(tt.json, func(t *testing.T) {
			got, notes := extended(t, tt.json)
			require.Equal(t, tt.want, got)
			require.Len(t, notes, 1)
			require.ErrorContains(t, notes[0], tt.note)
		})
	}
	_, notes := extended(t, `"`+strings.Repeat(`\ud800`, 1000)+`"`)
	require.Len(t, notes, 11)
}

func TestRefused(t *testing.T) {
	tests := []struct{ name, json, want string }{
		{"nothing", ``, "byte 0: no value"},
		{"a word", `nul`, "byte 0: no value"},
		{"Python's None", `None`, "no value"},
		{"single quotes", `{'a': 1}`, "no key"},
		{"key without quotes", `{a: 1}`, "no key"},
		{"no colon", `{"a" 1}`, "no colon"},
		{"no comma", `{"a": 1 "b": 2}`, "comma"},
		{"comma at the end", `{"a": 1,}`, "no key"},
		{"comma at the end of an array", `[1,]`, "no value"},
		{"wrong bracket", `[1}`, "comma"},
		{"not closed", `{"a": [1, 2`, "comma"},
		{"two values", `{} {}`, "byte 3: more follows"},
		{"NUL after the value", "{}\x00", "byte 2: more follows"},
		{"leading zero", `01`, "malformed number"},
		{"sign alone", `-`, "malformed number"},
		{"plus", `+1`, "no value"},
		{"fraction without digits", `1.`, "decimal point"},
		{"exponent without digits", `1e+`, "exponent"},
		{"string not closed", `"abc`, "no quote"},
		{"backslash at the end", `"\`, "backslash"},
		{"unknown escape", `"\x41"`, "unknown escape"},
		{"half a unicode escape", `"\u12"`, "hexadecimal"},
		{"control character", "\"a\nb\"", "control character 0x0a"},
		{"not UTF-8", "\"a\xff\"", "byte 2 is not UTF-8"},
		{"key with NUL", `{"a\u0000": 1}`, "NUL"},
		{"key twice", `{"a": {"x": 1, "y": 2, "\u0078": 3}}`, `"x" stands twice`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := pyjson.Value([]byte(tt.json))
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestDepth(t *testing.T) {
	nested := func(n int) []byte {
		return []byte(strings.Repeat(`[`, n) + strings.Repeat(`]`, n))
	}
	_, _, err := pyjson.Value(nested(pyjson.MaxDepth))
	require.NoError(t, err)
	_, _, err = pyjson.Value(nested(pyjson.MaxDepth + 1))
	require.ErrorContains(t, err, "nested more than 200 deep")
	_, _, err = pyjson.Value(bytes.Repeat([]byte(`{"a":`), 1<<20))
	require.ErrorContains(t, err, "nested more than 200 deep")
}

// What another writer of JSON writes is read as what it was.
func TestScalarsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		n := rapid.Int64().Draw(t, "n")
		f := rapid.Float64Range(-math.MaxFloat64, math.MaxFloat64).Draw(t, "f")
		// An exponent makes it a double even if it is whole.
		double := json.RawMessage(strconv.FormatFloat(f, 'e', -1, 64))
		data, err := json.Marshal(map[string]any{"s": s, "n": n, "f": double})
		require.NoError(t, err)
		v, notes, err := pyjson.Value(data)
		require.NoError(t, err)
		require.Empty(t, notes)
		doc := v.Document()
		require.Equal(t, s, doc.Lookup("s").StringValue())
		require.Equal(t, n, doc.Lookup("n").AsInt64())
		require.Equal(t, f, doc.Lookup("f").Double())
	})
}

func FuzzValue(f *testing.F) {
	for _, seed := range []string{
		`{"a": [1, 2.5, "x\ud83d\ude00", null, true, NaN, -Infinity], "b": {"c": 123456789012345678901234567890}}`,
		`"\ud800"`, `-1e-7`, `[[[[]]]]`, `{"a": 1, "a": 2}`, "\"\xff\"", `1e999`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, _, err := pyjson.Value(data)
		if err != nil {
			return
		}
		require.NoError(t, v.Validate())
		if !bytes.Contains(data, []byte("NaN")) && !bytes.Contains(data, []byte("Infinity")) {
			require.True(t, json.Valid(data), "accepts what is not JSON")
		}
	})
}

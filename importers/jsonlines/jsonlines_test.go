package jsonlines_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"github.com/taskdb/taskdb/importers/jsonlines"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"
)

// result is what a reader says of one document: its canonical Extended JSON, or
// its error, and its line.
type result struct {
	line int64
	doc  string
	err  string
}

func readAll(t require.TestingT, text string) []result {
	r, err := jsonlines.NewReader("f", strings.NewReader(text))
	require.NoError(t, err)
	var results []result
	for record, err := range r.Records(context.Background()) {
		require.Equal(t, "f", record.Source)
		if err != nil {
			require.Nil(t, record.Doc)
			results = append(results, result{line: record.Row, err: err.Error()})
			continue
		}
		require.NoError(t, record.Doc.Validate())
		doc, err := bson.MarshalExtJSON(record.Doc, true, false)
		require.NoError(t, err)
		results = append(results, result{line: record.Row, doc: string(doc)})
	}
	require.NoError(t, r.Close())
	return results
}

func TestLayout(t *testing.T) {
	const a, b = `{"a":{"$numberInt":"1"}}`, `{"b":{"$numberInt":"2"}}`
	both := []result{{line: 1, doc: a}, {line: 2, doc: b}}
	tests := []struct {
		name, text string
		want       []result
	}{
		{"lines", "{\"a\": 1}\n{\"b\": 2}\n", both},
		{"no newline at the end", "{\"a\": 1}\n{\"b\": 2}", both},
		{"CRLF", "{\"a\": 1}\r\n{\"b\": 2}\r\n", both},
		{"byte order mark", "\xef\xbb\xbf{\"a\": 1}\n{\"b\": 2}\n", both},
		{"spaces around", " \t{\"a\": 1} \n  {\"b\": 2}\t\n", both},
		{"blank lines", "\n \t\r\n{\"a\": 1}\n\n\n{\"b\": 2}\n\n  ", []result{{line: 3, doc: a}, {line: 6, doc: b}}},
		{"array", `[{"a": 1},{"b": 2}]`, []result{{line: 1, doc: a}, {line: 1, doc: b}}},
		{"array, one a line", "[{\"a\": 1},\n{\"b\": 2}]\n", both},
		{"array, pretty", "\n[\n  {\n    \"a\": 1\n  },\n  {\n    \"b\": 2\n  }\n]\n", []result{{line: 3, doc: a}, {line: 6, doc: b}}},
		{"array with byte order mark", "\xef\xbb\xbf[{\"a\": 1}\n,{\"b\": 2}]", both},
		{"brackets in strings", `[{"a": "]}\\\"}"},{"b": "[{"}]`,
			[]result{{line: 1, doc: `{"a":"]}\\\"}"}`}, {line: 1, doc: `{"b":"[{"}`}}},
		{"empty array", " [ ] ", nil},
		{"nothing", "", nil},
		{"blank", " \n\n", nil},
		{"byte order mark alone", "\xef\xbb\xbf", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, readAll(t, tt.text))
		})
		t.Run(tt.name+", gzip", func(t *testing.T) {
			var zipped bytes.Buffer
			w := gzip.NewWriter(&zipped)
			_, err := w.Write([]byte(tt.text))
			require.NoError(t, err)
			require.NoError(t, w.Close())
			require.Equal(t, tt.want, readAll(t, zipped.String()))
		})
	}
}

// Both forms of Extended JSON give BSON's types; what is only like one of its
// types stays a document.
func TestTypes(t *testing.T) {
	tests := []struct{ text, want string }{
		{`{"a": 1, "b": 2147483648, "c": 1.0, "d": 1e3}`,
			`{"a":{"$numberInt":"1"},"b":{"$numberLong":"2147483648"},"c":{"$numberDouble":"1.0"},"d":{"$numberDouble":"1000.0"}}`},
		{`{"a": {"$numberLong": "1"}, "b": {"$numberDouble": "NaN"}, "c": {"$numberDecimal": "1.10"}}`,
			`{"a":{"$numberLong":"1"},"b":{"$numberDouble":"NaN"},"c":{"$numberDecimal":"1.10"}}`},
		{`{"a": 12345678901234567890}`, `{"a":{"$numberDouble":"1.2345678901234567E+19"}}`},
		{`{"a": {"$date": "2011-05-01T12:00:00.123Z"}, "b": {"$date": {"$numberLong": "-1"}}}`,
			`{"a":{"$date":{"$numberLong":"1304251200123"}},"b":{"$date":{"$numberLong":"-1"}}}`},
		{`{"a": {"$binary": {"base64": "AAE=", "subType": "00"}}}`, `{"a":{"$binary":{"base64":"AAE=","subType":"00"}}}`},
		{`{"_id": {"$oid": "5f5f5f5f5f5f5f5f5f5f5f5f"}}`, `{"_id":{"$oid":"5f5f5f5f5f5f5f5f5f5f5f5f"}}`},
		{`{"a": {"$regularExpression": {"pattern": "x", "options": "i"}}}`, `{"a":{"$regularExpression":{"pattern":"x","options":"i"}}}`},
		{`{"a": {"$regex": "x", "$options": "i"}}`, `{"a":{"$regex":"x","$options":"i"}}`},
		{`{"a": {"$options": "i", "$regex": {"$regex": "x"}}}`, `{"a":{"$options":"i","$regex":{"$regex":"x"}}}`},
		{`{"a": {"$gt": 1}, "": null}`, `{"a":{"$gt":{"$numberInt":"1"}},"":null}`},
		{`{"a": "\ud83d\ude00\\ud800\u0000"}`, `{"a":"😀\\ud800\u0000"}`},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			require.Equal(t, []result{{line: 1, doc: tt.want}}, readAll(t, tt.text))
		})
	}
}

// A line that is wrong is told with its place, and the next is read.
func TestWrongLine(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 201)
	tests := []struct{ name, line, want string }{
		{"not an object", `5`, `f:2:1: '5' where a document's { should be`},
		{"an array", `  [1]`, `f:2:3: '[' where a document's { should be`},
		{"not closed", `{"a": 1`, `f:2:8: the document does not end on its line`},
		{"string not closed", `{"a": "x`, `f:2:9: no quote ends the string`},
		{"two documents", `{"a": 1} {"b": 2}`, `f:2:10: '{' after the document`},
		{"something after it", `{"a": 1}}`, `f:2:9: '}' after the document`},
		{"not UTF-8", "{\"a\": \"\xc3\xa9\xff\"}", `f:2:10: byte 0xff is not UTF-8`},
		{"lone surrogate", `{"a": "\ud800"}`, `f:2:8: \ud800 is half of a surrogate pair`},
		{"two high surrogates", `{"a": "\ud800\ud800"}`, `f:2:8: \ud800 is half of a surrogate pair`},
		{"low surrogate in a key", `{"\udc00": 1}`, `f:2:3: \udc00 is half of a surrogate pair`},
		{"too deep", deep, `f:2:1001: nested more than 200 deep`},
		{"key twice", `{"a": 1, "b": {"c": [{"d": 1, "d": 2}]}}`, `f:2: key "d" stands twice in one object`},
		{"key twice at the top", `{"a": 1, "\u0061": 2}`, `f:2: key "a" stands twice in one object`},
		{"key twice in a scope", `{"a": {"$code": "x", "$scope": {"b": 1, "b": 2}}}`, `f:2: key "b" stands twice in one object`},
		{"wrong brackets", `{"a": [1}`, `f:2:`},
		{"NUL in a key", `{"a\u0000": 1}`, `f:2: `},
		{"date that is none", `{"a": {"$date": "yesterday"}}`, `f:2: invalid $date value string: yesterday`},
		{"Python's dict", `{'a': 1}`, `f:2: `},
		{"NaN", `{"a": NaN}`, `f:2: `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			results := readAll(t, "{}\n"+tt.line+"\n{}\n")
			require.Len(t, results, 3)
			require.Equal(t, result{line: 1, doc: "{}"}, results[0])
			require.EqualValues(t, 2, results[1].line)
			require.Contains(t, results[1].err, tt.want)
			require.Equal(t, result{line: 3, doc: "{}"}, results[2])
		})
	}
}

// A document in an array that is wrong is told with its place, which need not
// be where it begins.
func TestWrongItem(t *testing.T) {
	results := readAll(t, "[\n{},\n{\n  \"a\": \"\xff\"\n},\n{\"$date\": 1, \"a\": {\"$date\": \"x\"}},\n{}]")
	require.Equal(t, []result{
		{line: 2, doc: "{}"},
		{line: 3, err: "f:4:9: byte 0xff is not UTF-8"},
		{line: 6, err: "f:6: invalid $date value string: x"},
		{line: 7, doc: "{}"},
	}, results)
}

// An array that is wrong between its documents cannot be read any further.
func TestWrongArray(t *testing.T) {
	tests := []struct{ name, rest, want string }{
		{"no comma", ` {}]`, `f:2: '{' where a comma or the array's end should be`},
		{"comma before the end", `,]`, `f:2: ']' where a document should begin`},
		{"two commas", `,,{}]`, `f:2: ',' where a document should begin`},
		{"no document", `,5]`, `f:2: '5' where a document should begin`},
		{"no end", "", `f:2: the file ends before the array does`},
		{"no end after a comma", ",", `f:2: the file ends before the array does`},
		{"no end in a document", `,{"a": 1`, `f:2: the file ends before the array does`},
		{"something after the end", "]\n{}", `f:3: '{' after the array's end`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			results := readAll(t, "[\n{}"+tt.rest)
			require.Len(t, results, 2)
			require.Equal(t, result{line: 2, doc: "{}"}, results[0])
			require.Equal(t, tt.want, results[1].err)
		})
	}
}

func TestErrorIsALineError(t *testing.T) {
	r, err := jsonlines.NewReader("f", strings.NewReader("{}\n{x"))
	require.NoError(t, err)
	for record, err := range r.Records(t.Context()) {
		if record.Row == 1 {
			continue
		}
		var at *jsonlines.LineError
		require.ErrorAs(t, err, &at)
		require.Equal(t, "f", at.Name)
		require.EqualValues(t, 2, at.Line)
		require.Equal(t, 3, at.Column)
	}
}

func TestNotJSON(t *testing.T) {
	for _, text := range []string{"x", "\x00", `"a"`, "msg_id,header\n", "\xef\xbb\xbf<xml>", "  5"} {
		_, err := jsonlines.NewReader("f", strings.NewReader(text))
		require.ErrorIs(t, err, jsonlines.ErrFormat, "%q", text)
	}
	_, err := jsonlines.NewReader("f", strings.NewReader("\x1f\x8bnothing compressed"))
	require.ErrorIs(t, err, gzip.ErrHeader)
}

// What was read before the file failed counts; the failure is told.
func TestFailingFile(t *testing.T) {
	broken := errors.New("broken")
	for _, text := range []string{"{}\n{\"a\":", "[{},{\"a\":"} {
		r, err := jsonlines.NewReader("f", io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)))
		require.NoError(t, err)
		var errs []error
		for _, err := range r.Records(t.Context()) {
			errs = append(errs, err)
		}
		require.Len(t, errs, 2)
		require.NoError(t, errs[0])
		require.ErrorIs(t, errs[1], broken)
	}
}

func TestCutOffGzip(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err := w.Write([]byte("{}\n{}\n"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	results := readAll(t, zipped.String()[:zipped.Len()-4])
	require.Contains(t, results[len(results)-1].err, "unexpected EOF")
}

func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r, err := jsonlines.NewReader("f", strings.NewReader("{}\n{}\n{}\n"))
	require.NoError(t, err)
	var errs []error
	for _, err := range r.Records(ctx) {
		errs = append(errs, err)
		cancel()
	}
	require.Len(t, errs, 2)
	require.ErrorIs(t, errs[1], context.Canceled)
}

func TestOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tasks.jsonl")
	require.NoError(t, os.WriteFile(path, []byte("{\"a\": 1}\n"), 0o600))
	r, err := jsonlines.Open(path)
	require.NoError(t, err)
	for record, err := range r.Records(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, path, record.Source)
	}
	require.NoError(t, r.Close())

	_, err = jsonlines.Open(path + "x")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// Every document that the driver writes is read as it was, in either layout.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var docs []bson.Raw
		var lines []string
		for range rapid.IntRange(0, 5).Draw(t, "n") {
			doc, err := bson.Marshal(drawDoc(t, 3))
			require.NoError(t, err)
			line, err := bson.MarshalExtJSON(bson.Raw(doc), true, false)
			require.NoError(t, err)
			docs, lines = append(docs, doc), append(lines, string(line))
		}
		for _, text := range []string{strings.Join(lines, "\n"), "[" + strings.Join(lines, ",") + "]"} {
			r, err := jsonlines.NewReader("f", strings.NewReader(text))
			require.NoError(t, err)
			var got []bson.Raw
			for record, err := range r.Records(context.Background()) {
				require.NoError(t, err)
				got = append(got, record.Doc)
			}
			require.Equal(t, docs, got)
		}
	})
}

func drawDoc(t *rapid.T, depth int) bson.D {
	doc := bson.D{}
	keys := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-zé" {}\\.]{0,4}`), 0, 4, rapid.ID).Draw(t, "keys")
	for _, key := range keys {
		doc = append(doc, bson.E{Key: key, Value: drawValue(t, depth)})
	}
	return doc
}

func drawValue(t *rapid.T, depth int) any {
	kinds := 8
	if depth == 0 {
		kinds = 6
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return rapid.String().Draw(t, "string")
	case 1:
		return rapid.Int32().Draw(t, "int32")
	case 2:
		return rapid.Int64().Draw(t, "int64")
	case 3:
		return bson.DateTime(rapid.Int64().Draw(t, "date"))
	case 4:
		return bson.Binary{Data: rapid.SliceOf(rapid.Byte()).Draw(t, "binary")}
	case 5:
		return nil
	case 6:
		return drawDoc(t, depth-1)
	}
	return bson.A{drawValue(t, depth-1), drawValue(t, depth-1)}
}

// FuzzReader reads texts that are nearly JSON lines. It ends, and what it calls
// a document comes back when it is written and read again.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"{\"a\": 1}\n\n{\"b\": {\"$date\": \"2011-05-01T12:00:00Z\"}}",
		`[{"a": [1, 2.5, "x\ud83d\ude00", null, true]}, {"$regex": "x", "$options": ""}]`,
		"\xef\xbb\xbf{}", "{\"a\": 1, \"a\": 2}\n{\"a\": \"\xff\"}", "\x1f\x8b\x08",
		`{"a": {"$code": "x", "$scope": {}}, "b": {"$binary": {"base64": "", "subType": "ff"}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := jsonlines.NewReader("f", bytes.NewReader(text))
		if err != nil {
			return
		}
		for record, err := range r.Records(t.Context()) {
			if err != nil {
				continue
			}
			require.NoError(t, record.Doc.Validate())
			line, err := bson.MarshalExtJSON(record.Doc, true, false)
			require.NoError(t, err)
			again := readAll(t, string(line))
			require.Equal(t, []result{{line: 1, doc: string(line)}}, again)
		}
	})
}

package csvrows_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/importers/csvrows"
	"github.com/taskdb/taskdb/internal/shelljson"
)

// read returns the documents of a text as relaxed extended JSON, and its errors.
func read(t require.TestingT, text string) (docs, errs []string) {
	reader, err := csvrows.NewReader("x.csv", strings.NewReader(text))
	require.NoError(t, err)
	for record, err := range reader.Records(context.Background()) {
		require.Equal(t, "x.csv", record.Source)
		if err != nil {
			require.Nil(t, record.Doc)
			errs = append(errs, err.Error())
			continue
		}
		require.NoError(t, record.Doc.Validate())
		json, err := bson.MarshalExtJSON(record.Doc, true, false)
		require.NoError(t, err)
		docs = append(docs, string(json))
	}
	require.NoError(t, reader.Close())
	return docs, errs
}

// TestTypes holds what each value is read as.
func TestTypes(t *testing.T) {
	for value, want := range map[string]string{
		`1`:                           `{"$numberInt":"1"}`,
		`-0`:                          `{"$numberInt":"0"}`,
		`2147483648`:                  `{"$numberLong":"2147483648"}`,
		`9223372036854775808`:         `{"$numberDouble":"9.223372036854776E+18"}`,
		`1.0`:                         `{"$numberDouble":"1.0"}`,
		`-2.5e-3`:                     `{"$numberDouble":"-0.0025"}`,
		`1e999`:                       `"1e999"`,
		`007`:                         `"007"`,
		`+1`:                          `"+1"`,
		`1,5`:                         `"1,5"`,
		`NaN`:                         `"NaN"`,
		` 1`:                          `" 1"`,
		`true`:                        `true`,
		`false`:                       `false`,
		`True`:                        `"True"`,
		`null`:                        `"null"`,
		`2026-11-22T10:00:00Z`:        `{"$date":{"$numberLong":"1795341600000"}}`,
		`2026-11-22T11:00:00.5+01:00`: `{"$date":{"$numberLong":"1795341600500"}}`,
		`2026-11-22T10:00:00`:         `"2026-11-22T10:00:00"`,
		`2026-11-22`:                  `"2026-11-22"`,
		`{"a": 1}`:                    `{"a":{"$numberInt":"1"}}`,
		`[1, {"$oid": "5f5f5f5f5f5f5f5f5f5f5f5f"}]`: `[{"$numberInt":"1"},{"$oid":"5f5f5f5f5f5f5f5f5f5f5f5f"}]`,
		`{"$numberDouble":"Infinity"}`:              `{"$numberDouble":"Infinity"}`,
		`{a: 1}`:                                    `"{a: 1}"`,
		`{"a": 1}, "b": {"c": 1}`:                   `"{\"a\": 1}, \"b\": {\"c\": 1}"`,
		`[`:                                         `"["`,
		"two\nlines, \"quoted\"":                    `"two\nlines, \"quoted\""`,
	} {
		docs, errs := read(t, "x\n\""+strings.ReplaceAll(value, `"`, `""`)+"\"\n")
		require.Equal(t, []string{`{"x":` + want + `}`}, docs, value)
		require.Empty(t, errs)
	}
}

func TestColumns(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"order":              {"b,a\r\n1,2\r\n", []string{`{"b":{"$numberInt":"1"},"a":{"$numberInt":"2"}}`}},
		"nothing is missing": {"a,b,c.d\n,x,\n", []string{`{"b":"x"}`}},
		"documents":          {"a.b,x,a.c.d\n1,y,z\n", []string{`{"a":{"b":{"$numberInt":"1"},"c":{"d":"z"}},"x":"y"}`}},
		"keys of text":       {"msg_id,label,n,header.msg_id\n1,2,3,4\n", []string{`{"msg_id":"1","label":"2","n":{"$numberInt":"3"},"header":{"msg_id":{"$numberInt":"4"}}}`}},
		"mark, no last line": {"\xef\xbb\xbfa\nx", []string{`{"a":"x"}`}},
		"empty":              {"", nil},
		"no rows":            {"a,b\n", nil},
		"quoted names":       {"\"a,b\"\nx\n", []string{`{"a,b":"x"}`}},
	} {
		docs, errs := read(t, tt.text)
		require.Equal(t, tt.want, docs, name)
		require.Empty(t, errs, name)
	}
}

// TestWrongRows holds that a row that is wrong is told with its place, and that the
// others are read.
func TestWrongRows(t *testing.T) {
	docs, errs := read(t, "a,b\n1\nx,y\n1,2,3\n\"two\nlines\",y\nx\"y,z\n\xff,y\nlast,y\n")
	require.Len(t, docs, 3)
	require.Equal(t, []string{
		"x.csv:2: the row has 1 values, and there are 2 columns",
		"x.csv:4: the row has 3 values, and there are 2 columns",
		"x.csv:7: bare \" in non-quoted-field",
		"x.csv:8: a value is not UTF-8",
	}, errs)

	_, errs = read(t, "a\n\"never ends\n")
	require.Len(t, errs, 1)
	require.Contains(t, errs[0], "x.csv:2: ")
}

func TestWrongHeaders(t *testing.T) {
	for text, want := range map[string]string{
		"a,,b\n":              `column 2 has no name, or one with an empty part: ""`,
		"a.\n":                `column 1 has no name, or one with an empty part: "a."`,
		"a,b,a\n":             `the columns "a" and "a" cannot both be in a record`,
		"a.b,a\n":             `the columns "a.b" and "a" cannot both be in a record`,
		"a,a.b\n":             `the columns "a" and "a.b" cannot both be in a record`,
		`{"a": 1}`:            "not CSV",
		"SQLite format 3\x00": "not CSV",
		"\"a\n":               "parse error",
	} {
		_, err := csvrows.NewReader("x.csv", strings.NewReader(text))
		require.ErrorContains(t, err, "read x.csv: ", text)
		require.ErrorContains(t, err, want, text)
	}
	docs, errs := read(t, "a,ab\n1,2\n")
	require.Len(t, docs, 1)
	require.Empty(t, errs)
}

// TestWrite holds what is written of each value, with quotes and ends of lines as
// RFC 4180 has them.
func TestWrite(t *testing.T) {
	doc, err := shelljson.Parse(`{_id: ObjectId("5f5f5f5f5f5f5f5f5f5f5f5f"), text: 'a "b",\r\nc\n', n: 1, long: NumberLong(5), double: 1.0,
		yes: true, none: null, date: ISODate("2026-11-22T10:00:00.5Z"), doc: {a: [1, ISODate("2026-11-22T10:00:00Z")]}, buffers: [BinData(0, "AQID")]}`)
	require.NoError(t, err)
	var out bytes.Buffer
	w, err := csvrows.NewWriter(&out, []string{"_id", "text", "n", "long", "double", "yes", "none", "missing", "date", "doc", "buffers.0", "x y"})
	require.NoError(t, err)
	require.NoError(t, w.Write(doc))
	require.Equal(t, "_id,text,n,long,double,yes,none,missing,date,doc,buffers.0,x y\r\n"+
		`"{""$oid"":""5f5f5f5f5f5f5f5f5f5f5f5f""}","a ""b"",`+"\r\n"+`c`+"\n"+`",1,5,1.0,true,,,2026-11-22T10:00:00.5Z,`+
		`"{""a"":[1,{""$date"":""2026-11-22T10:00:00Z""}]}","{""$binary"":{""base64"":""AQID"",""subType"":""00""}}",`+"\r\n", out.String())

	for _, paths := range [][]string{nil, {""}, {"a", "a"}, {"a", "a.b"}} {
		_, err := csvrows.NewWriter(&out, paths)
		require.Error(t, err)
	}
}

// TestWrittenIsReadBack holds that values of the types that CSV can tell from each
// other are read as what they were.
func TestWrittenIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.OneOf(
			rapid.Int32().AsAny(), rapid.Int64Min(1<<40).AsAny(), rapid.Float64().AsAny(), rapid.Bool().AsAny(),
			rapid.Custom(func(t *rapid.T) bson.DateTime { return bson.DateTime(rapid.Int64().Draw(t, "date")) }).AsAny(),
			rapid.StringMatching(`[a-z ,"é\n;]{1,9}[,;"z]`).AsAny(),
			rapid.Just(bson.D{{Key: "a", Value: bson.A{"x", nil}}}).AsAny(),
			rapid.Custom(func(t *rapid.T) bson.Binary { return bson.Binary{Data: rapid.SliceOf(rapid.Byte()).Draw(t, "data")} }).AsAny(),
		)
		doc, err := bson.Marshal(bson.D{
			{Key: "msg_id", Value: rapid.StringMatching(`[-0-9a-f_]{1,9}`).Draw(t, "msg_id")},
			{Key: "x", Value: value.Draw(t, "value")},
			{Key: "d", Value: bson.D{{Key: "y", Value: value.Draw(t, "inner")}}},
		})
		require.NoError(t, err)
		var out bytes.Buffer
		w, err := csvrows.NewWriter(&out, []string{"msg_id", "x", "d.y"})
		require.NoError(t, err)
		require.NoError(t, w.Write(doc))
		want, err := bson.MarshalExtJSON(bson.Raw(doc), true, false)
		require.NoError(t, err)
		docs, errs := read(t, out.String())
		require.Empty(t, errs)
		require.Equal(t, []string{string(want)}, docs, "%s", out.String())
	})
}

// TestOneColumn holds that a row of one column without a value is a row.
func TestOneColumn(t *testing.T) {
	var out bytes.Buffer
	w, err := csvrows.NewWriter(&out, []string{"a"})
	require.NoError(t, err)
	empty, err := bson.Marshal(bson.D{})
	require.NoError(t, err)
	require.NoError(t, w.Write(empty))
	require.Equal(t, "a\r\n\"\"\r\n", out.String())
	docs, errs := read(t, out.String())
	require.Equal(t, []string{"{}"}, docs)
	require.Empty(t, errs)
}

func TestCompressed(t *testing.T) {
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err := w.Write([]byte("a\n1\n"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	docs, errs := read(t, zipped.String())
	require.Equal(t, []string{`{"a":{"$numberInt":"1"}}`}, docs)
	require.Empty(t, errs)
}

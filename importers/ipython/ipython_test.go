package ipython_test

import (
	"bytes"
	"context"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/taskdb/taskdb/importers/ipython"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// Each generation's table is read by the columns that it has, in their order.
func TestGenerations(t *testing.T) {
	// A list with the one buffer "x", as Python 2's cPickle and Python 3 write
	// it.
	const pickled2, pickled3 = `X'80025d7101550178612e'`, `X'80055d944301789461' || X'2e'`
	tests := []struct{ name, table, values, want string }{
		{
			"0.11", columns011, `'m', '{"date": "2011-05-01T12:00:00.123456", "msg_id": "m"}', '{}', ` + pickled2 + `,
			'2011-05-01 12:00:00.123456', 'c', 'e', '2011-05-01T12:00:01', NULL, '2011-05-01T12:00:02', NULL, NULL, NULL,
			'task', 'a=1', '{"text/plain": "1"}', NULL, '', ''`,
			`{"msg_id":"m","header":{"date":{"$date":{"$numberLong":"1304251200123"}},"msg_id":"m"},"content":{},` +
				`"buffers":[{"$binary":{"base64":"eA==","subType":"00"}}],` +
				`"submitted":{"$date":{"$numberLong":"1304251200123"}},"client_uuid":"c","engine_uuid":"e",` +
				`"started":{"$date":{"$numberLong":"1304251201000"}},"completed":null,` +
				`"resubmitted":{"$date":{"$numberLong":"1304251202000"}},"result_header":null,"result_content":null,` +
				`"result_buffers":null,"queue":"task","pyin":"a=1","pyout":{"text/plain":"1"},"pyerr":null,"stdout":"","stderr":""}`,
		},
		{
			"0.13", columns013, `'m', '{}', '{}', ` + pickled2 + `, NULL, NULL, NULL, NULL, NULL, 'm2',
			'2012-06-01T00:00:00.000999', '{}', '{"status": "error"}', NULL, 'mux', NULL, 'plain', '{"ename": "E"}', 'o', 'e'`,
			`{"msg_id":"m","header":{},"content":{},"buffers":[{"$binary":{"base64":"eA==","subType":"00"}}],` +
				`"submitted":null,"client_uuid":null,"engine_uuid":null,"started":null,"completed":null,"resubmitted":"m2",` +
				`"received":{"$date":{"$numberLong":"1338508800000"}},"result_header":{},"result_content":{"status":"error"},` +
				`"result_buffers":null,"queue":"mux","pyin":null,"pyout":"plain","pyerr":{"ename":"E"},"stdout":"o","stderr":"e"}`,
		},
		{
			"1.0", columns10, `'m', '{}', '{"submitted": "2013-08-08T00:00:00"}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
			NULL, '{"started": "2013-08-08T00:00:01.5", "status": "ok"}', NULL, ` + pickled3 + `, NULL, NULL, NULL, NULL, NULL, NULL`,
			`{"msg_id":"m","header":{},"metadata":{"submitted":{"$date":{"$numberLong":"1375920000000"}}},"content":{},` +
				`"buffers":null,"submitted":null,"client_uuid":null,"engine_uuid":null,"started":null,"completed":null,` +
				`"resubmitted":null,"received":null,"result_header":null,` +
				`"result_metadata":{"started":{"$date":{"$numberLong":"1375920001500"}},"status":"ok"},"result_content":null,` +
				`"result_buffers":[{"$binary":{"base64":"eA==","subType":"00"}}],` +
				`"queue":null,"pyin":null,"pyout":null,"pyerr":null,"stdout":null,"stderr":null}`,
		},
		{
			"3.0", columns30, `'m', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
			'{"not": "a dict"}', '{"data": {"text/plain": "10"}}', 'null', NULL, NULL`,
			`{"msg_id":"m","header":null,"metadata":null,"content":null,"buffers":null,"submitted":null,"client_uuid":null,` +
				`"engine_uuid":null,"started":null,"completed":null,"resubmitted":null,"received":null,"result_header":null,` +
				`"result_metadata":null,"result_content":null,"result_buffers":null,"queue":null,` +
				`"execute_input":"{\"not\": \"a dict\"}","execute_result":{"data":{"text/plain":"10"}},"error":null,"stdout":null,"stderr":null}`,
		},
		{
			"9.1, with zones as since 6.0", columns91, `'m', '{"z": 1, "a": 2}', '{"submitted": "no time", "date": "2026-03-01T00:00:00Z"}',
			'{"date": "2026-03-01T00:00:00Z"}', NULL,
			'2026-03-01T01:00:00.000001+01:00', NULL, NULL, NULL, NULL, NULL, NULL, '{"date": "2026-03-01T00:00:00Z"}',
			'{"completed": "2026-03-01T00:00:00+00:00", "submitted": null, "date": 5, "engine_info": {"date": "2026-03-01T00:00:00Z"}}',
			NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'group_a/x'`,
			`{"msg_id":"m","header":{"z":{"$numberInt":"1"},"a":{"$numberInt":"2"}},` +
				`"metadata":{"submitted":"no time","date":"2026-03-01T00:00:00Z"},"content":{"date":"2026-03-01T00:00:00Z"},` +
				`"buffers":null,"submitted":{"$date":{"$numberLong":"1772323200000"}},"client_uuid":null,"engine_uuid":null,` +
				`"started":null,"completed":null,"resubmitted":null,"received":null,` +
				`"result_header":{"date":{"$date":{"$numberLong":"1772323200000"}}},` +
				`"result_metadata":{"completed":{"$date":{"$numberLong":"1772323200000"}},"submitted":null,` +
				`"date":{"$numberInt":"5"},"engine_info":{"date":"2026-03-01T00:00:00Z"}},` +
				`"result_content":null,"result_buffers":null,"queue":null,"execute_input":null,"execute_result":null,` +
				`"error":null,"stdout":null,"stderr":null,"label":"group_a/x"}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := database(t, `CREATE TABLE 'any name' `+tt.table+`; INSERT INTO 'any name' VALUES (`+tt.values+`);`)
			all := records(t, open(t, path))
			require.Len(t, all, 1)
			require.Equal(t, tt.want, extended(t, all[0].Doc))
			require.Equal(t, "any name", all[0].Source)
			require.EqualValues(t, 1, all[0].Row)
		})
	}
}

func TestTimes(t *testing.T) {
	berlin := time.FixedZone("", 2*60*60)
	tests := []struct {
		text string
		loc  *time.Location
		want string
	}{
		{"2011-05-01T12:00:00", time.UTC, "2011-05-01T12:00:00Z"},
		{"2011-05-01T12:00:00", berlin, "2011-05-01T10:00:00Z"},
		{"2011-05-01 12:00:00.123456", berlin, "2011-05-01T10:00:00.123Z"},
		{"2011-05-01T12:00:00Z", berlin, "2011-05-01T12:00:00Z"},
		{"2011-05-01T12:00:00.999999Z", berlin, "2011-05-01T12:00:00.999Z"},
		{"2011-05-01T12:00:00.5+05:30", time.UTC, "2011-05-01T06:30:00.5Z"},
		{"2011-05-01 12:00:00-0700", time.UTC, "2011-05-01T19:00:00Z"},
		{"2011-05-01T12:00:00+00:19:32", time.UTC, "2011-05-01T11:40:28Z"},
		{"1969-12-31T23:59:59.999999Z", time.UTC, "1969-12-31T23:59:59.999Z"},
		{"1969-12-31T23:59:59.000001Z", time.UTC, "1969-12-31T23:59:59Z"},
		{"0001-01-01T00:00:00", time.UTC, "0001-01-01T00:00:00Z"},
		{"9999-12-31T23:59:59.999999+00:00", time.UTC, "9999-12-31T23:59:59.999Z"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			path := database(t, `CREATE TABLE t `+columns30+`;
				INSERT INTO t (msg_id, submitted, header) VALUES ('m', '`+tt.text+`', '{"date": "`+tt.text+`"}');`)
			all := records(t, open(t, path, ipython.Location(tt.loc)))
			require.Empty(t, all[0].Warnings)
			for _, keys := range [][]string{{"submitted"}, {"header", "date"}} {
				got := all[0].Doc.Lookup(keys...).Time().UTC()
				require.Equal(t, tt.want, got.Format(time.RFC3339Nano))
			}
		})
	}
}

// A value that cannot be read is kept and reported, and spoils nothing else.
func TestBadValues(t *testing.T) {
	tests := []struct{ key, sql, want, warning string }{
		{"submitted", `'yesterday'`, `"yesterday"`, `"yesterday" is no time`},
		{"submitted", `''`, `""`, "is no time"},
		{"submitted", `'2011-05-01'`, `"2011-05-01"`, "is no time"},
		{"submitted", `'2011-13-01T00:00:00'`, `"2011-13-01T00:00:00"`, "is no time"},
		{"submitted", `5`, `{"$numberInt":"5"}`, "number"},
		{"submitted", `1304251200123`, `{"$numberLong":"1304251200123"}`, "number"},
		{"submitted", `0.5`, `{"$numberDouble":"0.5"}`, "number"},
		{"header", `'{"a": '`, `"{\"a\": "`, "json at byte 6"},
		{"header", `'{"a": 1, "a": 2}'`, `"{\"a\": 1, \"a\": 2}"`, "stands twice"},
		{"header", `X'ff'`, `{"$binary":{"base64":"/w==","subType":"00"}}`, "not UTF-8"},
		{"header", `'{"date": "soon"}'`, `{"date":"soon"}`, "header.date: kept as text"},
		{"content", `'{"a": "\ud800"}'`, `{"a":"` + "\ufffd" + `"}`, "lone surrogate"},
		{"content", `CAST(X'7b22ff223a317d' AS text)`, `{"$binary":{"base64":"eyL/IjoxfQ==","subType":"00"}}`, "not UTF-8"},
		{"stdout", `CAST(X'61ff' AS text)`, `{"$binary":{"base64":"Yf8=","subType":"00"}}`, "not UTF-8"},
		{"buffers", `X'636f730a73797374656d0a28532769642774522e'`,
			`{"$binary":{"base64":"Y29zCnN5c3RlbQooUydpZCd0Ui4=","subType":"00"}}`, "GLOBAL at offset 0"},
		{"buffers", `X''`, `{"$binary":{"base64":"","subType":"00"}}`, "pickle"},
		{"buffers", `'text'`, `"text"`, "pickle"},
	}
	for _, tt := range tests {
		t.Run(tt.key+" "+tt.sql, func(t *testing.T) {
			path := database(t, `CREATE TABLE t `+columns91+`;
				INSERT INTO t (msg_id, `+tt.key+`) VALUES ('bad', `+tt.sql+`);
				INSERT INTO t (msg_id, header) VALUES ('good', '{}');`)
			all := records(t, open(t, path))
			require.Equal(t, []string{"bad", "good"}, ids(all))
			require.Len(t, all[0].Warnings, 1)
			require.ErrorContains(t, all[0].Warnings[0], tt.key)
			require.ErrorContains(t, all[0].Warnings[0], tt.warning)
			require.Empty(t, all[1].Warnings)
			got := extended(t, bsonDoc(t, "v", all[0].Doc.Lookup(tt.key)))
			require.Equal(t, `{"v":`+tt.want+`}`, got)
		})
	}
}

func bsonDoc(t *testing.T, key string, value any) bson.Raw {
	b, err := bson.Marshal(bson.D{{Key: key, Value: value}})
	require.NoError(t, err)
	return b
}

// Text where newer tables may have a document is not taken for a bad one.
func TestTextStaysText(t *testing.T) {
	for _, text := range []string{"plain", "", "{", "[1]", "5", `"null"`, "nullify"} {
		path := database(t, `CREATE TABLE t `+columns30+`;
			INSERT INTO t (msg_id, error, execute_result) VALUES ('m', '`+text+`', '`+text+`');`)
		all := records(t, open(t, path))
		require.Empty(t, all[0].Warnings)
		require.Equal(t, text, all[0].Doc.Lookup("error").StringValue())
		require.Equal(t, text, all[0].Doc.Lookup("execute_result").StringValue())
	}
}

func TestWhichTables(t *testing.T) {
	const values = ` (msg_id) VALUES ('m');`
	path := database(t, `
		CREATE TABLE notes (msg_id text, header text, content text);
		CREATE TABLE '_1b4e28ba_2fa1_11d2_883f_0016d3cca427' `+columns011+`;
		INSERT INTO '_1b4e28ba_2fa1_11d2_883f_0016d3cca427'`+values+`
		CREATE TABLE 'ipython-tasks' `+columns30+`;
		CREATE TABLE 'ipython-tasks_1' `+columns91+`;
		INSERT INTO 'ipython-tasks_1'`+values+`
		CREATE TABLE 'a "quoted" name; --' `+columns91+`;
		INSERT INTO 'a "quoted" name; --'`+values+`
		CREATE VIEW a_view AS SELECT * FROM 'ipython-tasks_1';
		CREATE TABLE empty `+columns91+`;`)
	r := open(t, path)
	require.Equal(t, []string{"_1b4e28ba_2fa1_11d2_883f_0016d3cca427", "ipython-tasks", "ipython-tasks_1",
		`a "quoted" name; --`, "empty"}, r.Tables())
	var sources []string
	for _, record := range records(t, r) {
		sources = append(sources, record.Source)
	}
	require.Equal(t, []string{"_1b4e28ba_2fa1_11d2_883f_0016d3cca427", "ipython-tasks_1", `a "quoted" name; --`}, sources)
	require.Len(t, records(t, r), 3, "a second time")
}

// A table that was made or changed by hand keeps all its columns, whatever their
// types and their order.
func TestColumnsOfOthers(t *testing.T) {
	path := database(t, `CREATE TABLE t (rowid, header, "my ""notes""" dict text, msg_id, content, buffers, submitted,
			completed, result_header, result_content, result_buffers, n integer, x real, b blob,
			d dict text, l bufs blob, w timestamp);
		INSERT INTO t VALUES ('r', '{"a": 1}', '{"b": 2}', 'm', NULL, NULL, '2011-05-01T12:00:00', NULL, NULL, NULL, NULL,
			5000000000, 1.5, X'00', '{}', X'5d2e', '1970-01-01T00:00:00Z');`)
	all := records(t, open(t, path))
	require.Len(t, all, 1)
	require.Empty(t, all[0].Warnings)
	require.Equal(t, `{"msg_id":"m","rowid":"r","header":{"a":{"$numberInt":"1"}},"my \"notes\"":{"b":{"$numberInt":"2"}},`+
		`"content":null,"buffers":null,"submitted":{"$date":{"$numberLong":"1304251200000"}},"completed":null,`+
		`"result_header":null,"result_content":null,"result_buffers":null,"n":{"$numberLong":"5000000000"},`+
		`"x":{"$numberDouble":"1.5"},"b":{"$binary":{"base64":"AA==","subType":"00"}},`+
		`"d":{},"l":[],"w":{"$date":{"$numberLong":"0"}}}`, extended(t, all[0].Doc))
}

func TestUTF16Database(t *testing.T) {
	path := database(t, `PRAGMA encoding = 'UTF-16'; CREATE TABLE t `+columns91+`;
		INSERT INTO t (msg_id, header, stdout) VALUES ('é', '{"ü": "😀"}', 'ß');`)
	all := records(t, open(t, path))
	require.Empty(t, all[0].Warnings)
	require.Equal(t, []string{"é"}, ids(all))
	require.Equal(t, "😀", all[0].Doc.Lookup("header", "ü").StringValue())
	require.Equal(t, "ß", all[0].Doc.Lookup("stdout").StringValue())
}

// Every row is read once, in the order of insertion, over many batches and at
// the ends of the range of row ids.
func TestManyRows(t *testing.T) {
	path := database(t, `CREATE TABLE t `+columns91+`;
		INSERT INTO t (rowid, msg_id) VALUES (`+strconv.Itoa(math.MinInt64)+`, 'first');
		INSERT INTO t (rowid, msg_id) VALUES (-7, 'second');
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 2500)
			INSERT INTO t (rowid, msg_id) SELECT i, 'm' || i FROM n;
		INSERT INTO t (rowid, msg_id, buffers) SELECT 9000000000 + rowid, 'big' || rowid,
			X'5d5400001000' || CAST(zeroblob(1048576) AS text) || 'a.' FROM t WHERE rowid BETWEEN 1 AND 9;
		INSERT INTO t (rowid, msg_id) VALUES (`+strconv.Itoa(math.MaxInt64)+`, 'last');`)
	want := []string{"first", "second"}
	for i := range 2500 {
		want = append(want, "m"+strconv.Itoa(i+1))
	}
	for i := range 9 {
		want = append(want, "big"+strconv.Itoa(i+1))
	}
	all := records(t, open(t, path))
	require.Equal(t, append(want, "last"), ids(all))
	require.EqualValues(t, math.MinInt64, all[0].Row)
	require.EqualValues(t, math.MaxInt64, all[len(all)-1].Row)
	_, buffer := all[2502].Doc.Lookup("buffers", "0").Binary()
	require.Len(t, buffer, 1<<20)
}

func TestCallerMayStop(t *testing.T) {
	r := open(t, "testdata/tasks.db")
	for _, err := range r.Records(t.Context()) {
		require.NoError(t, err)
		break
	}
	require.Len(t, records(t, r), 406)
}

func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := open(t, "testdata/tasks.db")
	n := 0
	var last error
	for _, err := range r.Records(ctx) {
		n, last = n+1, err
		cancel()
	}
	require.ErrorIs(t, last, context.Canceled)
	require.LessOrEqual(t, n, 204, "nothing of the second table")

	_, err := ipython.Open(ctx, "testdata/tasks.db")
	require.ErrorIs(t, err, context.Canceled)
}

func TestNotATaskDatabase(t *testing.T) {
	_, err := ipython.Open(t.Context(), database(t, `CREATE TABLE t (msg_id text);`))
	require.ErrorIs(t, err, ipython.ErrNoTasks)
	_, err = ipython.Open(t.Context(), "testdata/records.jsonl")
	require.ErrorIs(t, err, ipython.ErrFormat)
	require.ErrorContains(t, err, "testdata/records.jsonl")
	_, err = ipython.Open(t.Context(), t.TempDir())
	require.ErrorContains(t, err, "is a directory")
	_, err = ipython.Open(t.Context(), t.TempDir()+"/none")
	require.ErrorContains(t, err, "no such file")
}

// A table that cannot be read does not hide the next.
func TestDamagedTable(t *testing.T) {
	path := database(t, `CREATE TABLE odd (`+strings.TrimPrefix(columns91, "(")+` WITHOUT ROWID;
		CREATE TABLE sound `+columns91+`; INSERT INTO sound (msg_id) VALUES ('m');`)
	var got []string
	var errs []error
	for record, err := range open(t, path).Records(t.Context()) {
		got = append(got, record.Source)
		errs = append(errs, err)
	}
	require.Equal(t, []string{"odd", "sound"}, got)
	require.ErrorContains(t, errs[0], `table "odd"`)
	require.NoError(t, errs[1])
}

// A table whose rows lead in a circle is not read for ever.
func TestRowsOutOfOrder(t *testing.T) {
	path := database(t, `CREATE TABLE t `+columns91+`; INSERT INTO t (msg_id) VALUES ('aaa'), ('bbb'), ('ccc');`)
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	// A row is its length, its id, a header (its own length and the type of
	// each of the 23 columns), and then the first value.
	id := bytes.Index(file, []byte("bbb")) - 24 - 1
	require.Equal(t, byte(2), file[id])
	file[id] = 1
	require.NoError(t, os.WriteFile(path, file, 0o600))

	var rows []int64
	var last error
	for record, err := range open(t, path).Records(t.Context()) {
		if err == nil {
			rows = append(rows, record.Row)
		}
		last = err
	}
	require.Equal(t, []int64{1}, rows)
	require.ErrorContains(t, last, "row 1 is out of order")
}

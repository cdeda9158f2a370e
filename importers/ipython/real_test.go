package ipython_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/taskdb/taskdb/importers/ipython"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// TestRealDatabase reads the database of a real cluster (ipyparallel 7.1.0, two
// runs of its controller) and compares each record with what Python's own
// modules find in the file (testdata/records.jsonl).
func TestRealDatabase(t *testing.T) {
	r, err := ipython.Open(t.Context(), "testdata/tasks.db")
	require.NoError(t, err)
	defer func() { require.NoError(t, r.Close()) }()
	require.Equal(t, []string{"ipython-tasks", "ipython-tasks_1"}, r.Tables())

	f, err := os.Open("testdata/records.jsonl")
	require.NoError(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)

	n := 0
	for record, err := range r.Records(t.Context()) {
		require.NoError(t, err)
		require.Empty(t, record.Warnings)
		require.NoError(t, record.Doc.Validate())
		require.True(t, lines.Scan(), "more records than the file has")
		got := map[string]any{"_table": record.Source}
		for key, v := range members(t, record.Doc) {
			got[key] = v
		}
		require.Equal(t, decoded(t, lines.Bytes()), got)
		first, err := record.Doc.IndexErr(0)
		require.NoError(t, err)
		require.Equal(t, "msg_id", first.Key())
		n++
	}
	require.False(t, lines.Scan(), "fewer records than the file has")
	require.Equal(t, 406, n)
}

// decoded keeps numbers as they are written: 0 is an integer, 0.0 is not.
func decoded(t *testing.T, line []byte) (m map[string]any) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	require.NoError(t, d.Decode(&m))
	return m
}

func members(t *testing.T, doc bson.Raw) map[string]any {
	elements, err := doc.Elements()
	require.NoError(t, err)
	m := map[string]any{}
	for _, e := range elements {
		require.NotContains(t, m, e.Key())
		m[e.Key()] = described(t, e.Value())
	}
	return m
}

// described returns a value in the form of records.jsonl. A type that IPython's
// records have no reason to contain fails the test.
func described(t *testing.T, v bson.RawValue) any {
	switch v.Type {
	case bson.TypeNull:
		return nil
	case bson.TypeString:
		return v.StringValue()
	case bson.TypeBoolean:
		return v.Boolean()
	case bson.TypeInt32:
		return json.Number(strconv.Itoa(int(v.Int32())))
	case bson.TypeDouble:
		return json.Number(strconv.FormatFloat(v.Double(), 'f', 1, 64))
	case bson.TypeDateTime:
		return map[string]any{"$date": v.Time().UTC().Format("2006-01-02T15:04:05.000Z07:00")}
	case bson.TypeEmbeddedDocument:
		return members(t, v.Document())
	case bson.TypeArray:
		items, err := v.Array().Values()
		require.NoError(t, err)
		list := make([]any, len(items))
		for i, item := range items {
			list[i] = described(t, item)
		}
		return list
	case bson.TypeBinary:
		subtype, b := v.Binary()
		require.Equal(t, byte(0), subtype)
		sum := sha256.Sum256(b)
		return map[string]any{"len": json.Number(strconv.Itoa(len(b))), "sha256": hex.EncodeToString(sum[:])}
	}
	require.Fail(t, "unexpected type", "%v", v.Type)
	return nil
}

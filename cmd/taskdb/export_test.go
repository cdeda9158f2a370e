package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/taskdb"
)

// documents returns the documents of a store as they are kept, by their _id.
func documents(t *testing.T, url string) []bson.Raw {
	db, err := taskdb.Open(t.Context(), url)
	require.NoError(t, err)
	defer db.Close()
	var docs []bson.Raw
	for doc, err := range db.FindRaw(t.Context(), taskdb.Query{Projection: bson.D{}, Sort: bson.D{{Key: "_id", Value: 1}}}) {
		require.NoError(t, err)
		docs = append(docs, doc)
	}
	return docs
}

// TestExportImport holds that records go through a file to another store without
// the change of a byte, buffers included.
func TestExportImport(t *testing.T) {
	first := filledStore(t)
	file := filepath.Join(t.TempDir(), "tasks.jsonl")
	require.Equal(t, file+": 406 exported\n", onStore(t, "export", "--out", file))
	second := newStore(t)
	require.Equal(t, file+": 406 imported, 0 there already\n", onStore(t, "import", file))

	want := documents(t, first)
	require.Len(t, want, 406)
	require.NotEmpty(t, want[0].Lookup("buffers").Array())
	require.Equal(t, want, documents(t, second))
}

func TestExportByFilter(t *testing.T) {
	require.Len(t, lines(onSample(t, "export", "--failed")), 32)
	require.Empty(t, onSample(t, "export", `{msg_id: "nobody"}`))
}

// TestExportedTypes holds that a document of any values is read back as it was.
func TestExportedTypes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc, err := bson.Marshal(drawDocument(t, 3))
		require.NoError(t, err)
		line, err := extendedJSON(bson.Raw(doc), true)
		require.NoError(t, err)
		require.NoError(t, readBack(t.Context(), append(line, '\n'), doc), "%s", line)
	})
}

func drawDocument(t *rapid.T, depth int) bson.D {
	doc := bson.D{}
	for _, key := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-zé"\\.\n]{0,4}`), 0, 5, rapid.ID).Draw(t, "keys") {
		doc = append(doc, bson.E{Key: key, Value: drawValue(t, depth-1)})
	}
	return doc
}

func drawValue(t *rapid.T, depth int) any {
	kinds := 12
	if depth == 0 {
		kinds = 10
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return rapid.String().Draw(t, "string")
	case 2:
		return rapid.Int32().Draw(t, "int32")
	case 3:
		return rapid.Int64().Draw(t, "int64")
	case 4:
		return rapid.Float64().Draw(t, "double")
	case 5:
		return bson.DateTime(rapid.Int64().Draw(t, "date"))
	case 6:
		return bson.Binary{Subtype: rapid.Byte().Filter(func(b byte) bool { return b != 2 }).Draw(t, "subtype"), Data: rapid.SliceOf(rapid.Byte()).Draw(t, "data")}
	case 7:
		return rapid.Bool().Draw(t, "bool")
	case 8:
		return bson.NewObjectIDFromTimestamp(time.Unix(int64(rapid.Uint32().Draw(t, "time")), 0))
	case 9:
		return rapid.SampledFrom([]any{math.Inf(1), math.Inf(-1), math.Copysign(0, -1), bson.MinKey{}, bson.MaxKey{},
			bson.Timestamp{T: 1, I: 2}, bson.Regex{Pattern: "a/b", Options: "i"}, bson.Decimal128{}, bson.JavaScript("f()")}).Draw(t, "other")
	case 10:
		return drawDocument(t, depth)
	}
	var array bson.A
	for range rapid.IntRange(0, 3).Draw(t, "length") {
		array = append(array, drawValue(t, depth-1))
	}
	return array
}

// TestExportOfWhatJSONCannotSay holds that a record that would come back as another
// is named, and that the others are written.
func TestExportOfWhatJSONCannotSay(t *testing.T) {
	url := newStore(t)
	db, err := taskdb.Open(t.Context(), url)
	require.NoError(t, err)
	for i, value := range []any{1, bson.D{{Key: "$numberInt", Value: "5"}}, 2} {
		doc, err := bson.Marshal(bson.D{{Key: "_id", Value: i}, {Key: "value", Value: value}})
		require.NoError(t, err)
		require.NoError(t, db.In("a.b").AddRaw(t.Context(), doc))
	}
	require.NoError(t, db.Close())
	got := taskdbRun(t, "", "export", "--collection", "a.b")
	require.Len(t, lines(got.stdout), 3)
	require.Equal(t, `taskdb: record 1: extended JSON has another meaning for one of its values
taskdb export: records that import will not read as they are: 1
`, got.stderr)
	require.Equal(t, exitFailure, got.code)
}

// TestExportToFile holds that a file is there whole or not at all, and that none is
// replaced unless that is asked for.
func TestExportToFile(t *testing.T) {
	filledStore(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "out.jsonl")
	require.Equal(t, file+": 32 exported\n", onStore(t, "export", "--failed", "--out", file))
	require.Equal(t, result{"", "taskdb export: --out " + file + " exists\nname another, or replace it: --force\n", exitUsage},
		taskdbRun(t, "", "export", "--out", file))
	require.Equal(t, file+": 406 exported\n", onStore(t, "export", "--out", file, "--force"))
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, onStore(t, "export"), string(written))

	require.Equal(t, result{"", "taskdb export: --out " + dir + " exists and is no regular file\nname another, or write to standard output\n", exitUsage},
		taskdbRun(t, "", "export", "--out", dir, "--force"))
	got := taskdbRun(t, "", "export", "--store", "nodb:", "--out", filepath.Join(dir, "nothing.jsonl"))
	require.Equal(t, exitNotFound, got.code)
	got = taskdbRun(t, "", "export", "--out", filepath.Join(dir, "no", "such", "directory"))
	require.Equal(t, exitFailure, got.code)
	require.Contains(t, got.stderr, "no such file or directory")
	names, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, names, 1, "nothing half is left")
}

func TestExportThatCannotBeWritten(t *testing.T) {
	var stderr strings.Builder
	code := run(t.Context(), []string{"export", "--in", sample}, strings.NewReader(""), fullDisk{}, &stderr)
	require.Equal(t, exitFailure, code)
	require.Equal(t, "taskdb export: no space left\n", stderr.String())
}

package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

// TestBSONDump holds that records go through a dump to another store without the
// change of a byte, by import, by copy and by standard input, with copy the declared
// indexes too.
func TestBSONDump(t *testing.T) {
	first := filledStore(t)
	onStore(t, "indexes", "add", "header.session,-submitted")
	folder := t.TempDir()
	dump := filepath.Join(folder, "ipython-tasks", "task_records.bson")
	require.NoError(t, os.Mkdir(filepath.Dir(dump), 0o700))
	require.Equal(t, dump+": 406 exported\n", onStore(t, "export", "--format", "bson", "--out", dump))
	written, err := os.ReadFile(dump)
	require.NoError(t, err)
	var want []byte
	for _, doc := range inserted(t, first, taskdb.DefaultCollection) {
		want = append(want, doc...)
	}
	require.Equal(t, want, written)
	require.Equal(t, string(want), onStore(t, "export", "--format", "bson"))
	require.FileExists(t, strings.TrimSuffix(dump, ".bson")+".metadata.json")

	second := newStore(t)
	require.Equal(t, dump+": 406 imported, 0 there already\n", onStore(t, "import", dump))
	require.Equal(t, documents(t, first), documents(t, second))
	require.Equal(t, "-: 0 imported, 406 there already\n", taskdbRun(t, string(want), "import", "-").stdout)
	require.Equal(t, "32\n", onStore(t, "count", "--in", dump, "--failed"))

	const name = taskdb.DefaultCollection
	for _, from := range []string{dump, folder} {
		third := fileURL(t, "third.db")
		require.Equal(t, name+": 406 copied, 0 there already, 1 index\n"+name+": 406 verified\n", onStore(t, "copy", "--verify", from, third))
		require.Equal(t, documents(t, first), documents(t, third))
		require.Equal(t, onStore(t, "indexes", "--store", first), onStore(t, "indexes", "--store", third))
		require.Equal(t, exitOK, taskdbRun(t, "", "diff", from, third).code)
	}
}

// TestBSONDumpToFile holds that no file of indexes is replaced, or left from before.
func TestBSONDumpToFile(t *testing.T) {
	filledStore(t)
	out := filepath.Join(t.TempDir(), "tasks.bson")
	beside := strings.TrimSuffix(out, ".bson") + ".metadata.json"
	require.NoError(t, os.WriteFile(beside, []byte("mine"), 0o600))
	require.Equal(t, result{"", "taskdb export: --out " + beside + " exists\nname another, or replace it: --force\n", exitUsage},
		taskdbRun(t, "", "export", "--format", "bson", "--out", out))
	require.NoFileExists(t, out)
	onStore(t, "export", "--format", "bson", "--out", out, "--force")
	require.NoFileExists(t, beside, "there are no declared indexes")
}

// TestCSV holds what is written of tasks, and that import reads it.
func TestCSV(t *testing.T) {
	filledStore(t)
	text := onStore(t, "export", "--format", "csv", "--keys", "msg_id,submitted,result_content.status,header.username,stdout,result_content.traceback", "--failed")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 33)
	require.Equal(t, []string{"msg_id", "submitted", "result_content.status", "header.username", "stdout", "result_content.traceback"}, rows[0])
	require.Regexp(t, `^2026-11-22T00:51:\d\d\.\d+Z$`, rows[1][1])
	require.Equal(t, "error", rows[1][2])
	require.Regexp(t, `^\["`, rows[1][5])

	file := writeFile(t, "failed.csv", text)
	newStore(t)
	require.Equal(t, file+": 32 imported, 0 there already\n", onStore(t, "import", file))
	require.Equal(t, text, onStore(t, "export", "--format", "csv", "--keys", strings.Join(rows[0], ",")))
	require.Equal(t, "32\n", onStore(t, "count", `{submitted: {$type: "date"}, "result_content.traceback": {$type: "array"}}`))
	require.Equal(t, "-: 0 imported, 32 there already\n", taskdbRun(t, text, "import", "--format", "csv", "-").stdout)
	require.Equal(t, "32\n", onStore(t, "count", "--in", file))

	require.Equal(t, "msg_id,submitted,started,completed,client_uuid,engine_uuid,queue,label,result_content.status",
		strings.TrimSuffix(lines(onStore(t, "export", "--format", "csv"))[0], "\r"))
}

func TestWrongFormats(t *testing.T) {
	filledStore(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"export", "--format", "xml"}, "taskdb export: unknown --format \"xml\"\nwant one of: jsonl, bson, csv\n"},
		{[]string{"export", "--keys", "a"}, "taskdb export: --keys are the columns of --format csv; jsonl has whole records\nfor some keys as JSON: taskdb find --keys\n"},
		{[]string{"export", "--format", "csv", "--keys", "a,a.b"}, "taskdb export: wrong --keys: the columns \"a\" and \"a.b\" cannot both be in a record\nwrite them as msg_id,header.username\n"},
		{[]string{"import", "--format", "xml", sample}, "taskdb import: unknown --format \"xml\"\nwant csv, or leave it out: other formats are told by the content\n"},
	} {
		require.Equal(t, result{"", c.want, exitUsage}, taskdbRun(t, "", c.args...))
	}
	got := taskdbRun(t, "", "import", "--format", "csv", sample)
	require.Equal(t, exitFailure, got.code)
	require.Contains(t, got.stderr, sample+": not CSV: ")

	wrong := writeFile(t, "wrong.csv", "msg_id,n\na,1\nb\nc,3\n")
	got = taskdbRun(t, "", "import", wrong)
	require.Equal(t, wrong+": 2 imported, 0 there already, 1 left out\n", got.stdout)
	require.Contains(t, got.stderr, "taskdb: "+wrong+":3: the row has 1 values, and there are 2 columns\n")
	require.Equal(t, exitFailure, got.code)

	dump := writeFile(t, "cut.bson", string(bytes.TrimSuffix([]byte(onStore(t, "export", "--format", "bson")), []byte{0})))
	got = taskdbRun(t, "", "import", dump)
	require.Equal(t, dump+": 0 imported, 407 there already, 1 left out\n", got.stdout)
	require.Contains(t, got.stderr, "taskdb: "+dump+": document 408: the file ends before the document does\n")
	require.Equal(t, exitFailure, got.code)
}

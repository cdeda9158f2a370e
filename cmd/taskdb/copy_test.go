package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/importers"
	"github.com/taskdb/taskdb/internal/mongotest"
	"github.com/taskdb/taskdb/taskdb"
)

// fileURL returns the URL of a store in a new file.
func fileURL(t *testing.T, name string) string {
	return "sqlite://" + filepath.ToSlash(filepath.Join(t.TempDir(), name))
}

// inserted returns the documents of a collection in the order of the store.
func inserted(t *testing.T, url, collection string) (docs []bson.Raw) {
	db, err := taskdb.Open(t.Context(), url)
	require.NoError(t, err)
	for doc, err := range db.In(collection).FindRaw(t.Context(), taskdb.Query{Projection: wholeRecords}) {
		require.NoError(t, err)
		docs = append(docs, doc)
	}
	require.NoError(t, db.Close())
	return docs
}

// TestCopyFromFileToStoreToStore holds that a copy has all records, in their order,
// and counts them, that to copy again finds them there, and that a filter selects.
func TestCopyFromFileToStoreToStore(t *testing.T) {
	first, second := fileURL(t, "first.db"), fileURL(t, "second.db")
	const name = taskdb.DefaultCollection
	require.Equal(t, name+": 406 copied, 0 there already\n"+name+": 406 verified\n", onStore(t, "copy", sample, first, "--verify"))
	require.Equal(t, name+": 32 copied, 0 there already\n", onStore(t, "copy", "--failed", first, second))
	require.Equal(t, name+": 0 copied, 16 there already\n", onStore(t, "copy", sample, second, `{"result_content.status": "error"}`, "--since", "2026-11-22T00:51:47Z"))
	require.Equal(t, name+": 374 copied, 32 there already\n"+name+": 406 verified\n", onStore(t, "copy", first, second, "--verify"))
	require.Equal(t, documents(t, first), documents(t, second))

	third := fileURL(t, "third.db")
	onStore(t, "copy", first, third)
	require.Equal(t, inserted(t, first, name), inserted(t, third, name))
}

// TestCopyOfWhatDiffers holds that other records stay, are named with where they
// differ, and are replaced when that is asked for; what only TO has stays.
func TestCopyOfWhatDiffers(t *testing.T) {
	from, to := fileURL(t, "from.db"), fileURL(t, "to.db")
	onStore(t, "add", "--store", from, `{msg_id: "a", label: "x"}`, `{msg_id: "b", label: "x", n: 1}`, `{_id: 1, msg_id: "c"}`)
	onStore(t, "add", "--store", to, `{msg_id: "a", label: "x"}`, `{msg_id: "b", label: "y"}`, `{_id: 2, msg_id: "c"}`, `{msg_id: "d"}`)
	const name = taskdb.DefaultCollection
	require.Equal(t, result{
		name + ": 0 copied, 3 there already, 2 of them different\n",
		"taskdb: " + name + ": b: it differs in label, n\n" +
			"taskdb: " + name + `: 1: insert: E11000 duplicate key error collection: ` + name + ` index: msg_id_1 dup key: { msg_id: "c" }` + "\n" +
			"taskdb copy: records in whose place are others, which were left: 2\n" +
			"those of FROM take their places with --overwrite\n",
		exitFailure,
	}, taskdbRun(t, "", "copy", from, to))

	got := taskdbRun(t, "", "copy", from, to, "--overwrite", "--verify")
	require.Equal(t, name+": 0 copied, 2 there already, 1 of them different, 1 replaced\n"+name+": 2 verified, 1 missing\n", got.stdout)
	require.Contains(t, got.stderr, "taskdb: "+name+": 1: it is not there\n")
	require.Contains(t, got.stderr, "taskdb copy: records that are not in TO as they are in FROM: 1\n")
	require.Equal(t, exitFailure, got.code)
	require.Equal(t, "1\n", onStore(t, "count", "--store", to, `{msg_id: "d"}`))
}

// TestCopyOfCollections holds that all collections are copied or those that were
// asked for, with the indexes that were declared.
func TestCopyOfCollections(t *testing.T) {
	from := fileURL(t, "from.db")
	for _, name := range []string{"a.task_records", "b.task_records", "b.notes"} {
		onStore(t, "add", "--store", from, "--collection", name, `{msg_id: "`+name+`"}`)
	}
	onStore(t, "indexes", "add", "--store", from, "--collection", "b.notes", "--unique", "n,-m")
	require.Equal(t, `a.task_records: 1 copied, 0 there already
b.notes: 1 copied, 0 there already, 1 index
b.task_records: 1 copied, 0 there already
`, onStore(t, "copy", from, fileURL(t, "all.db")))
	to := fileURL(t, "some.db")
	require.Equal(t, `b.notes: 1 copied, 0 there already, 1 index
a.task_records: 1 copied, 0 there already
`, onStore(t, "copy", "--collection", "b.notes", "--collection", "a.task_records", from, to))
	require.Contains(t, onStore(t, "indexes", "--store", to, "--collection", "b.notes"),
		`{"name":"n_1_m_-1","keys":{"n":1,"m":-1},"standard":false,"unique":true,"multikey":false}`)
	require.Equal(t, result{"", "taskdb copy: no such collection: \"b.note\"\ndid you mean b.notes?\n", exitNotFound},
		taskdbRun(t, "", "copy", "--collection", "b.note", from, to))
	require.Equal(t, "x.y: 406 copied, 0 there already\n", onStore(t, "copy", "--collection", "x.y", sample, to))
}

func TestWrongCopies(t *testing.T) {
	there := fileURL(t, "there.db")
	onStore(t, "copy", sample, there)
	const kinds = "want sqlite:FILE, sqlite:///absolute/FILE, mongodb://HOST/, http://HUB, dict: or nodb:\n"
	dir := t.TempDir()
	path := filepath.Join(dir, "none.db")
	new := "sqlite://" + filepath.ToSlash(path)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"nothing":             {[]string{}, exitUsage, "arguments are missing\nwant: taskdb copy FROM TO [FILTER] [flags]\n"},
		"filter unquoted":     {[]string{there, new, "{a:", "1}"}, exitUsage, "one filter at most, not 2 words\nput quotes around the filter: taskdb copy FROM TO '{completed: null}'\n"},
		"file for TO":         {[]string{there, "x.db"}, exitUsage, "TO is no URL of a store: \"x.db\"\nwrite a file as sqlite:x.db\n"},
		"no such file":        {[]string{"nosuch.db", new}, exitUsage, "FROM is neither a file nor the URL of a store: \"nosuch.db\"\n" + kinds},
		"no such kind":        {[]string{"foo:bar", new}, exitUsage, "FROM is of no kind of store: \"foo:bar\"\n" + kinds},
		"no such store":       {[]string{"sqlite:nosuch.db", new}, exitFailure, "there is no store at sqlite:nosuch.db\n"},
		"itself":              {[]string{there, there}, exitUsage, "FROM and TO are the same\nname another\n"},
		"folder without dump": {[]string{dir, new}, exitUsage, "there is no dump in the folder " + dir + "\nwant a folder with DATABASE/COLLECTION.bson, as mongodump makes it\n"},
		"verify of input":     {[]string{"-", new, "--verify"}, exitUsage, "standard input cannot be read twice, and --verify does\nleave --verify out\n"},
		"wrong filter":        {[]string{there, new, "{a: {$b: 1}}"}, exitUsage, "wrong filter: unknown operator: $b (MongoDB's error 2, BadValue)\n  at a.$b\n"},
		"wrong collection":    {[]string{there, new, "--collection", "x"}, exitUsage, "wrong --collection: \"x\" is no DATABASE.NAME\nwrite it as ipython-tasks.task_records\n"},
		"keeps nothing":       {[]string{"nodb:", "dict:"}, exitOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := taskdbRun(t, "", append([]string{"copy"}, c.args...)...)
			require.Equal(t, c.code, got.code, got.stderr)
			require.Contains(t, got.stderr, c.want)
			require.Empty(t, got.stdout)
			require.NoFileExists(t, path)
		})
	}
}

// TestCopyInterrupted holds that what was copied is told, and is there.
func TestCopyInterrupted(t *testing.T) {
	to := fileURL(t, "to.db")
	ctx, interrupt := context.WithCancel(t.Context())
	in := &stuck{interrupt, t.Context()}
	var stdout, stderr strings.Builder
	code := run(ctx, []string{"copy", "-", to}, io.MultiReader(strings.NewReader(numbered(1500)), in), &stdout, &stderr)
	require.Equal(t, exitInterrupted, code)
	require.Equal(t, taskdb.DefaultCollection+": 1000 copied, 0 there already\n", stdout.String())
	require.Equal(t, "taskdb copy: interrupted\nwhat is counted is stored; run it again to go on\n", stderr.String())
	require.Equal(t, taskdb.DefaultCollection+": 500 copied, 1000 there already\n",
		taskdbRun(t, numbered(1500), "copy", "-", to).stdout)
}

// TestCopyKilled holds that a copy that is killed at any time can be run again, and
// that then all is there to the byte: from a file to a store, to another of its kind,
// to MongoDB and back.
func TestCopyKilled(t *testing.T) {
	server, err := mongotest.Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	bin := filepath.Join(t.TempDir(), "taskdb")
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Symlink(self, bin))

	collection := "copy_" + strings.ReplaceAll(uuid.NewString(), "-", "")[:12] + ".task_records"
	const records = 1500
	file := manyRecords(t, records)
	stores := []string{file, fileURL(t, "a.db"), fileURL(t, "b.db"), server.URL, fileURL(t, "c.db")}
	t.Cleanup(func() {
		db, err := taskdb.Open(context.Background(), server.URL)
		require.NoError(t, err)
		require.NoError(t, db.In(collection).DropCollection(context.Background()))
		require.NoError(t, db.Close())
	})
	kills := 0
	for i, to := range stores[1:] {
		for range 4 {
			copying := exec.Command(bin, "copy", "--collection", collection, stores[i], to)
			var stderr strings.Builder
			copying.Stderr = &stderr
			require.NoError(t, copying.Start())
			kill := time.AfterFunc(time.Duration(50+rand.IntN(600))*time.Millisecond, func() { _ = copying.Process.Kill() })
			err := copying.Wait()
			kill.Stop()
			var exited *exec.ExitError
			switch {
			case errors.As(err, &exited) && exited.ExitCode() < 0:
				kills++
			case err != nil:
				require.Fail(t, "copy failed", "%v: %s", err, stderr.String())
			}
		}
		got := taskdbRun(t, "", "copy", "--collection", collection, "--verify", stores[i], to)
		require.Equal(t, exitOK, got.code, got.stderr)
		require.Contains(t, got.stdout, fmt.Sprintf("%s: %d verified\n", collection, records))
	}
	require.Positive(t, kills)
	want := recordsOf(t, file)
	require.Equal(t, want, inserted(t, stores[1], collection))
	require.Equal(t, want, inserted(t, stores[len(stores)-1], collection))
}

// manyRecords writes the sample's records several times, each time under other ids,
// into a BSON dump.
func manyRecords(t *testing.T, n int) string {
	var dump []byte
	docs := recordsOf(t, sample)
	for i := range n {
		var doc bson.D
		require.NoError(t, bson.Unmarshal(docs[i%len(docs)], &doc))
		id := fmt.Sprintf("task-%d", i)
		for j := range doc {
			if doc[j].Key == "msg_id" || doc[j].Key == "_id" {
				doc[j].Value = id
			}
		}
		encoded, err := bson.Marshal(doc)
		require.NoError(t, err)
		prepared, err := taskdb.Prepare(encoded)
		require.NoError(t, err)
		dump = append(dump, prepared...)
	}
	return writeFile(t, "many.bson", string(dump))
}

// recordsOf returns the records of a file.
func recordsOf(t *testing.T, path string) (docs []bson.Raw) {
	reader, err := importers.Open(t.Context(), path)
	require.NoError(t, err)
	for record, err := range reader.Records(t.Context()) {
		require.NoError(t, err)
		docs = append(docs, record.Doc)
	}
	require.NoError(t, reader.Close())
	return docs
}

package bsondump_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/importers/bsondump"
	"github.com/taskdb/taskdb/taskdb"
)

func encode(t *testing.T, doc bson.D) bson.Raw {
	encoded, err := bson.Marshal(doc)
	require.NoError(t, err)
	return encoded
}

// read returns the documents of a dump, and its errors.
func read(t *testing.T, dump []byte) (docs []bson.Raw, errs []string) {
	reader, err := bsondump.NewReader("x.bson", bytes.NewReader(dump))
	require.NoError(t, err)
	row := int64(0)
	for record, err := range reader.Records(t.Context()) {
		row++
		require.Equal(t, row, record.Row)
		require.Equal(t, "x.bson", record.Source)
		if err != nil {
			require.Nil(t, record.Doc)
			errs = append(errs, err.Error())
			continue
		}
		docs = append(docs, record.Doc)
	}
	require.NoError(t, reader.Close())
	return docs, errs
}

func TestDocumentsComeAsTheyAre(t *testing.T) {
	docs := []bson.Raw{
		encode(t, bson.D{{Key: "x", Value: "1"}, {Key: "_id", Value: 1}}),
		encode(t, bson.D{}),
		encode(t, bson.D{{Key: "buffers", Value: bson.A{bytes.Repeat([]byte{0}, 3<<20)}}}),
		encode(t, bson.D{{Key: "x", Value: bson.MaxKey{}}}),
	}
	dump := bytes.Join([][]byte{docs[0], docs[1], docs[2], docs[3]}, nil)
	got, errs := read(t, dump)
	require.Equal(t, docs, got)
	require.Empty(t, errs)

	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, err := w.Write(dump)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	got, errs = read(t, zipped.Bytes())
	require.Equal(t, docs, got)
	require.Empty(t, errs)

	got, errs = read(t, nil)
	require.Empty(t, got)
	require.Empty(t, errs)
}

// TestBrokenDumps holds that what is broken is told with its place, and that what can
// be read is.
func TestBrokenDumps(t *testing.T) {
	doc := encode(t, bson.D{{Key: "x", Value: "text"}})
	within := bytes.Clone(doc)
	within[len(within)-2] = 'x' // where the text's NUL was
	length := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	for name, tt := range map[string]struct {
		dump []byte
		docs int
		err  string
	}{
		"a document":       {join(doc, within, doc), 2, "x.bson: document 2: "},
		"the end":          {join(doc, doc[:len(doc)-1]), 1, "x.bson: document 2: the file ends before the document does"},
		"a length's end":   {join(doc, doc[:3]), 1, "x.bson: document 2: the file ends before the document does"},
		"a length of 4":    {join(doc, length(4), doc), 1, "x.bson: document 2: its length is said to be 4 bytes; a document has 5 to 1073741824"},
		"a hostile length": {join(doc, length(1<<30), doc), 1, "x.bson: document 2: the file ends before the document does"},
		"a negative one":   {join(doc, length(1<<31), doc), 1, "x.bson: document 2: its length is said to be 2147483648 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			docs, errs := read(t, tt.dump)
			require.Len(t, docs, tt.docs)
			require.Len(t, errs, 1)
			require.Contains(t, errs[0], tt.err)
		})
	}
	for _, text := range []string{"{\"a\": 1}", "{\n\n\n\n}", "msg_id,header\n", "\x05\x00\x00\x00\x01", "\x05\x00", "\xff\xfe{\x00\"\x00"} {
		_, err := bsondump.NewReader("x.bson", bytes.NewReader([]byte(text)))
		require.ErrorIs(t, err, bsondump.ErrFormat, "%q", text)
		require.False(t, bsondump.IsBSON([]byte(text)))
	}
}

func TestContextEndsReading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	doc := encode(t, bson.D{})
	reader, err := bsondump.NewReader("x", bytes.NewReader(bytes.Repeat(doc, 3)))
	require.NoError(t, err)
	var last error
	n := 0
	for _, err := range reader.Records(ctx) {
		cancel()
		last = err
		n++
	}
	require.ErrorIs(t, last, context.Canceled)
	require.Equal(t, 2, n)
}

// TestIndexes holds that indexes go through the metadata, and that what mongodump
// writes of them is read.
func TestIndexes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tasks.bson")
	none, err := bsondump.ReadIndexes(path)
	require.NoError(t, err)
	require.Empty(t, none)

	declared := []taskdb.IndexInfo{
		{Name: "n_1", Keys: encode(t, bson.D{{Key: "n", Value: int32(1)}}), Unique: true},
		{Name: "mine", Keys: encode(t, bson.D{{Key: "a.b", Value: int32(1)}, {Key: "c", Value: int32(-1)}}), Partial: encode(t, bson.D{{Key: "c", Value: int32(1)}})},
	}
	standard := taskdb.InfoOf(taskdb.StandardIndexes("a.b")[0], true)
	text, err := bsondump.Metadata("a.b.c", append([]taskdb.IndexInfo{standard}, declared...))
	require.NoError(t, err)
	require.JSONEq(t, `{"indexes": [
		{"v": {"$numberInt": "2"}, "key": {"_id": {"$numberInt": "1"}}, "name": "_id_"},
		{"v": {"$numberInt": "2"}, "key": {"n": {"$numberInt": "1"}}, "name": "n_1", "unique": true},
		{"v": {"$numberInt": "2"}, "key": {"a.b": {"$numberInt": "1"}, "c": {"$numberInt": "-1"}}, "name": "mine",
			"partialFilterExpression": {"c": {"$numberInt": "1"}}}],
		"collectionName": "b.c", "type": "collection"}`, string(text))
	require.NoError(t, os.WriteFile(bsondump.MetadataPath(path), text, 0o600))
	got, err := bsondump.ReadIndexes(path)
	require.NoError(t, err)
	require.Equal(t, declared, got)

	require.NoError(t, os.WriteFile(bsondump.MetadataPath(path), []byte(`{"options":{},"indexes":[{"v":2,"key":{"n":1.0},"name":"n_1"}],"uuid":"0"}`), 0o600))
	got, err = bsondump.ReadIndexes(path)
	require.NoError(t, err)
	require.Equal(t, []taskdb.IndexInfo{{Name: "n_1", Keys: encode(t, bson.D{{Key: "n", Value: int32(1)}})}}, got)

	require.NoError(t, os.WriteFile(bsondump.MetadataPath(path), []byte("text"), 0o600))
	_, err = bsondump.ReadIndexes(path)
	require.ErrorContains(t, err, "tasks.metadata.json")
}

func TestCollections(t *testing.T) {
	folder := t.TempDir()
	for _, file := range []string{"b/x.bson", "a/system.views.bson", "a/a%2Fb.bson", "a/a.bson.gz", "a/a.metadata.json.gz", "admin/x.bson", "a/notes.txt", "oplog.bson", "prelude.json", "b/long%24hash.bson"} {
		path := filepath.Join(folder, file)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte("{}"), 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "b/long%24hash.metadata.json"), []byte(`{"collectionName": "longer"}`), 0o600))
	got, err := bsondump.Collections(folder)
	require.NoError(t, err)
	require.Equal(t, []bsondump.Collection{
		{"a.a", filepath.Join(folder, "a/a.bson.gz")},
		{"a.a/b", filepath.Join(folder, "a/a%2Fb.bson")},
		{"b.longer", filepath.Join(folder, "b/long%24hash.bson")},
		{"b.x", filepath.Join(folder, "b/x.bson")},
	}, got)
	_, err = bsondump.Collections(filepath.Join(folder, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("\x05\x00\x00\x00\x00\x05\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, dump []byte) {
		reader, err := bsondump.NewReader("x", bytes.NewReader(dump))
		if err != nil {
			return
		}
		var whole []byte
		broken := false
		for record, err := range reader.Records(t.Context()) {
			broken = broken || err != nil
			whole = append(whole, record.Doc...)
		}
		if !broken && !bytes.HasPrefix(dump, []byte("\x1f\x8b")) {
			require.Equal(t, dump, append([]byte{}, whole...))
		}
	})
}

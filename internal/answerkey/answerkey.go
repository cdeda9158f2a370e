// Package answerkey gives tests MongoDB's answer key: documents, commands, and what
// MongoDB 8.2 answers.
package answerkey

import (
	"bufio"
	"compress/gzip"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// Files are the names of the key's files.
var Files = []string{"find.jsonl.gz", "stages.jsonl.gz", "write.jsonl.gz"}

// Case is one case of the key.
type Case struct {
	ID        string
	Docs      []bson.Raw
	Write     bson.Raw // a command before the one that is asked about, or nil
	Command   bson.Raw
	Expected  bson.RawValue // an array of documents, a reply, or missing
	Error     int
	Needs     []string
	Unordered bool
	NaN       bool
}

// Lacks tells whether a case needs something that is not in a list.
func (c Case) Lacks(answered []string) bool {
	return slices.ContainsFunc(c.Needs, func(need string) bool { return !slices.Contains(answered, need) })
}

// SkipWithout skips a test where the key's files are not in a folder.
func SkipWithout(t *testing.T, folder string) {
	t.Helper()
	if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
		t.Skipf("the answer key is not on this machine: no %s", folder)
	}
}

// Read yields the cases of a file.
func Read(t *testing.T, folder, name string) iter.Seq[Case] {
	return func(yield func(Case) bool) {
		file, err := os.Open(filepath.Join(folder, name))
		require.NoError(t, err)
		defer file.Close()
		unzipped, err := gzip.NewReader(file)
		require.NoError(t, err)
		lines := bufio.NewScanner(unzipped)
		lines.Buffer(nil, 64<<20)
		for lines.Scan() {
			var doc bson.Raw
			require.NoError(t, bson.UnmarshalExtJSON(lines.Bytes(), true, &doc))
			if !yield(newCase(doc)) {
				return
			}
		}
		require.NoError(t, lines.Err())
	}
}

func newCase(doc bson.Raw) Case {
	c := Case{
		ID:       doc.Lookup("id").StringValue(),
		Docs:     documentsIn(doc.Lookup("docs")),
		Command:  doc.Lookup("command").Document(),
		Expected: doc.Lookup("expected"),
	}
	c.Write, _ = doc.Lookup("write").DocumentOK()
	if code, ok := doc.Lookup("error").AsInt64OK(); ok {
		c.Error = int(code)
	}
	for _, need := range Values(doc.Lookup("needs")) {
		c.Needs = append(c.Needs, need.StringValue())
	}
	c.Unordered, _ = doc.Lookup("unordered").BooleanOK()
	c.NaN, _ = doc.Lookup("nan").BooleanOK()
	if updatesByPipeline(c.Write) || updatesByPipeline(c.Command) {
		c.Needs = append(c.Needs, "pipeline") // not every such case says so
	}
	return c
}

func updatesByPipeline(command bson.Raw) bool {
	_, is := command.Lookup("updates", "0", "u").ArrayOK()
	return is
}

// Values returns the values of an array, or none of something else.
func Values(array bson.RawValue) []bson.RawValue {
	raw, ok := array.ArrayOK()
	if !ok {
		return nil
	}
	list, _ := raw.Values()
	return list
}

func documentsIn(array bson.RawValue) []bson.Raw {
	var docs []bson.Raw
	for _, v := range Values(array) {
		docs = append(docs, v.Document())
	}
	return docs
}

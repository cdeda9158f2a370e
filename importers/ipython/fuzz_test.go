package ipython_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/taskdb/taskdb/importers/ipython"
)

// FuzzDatabase reads files that are nearly databases. Whatever is in them, it
// ends, and what it calls a record is BSON.
func FuzzDatabase(f *testing.F) {
	for _, pragma := range []string{"PRAGMA page_size = 512", "PRAGMA page_size = 1024; PRAGMA encoding = 'UTF-16'"} {
		path := database(f, pragma+`; CREATE TABLE t `+columns91+`;
			INSERT INTO t (msg_id, header, buffers, submitted, stdout) VALUES
				('a', '{"date": "2011-05-01T12:00:00Z"}', X'80025d7101550178612e', '2011-05-01T12:00:00Z', hex(zeroblob(600))),
				('b', '{}', NULL, 'x', ''), ('c', NULL, NULL, NULL, hex(zeroblob(300)));`)
		b, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(b)
	}
	f.Add([]byte("SQLite format 3\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		path := filepath.Join(t.TempDir(), "tasks.db")
		require.NoError(t, os.WriteFile(path, file, 0o600))
		r, err := ipython.Open(t.Context(), path)
		if err != nil {
			return
		}
		for record, err := range r.Records(t.Context()) {
			if err == nil {
				require.NoError(t, record.Doc.Validate())
			}
		}
		require.NoError(t, r.Close())
	})
}

package importers_test

import (
	"compress/gzip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/taskdb/taskdb/importers"
	"github.com/taskdb/taskdb/importers/ipython"
)

func write(t *testing.T, name, content string) string {
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func zipped(t *testing.T, content string) string {
	path := filepath.Join(t.TempDir(), "tasks")
	f, err := os.Create(path)
	require.NoError(t, err)
	w := gzip.NewWriter(f)
	_, err = w.Write([]byte(content))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, f.Close())
	return path
}

// The content tells the format, whatever the name.
func TestOpen(t *testing.T) {
	tests := []struct {
		name, path string
		want       int
	}{
		{"IPython's database", "ipython/testdata/tasks.db", 406},
		{"lines", write(t, "tasks.db", "{\"a\": 1}\n{\"a\": 2}"), 2},
		{"array", write(t, "tasks.txt", `[{"a": 1}]`), 1},
		{"compressed lines", zipped(t, "{\"a\": 1}\n{\"a\": 2}\n{\"a\": 3}\n"), 3},
		{"BSON", write(t, "tasks.json", "\x05\x00\x00\x00\x00\x08\x00\x00\x00\x0aa\x00\x00"), 2},
		{"compressed BSON", zipped(t, "\x05\x00\x00\x00\x00"), 1},
		{"CSV", write(t, "tasks.CSV", "msg_id,n\na,1\nb,2\n"), 2},
		{"JSON that is called CSV", write(t, "tasks.csv", `{"a": 1}`), 1},
		{"empty", write(t, "tasks.json", ""), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := importers.Open(t.Context(), tt.path, ipython.Location(time.UTC))
			require.NoError(t, err)
			n := 0
			for record, err := range r.Records(t.Context()) {
				require.NoError(t, err)
				require.NotEmpty(t, record.Source)
				n++
			}
			require.Equal(t, tt.want, n)
			require.NoError(t, r.Close())
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, path := range []string{write(t, "a.json", "msg_id,header\n"), zipped(t, "text"), write(t, "b.json", "\x00")} {
		_, err := importers.Open(t.Context(), path)
		require.ErrorIs(t, err, importers.ErrUnknownFormat)
		require.ErrorContains(t, err, path)
		require.ErrorContains(t, err, "SQLite database")
		require.ErrorContains(t, err, "Extended JSON")
	}
	_, err := importers.Open(t.Context(), write(t, "c", "SQLite format 3\x00"))
	require.ErrorIs(t, err, ipython.ErrFormat)
	_, err = importers.Open(t.Context(), filepath.Join(t.TempDir(), "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = importers.Open(t.Context(), t.TempDir())
	require.ErrorContains(t, err, "is a directory")
}

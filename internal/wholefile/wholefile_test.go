package wholefile_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/internal/wholefile"
)

func text(text string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

// TestWrite holds that a file is replaced whole, by one for its owner alone, and that
// one that cannot be written leaves what was there, and nothing else.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(path, []byte("before"), 0o644))
	broken := errors.New("broken")
	err := wholefile.Write(path, func(w io.Writer) error { return errors.Join(text("half")(w), broken) })
	require.ErrorIs(t, err, broken)
	for _, want := range []string{"before", "after"} {
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, 1)
		require.NoError(t, wholefile.Write(path, text("after")))
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	nowhere := filepath.Join(dir, "no", "file")
	err = wholefile.Write(nowhere, text(""))
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "write "+nowhere+": ")
}

// TestVersion holds that a file that was replaced or written to, even by as many
// bytes, has another version.
func TestVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	none := wholefile.VersionOf(path)
	require.False(t, none.Exists())
	require.True(t, none.Equal(wholefile.VersionOf(path)))
	require.NoError(t, wholefile.Write(path, text("one")))
	one := wholefile.VersionOf(path)
	require.True(t, one.Exists())
	require.True(t, one.Equal(wholefile.VersionOf(path)))
	require.False(t, one.Equal(none))
	require.NoError(t, wholefile.Write(path, text("two")))
	two := wholefile.VersionOf(path)
	require.False(t, two.Equal(one))
	require.NoError(t, os.WriteFile(path, []byte("three"), 0o600))
	require.False(t, two.Equal(wholefile.VersionOf(path)))
	require.NoError(t, os.Remove(path))
	require.True(t, none.Equal(wholefile.VersionOf(path)))
}

//go:build heavy

package sqlite_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

// pattern gives size bytes that are different at each place of a megabyte or so.
type pattern struct{ at, size int }

func (p *pattern) Read(b []byte) (int, error) {
	if p.at == p.size {
		return 0, io.EOF
	}
	b = b[:min(len(b), p.size-p.at)]
	for i := range b {
		b[i] = byte((p.at + i) * 2654435761 >> 13)
	}
	p.at += len(b)
	return len(b), nil
}

// resident is how much memory the process has, in bytes, without the pages of
// files.
func resident(t *testing.T) int {
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	at := bytes.Index(status, []byte("RssAnon:"))
	var size int
	_, err = fmt.Sscanf(string(status[at:]), "RssAnon: %d kB", &size)
	require.NoError(t, err)
	return size << 10
}

// go test -tags heavy -run Half ./backends/sqlite
func TestHalfAGigabyteStreamsInLittleMemory(t *testing.T) {
	const size = 512 << 20
	db := openURL(t, "sqlite:"+newPath(t)+"?durability=off")
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"}))
	before := resident(t)
	most := 0
	watch := func() { most = max(most, resident(t)-before) }
	for n := range 5 { // more than a document could hold
		require.NoError(t, db.PutBuffer(t.Context(), "a", "buffers", &pattern{size: size}))
		watch()
		buffer, err := db.OpenBuffer(t.Context(), "a", "buffers", n)
		require.NoError(t, err)
		want, got := make([]byte, 1<<20), make([]byte, 1<<20)
		expected := &pattern{size: size}
		for range size >> 20 {
			_, err = io.ReadFull(buffer, got)
			require.NoError(t, err)
			_, err = io.ReadFull(expected, want)
			require.NoError(t, err)
			require.True(t, bytes.Equal(want, got))
		}
		watch()
		require.NoError(t, buffer.Close())
	}
	t.Logf("%d MiB above the start", most>>20)
	require.Less(t, most, 64<<20)
	_, err := db.Get(t.Context(), "a")
	require.ErrorIs(t, err, taskdb.ErrTooLarge)
	require.ErrorContains(t, err, "OpenBuffer")
}

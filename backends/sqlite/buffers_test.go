package sqlite_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

// noise returns bytes that are the same for the same size.
func noise(size int) []byte {
	data := make([]byte, size)
	random := rand.NewChaCha8([32]byte{byte(size)})
	_, _ = random.Read(data) // it never fails
	return data
}

var bufferSizes = []int{0, 1, 4096, 4097, 256<<10 - 1, 256 << 10, 256<<10 + 1, 1 << 20, 1<<20 + 1, 3<<20 + 12345}

func TestBuffersOfAllSizesComeBack(t *testing.T) {
	for _, count := range []int{1, 2, 200} {
		db := openURL(t, "sqlite:"+newPath(t)+"?durability=off")
		for _, size := range bufferSizes {
			record := task(fmt.Sprint(size))
			for n := range count {
				record.ResultBuffers = append(record.ResultBuffers, noise(max(0, size/count-n)))
			}
			require.NoError(t, db.Add(t.Context(), record))
			got, err := db.Get(t.Context(), record.MsgID)
			require.NoError(t, err)
			require.Equal(t, record, got)
			for n, want := range record.ResultBuffers {
				if n < 3 || n == count-1 {
					readsAs(t, db, record.MsgID, "result_buffers", n, want)
				}
			}
			_, err = db.OpenBuffer(t.Context(), record.MsgID, "result_buffers", count)
			require.ErrorIs(t, err, taskdb.ErrNotFound)
		}
	}
}

// readsAs tests that a buffer reads as what it should be, in every way.
func readsAs(t *testing.T, db *taskdb.DB, id, key string, n int, want []byte) {
	t.Helper()
	buffer, err := db.OpenBuffer(t.Context(), id, key, n)
	require.NoError(t, err)
	require.EqualValues(t, len(want), buffer.Size())
	require.NoError(t, iotest.TestReader(small(buffer, len(want)), want[:min(len(want), testedBytes)]))
	_, err = buffer.Seek(0, io.SeekStart)
	require.NoError(t, err)
	all, err := io.ReadAll(buffer)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, all))
	for range min(5, len(want)) {
		from := rand.IntN(len(want))
		part := make([]byte, 1+rand.IntN(len(want)-from))
		_, err := buffer.ReadAt(part, int64(from))
		require.NoError(t, err)
		require.True(t, bytes.Equal(want[from:from+len(part)], part))
	}
	require.NoError(t, buffer.Close())
}

// testedBytes is how much of a buffer is tested byte by byte.
const testedBytes = 1000

// small is the beginning of a buffer.
func small(buffer taskdb.Buffer, size int) io.Reader {
	return io.NewSectionReader(buffer, 0, int64(min(size, testedBytes)))
}

func TestPutBufferAppends(t *testing.T) {
	db := openURL(t, "sqlite:"+newPath(t)+"?durability=off")
	add(t, db, `{_id: "a", msg_id: "a", buffers: [BinData(0, "AQID"), BinData(2, "BAUG")], result_buffers: null, label: "x"}`)
	want := [][]byte{{1, 2, 3}, {4, 5, 6}}
	for _, size := range bufferSizes {
		want = append(want, noise(size))
		require.NoError(t, db.PutBuffer(t.Context(), "a", "buffers", bytes.NewReader(noise(size))))
	}
	require.NoError(t, db.PutBuffer(t.Context(), "a", "result_buffers", bytes.NewReader([]byte("r"))))
	require.NoError(t, db.PutBuffer(t.Context(), "a", "more", bytes.NewReader([]byte("m"))))
	for n := range want {
		readsAs(t, db, "a", "buffers", n, want[n])
	}
	doc, err := db.GetRaw(t.Context(), "a")
	require.NoError(t, err)
	elements, err := doc.Elements()
	require.NoError(t, err)
	var keys []string
	for _, element := range elements {
		keys = append(keys, element.Key())
	}
	require.Equal(t, []string{"_id", "msg_id", "buffers", "result_buffers", "label", "more"}, keys)
	subtype, _ := doc.Lookup("buffers", "1").Binary()
	require.EqualValues(t, 2, subtype)
	_, data := doc.Lookup("result_buffers", "0").Binary()
	require.Equal(t, []byte("r"), data)
}

func TestPutBufferChangesWhatIndexesFind(t *testing.T) {
	db := openURL(t, "sqlite:"+newPath(t))
	add(t, db, `{_id: "a", msg_id: "a"}`, `{_id: "b", msg_id: "b", label: null}`)
	_, err := db.CreateIndex(t.Context(), taskdb.Index{Keys: "buffers"})
	require.NoError(t, err)
	for _, key := range []string{"buffers", "label"} {
		require.NoError(t, db.PutBuffer(t.Context(), "b", key, bytes.NewReader([]byte("xyz"))))
		isThere := fmt.Sprintf(`{%s: BinData(0, "eHl6")}`, key)
		require.Equal(t, []string{`"b"`}, found(t, db, isThere))
		require.NotEmpty(t, explained(t, db, isThere).Scans[0].Index)
		require.Equal(t, []string{`"a"`}, found(t, db, fmt.Sprintf(`{%s: null}`, key)))
	}
}

func TestPutBufferWhereThereIsNoPlace(t *testing.T) {
	db := openURL(t, "sqlite:"+newPath(t))
	text := `{_id: "a", msg_id: "a", label: "x", tags: ["x"], mixed: [BinData(0, "AQID"), 1]}`
	add(t, db, text)
	for _, key := range []string{"msg_id", "_id", "label", "tags", "mixed"} {
		require.ErrorIs(t, db.PutBuffer(t.Context(), "a", key, bytes.NewReader([]byte("x"))), taskdb.ErrNoBuffers, key)
		_, err := db.OpenBuffer(t.Context(), "a", key, 0)
		require.ErrorIs(t, err, taskdb.ErrNoBuffers, key)
	}
	require.ErrorIs(t, db.PutBuffer(t.Context(), "b", "buffers", bytes.NewReader(nil)), taskdb.ErrNotFound)
	doc, err := db.GetRaw(t.Context(), "a")
	require.NoError(t, err)
	require.Equal(t, parse(t, text), doc)
}

func TestAnOpenBufferOfADroppedRecordFailsPlainly(t *testing.T) {
	db := openURL(t, "sqlite:"+newPath(t))
	record := task("a")
	record.Buffers = [][]byte{noise(2 << 20)}
	require.NoError(t, db.Add(t.Context(), record))
	buffer, err := db.OpenBuffer(t.Context(), "a", "buffers", 0)
	require.NoError(t, err)
	require.NoError(t, db.DropCollection(t.Context()))
	all, err := io.ReadAll(buffer)
	if err != nil {
		require.ErrorIs(t, err, taskdb.ErrNotFound)
		return
	}
	require.True(t, bytes.Equal(record.Buffers[0], all))
}

func TestAScanReadsNoBuffersItWasNotAskedFor(t *testing.T) {
	path := newPath(t)
	db := openURL(t, "sqlite:"+path)
	record := task("a")
	record.Buffers = [][]byte{noise(1 << 20)}
	require.NoError(t, db.Add(t.Context(), record))
	inFile(t, path, "delete from chunks") // they are missed only by who reads them
	require.Equal(t, []string{`"a"`}, found(t, db, `{queue: "task"}`))
	_, err := db.Get(t.Context(), "a")
	require.Error(t, err)
}

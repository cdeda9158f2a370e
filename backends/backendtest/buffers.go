package backendtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/answerkey"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var buffering = area{"buffers", []behaviour{
	{"buffers come back byte for byte, with the record and one by one", buffersComeBack},
	{"buffers that are put come back byte for byte", buffersPut},
	{"an open buffer can be read anywhere", bufferRead},
	{"what is not there cannot be opened", bufferMissing},
	{"buffers of every subtype can be opened", bufferSubtypes},
	{"a buffer is put where an array of buffers is or can be", bufferPutInto},
	{"any key can hold buffers", bufferKeys},
	{"a reader that fails leaves the record as it was", bufferReaderFails},
	{"buffers that many put at once all arrive", buffersPutAtOnce},
	{"a record is bounded without its buffers", bufferBounds},
	{"an open buffer outlives its collection, or says that it is gone", bufferDropped},
}}

// noise returns n bytes that do not repeat, the same for the same n.
func noise(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{byte(n)}).Read(data) // it never fails
	return data
}

// noises returns one buffer of each size.
func noises(sizes ...int) [][]byte {
	var buffers [][]byte
	for _, size := range sizes {
		buffers = append(buffers, noise(size))
	}
	return buffers
}

// manySizes are lists of buffers' sizes: none, one and very many, of no byte to
// some MiB.
func manySizes() map[string][]int {
	small, large := make([]int, 200), make([]int, 200)
	for i := range small {
		small[i], large[i] = i%3, 1000*i/7
	}
	return map[string][]int{
		"none": {}, "one, empty": {0}, "one byte": {1}, "one of 4 KiB": {4096}, "one of 5000 bytes": {5000}, "one of 3 MiB": {3 << 20},
		"200 small": small, "200 large": large, "some": {0, 1 << 20, 1, 256 << 10, 0, 256<<10 + 1, 256<<10 - 1, 4096, 4097, 0},
	}
}

func buffersComeBack(t *testing.T, db *taskdb.DB) {
	for name, sizes := range manySizes() {
		record := pendingTask(t, name)
		record.Buffers, record.ResultBuffers = noises(sizes...), noises(17, 5000)
		require.NoError(t, db.Add(t.Context(), record))
		requireBuffers(t, db, name, "buffers", record.Buffers)
		requireBuffers(t, db, name, "result_buffers", record.ResultBuffers)
	}
}

// requireBuffers tests what buffers a record has, whole and one by one.
func requireBuffers(t *testing.T, db *taskdb.DB, id, key string, want [][]byte) {
	t.Helper()
	doc, err := db.GetRaw(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, len(want), len(answerkey.Values(doc.Lookup(key))), id)
	for n, v := range answerkey.Values(doc.Lookup(key)) {
		_, data := v.Binary()
		require.True(t, bytes.Equal(want[n], data), "%s: %s.%d differs", id, key, n)
		require.True(t, bytes.Equal(want[n], readBuffer(t, db, id, key, n)), "%s: %s.%d differs when it is opened", id, key, n)
	}
	_, err = db.OpenBuffer(t.Context(), id, key, len(want))
	require.ErrorIs(t, err, taskdb.ErrNotFound)
}

func openBuffer(t *testing.T, db *taskdb.DB, id, key string, n int) taskdb.Buffer {
	t.Helper()
	buffer, err := db.OpenBuffer(t.Context(), id, key, n)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, buffer.Close()) })
	return buffer
}

func readBuffer(t *testing.T, db *taskdb.DB, id, key string, n int) []byte {
	t.Helper()
	buffer := openBuffer(t, db, id, key, n)
	data, err := io.ReadAll(buffer)
	require.NoError(t, err)
	require.EqualValues(t, len(data), buffer.Size())
	return data
}

func putBuffers(t *testing.T, db *taskdb.DB, id, key string, buffers ...[]byte) {
	t.Helper()
	for _, data := range buffers {
		require.NoError(t, db.PutBuffer(t.Context(), id, key, bytes.NewReader(data)))
	}
}

func buffersPut(t *testing.T, db *taskdb.DB) {
	for name, sizes := range manySizes() {
		record := pendingTask(t, name)
		record.Buffers = noises(3, 0)
		require.NoError(t, db.Add(t.Context(), record))
		putBuffers(t, db, name, "buffers", noises(sizes...)...)
		requireBuffers(t, db, name, "buffers", append(noises(3, 0), noises(sizes...)...))
	}
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "readers")))
	large := noise(2<<20 + 3)
	for _, r := range []io.Reader{
		iotest.OneByteReader(bytes.NewReader(large[:100])), iotest.HalfReader(bytes.NewReader(large)), iotest.DataErrReader(bytes.NewReader(large)),
		io.MultiReader(bytes.NewReader(large[:1<<20]), bytes.NewReader(large[1<<20:])), strings.NewReader(""),
	} {
		require.NoError(t, db.PutBuffer(t.Context(), "readers", "result_buffers", r))
	}
	requireBuffers(t, db, "readers", "result_buffers", [][]byte{large[:100], large, large, large, {}})
}

func bufferRead(t *testing.T, db *taskdb.DB) {
	record := pendingTask(t, "a")
	record.Buffers = noises(1, 1000, 3<<20+7)
	record.ResultBuffers = noises(0, 1000)
	require.NoError(t, db.Add(t.Context(), record))
	for n, want := range record.Buffers {
		require.NoError(t, iotest.TestReader(openBuffer(t, db, "a", "buffers", n), want), "buffer %d", n)
	}
	for n, want := range record.ResultBuffers {
		require.NoError(t, iotest.TestReader(openBuffer(t, db, "a", "result_buffers", n), want), "result buffer %d", n)
	}

	large, want := openBuffer(t, db, "a", "buffers", 2), record.Buffers[2]
	at := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		from := at.IntN(len(want))
		piece := make([]byte, at.IntN(min(300<<10, len(want)-from))+1)
		n, err := large.ReadAt(piece, int64(from))
		require.NoError(t, err)
		require.Equal(t, len(piece), n)
		require.True(t, bytes.Equal(want[from:from+n], piece), "%d bytes from %d", n, from)
	}
	goroutines(4, func(i int) {
		piece := make([]byte, 100_000)
		_, err := large.ReadAt(piece, int64(i*500_000))
		assert.NoError(t, err)
		assert.True(t, bytes.Equal(want[i*500_000:][:len(piece)], piece))
	})
	n, err := large.ReadAt(make([]byte, 10), large.Size()-4)
	require.Equal(t, 4, n)
	require.ErrorIs(t, err, io.EOF)
	_, err = large.Seek(-1, io.SeekStart)
	require.Error(t, err)
	position, err := large.Seek(-5, io.SeekEnd)
	require.NoError(t, err)
	require.Equal(t, large.Size()-5, position)
	rest, err := io.ReadAll(large)
	require.NoError(t, err)
	require.Equal(t, want[len(want)-5:], rest)
}

func bufferMissing(t *testing.T, db *taskdb.DB) {
	missing := func(id, key string, n int) {
		t.Helper()
		_, err := db.OpenBuffer(t.Context(), id, key, n)
		require.ErrorIs(t, err, taskdb.ErrNotFound)
	}
	missing("a", "buffers", 0)
	require.ErrorIs(t, db.PutBuffer(t.Context(), "a", "buffers", strings.NewReader("x")), taskdb.ErrNotFound)
	require.Empty(t, collectionNamesOf(t, db))

	record := pendingTask(t, "a")
	record.Buffers, record.ResultBuffers = noises(1, 5000), [][]byte{}
	require.NoError(t, db.Add(t.Context(), record))
	addDocs(t, db, `{_id: "b", msg_id: "b", buffers: []}`)
	for _, n := range []int{-1, 2, 1 << 30} {
		missing("a", "buffers", n)
	}
	missing("a", "result_buffers", 0) // null
	missing("b", "buffers", 0)        // empty
	missing("b", "result_buffers", 0) // not there
	missing("c", "buffers", 0)
	require.ErrorIs(t, db.PutBuffer(t.Context(), "c", "buffers", strings.NewReader("x")), taskdb.ErrNotFound)
}

func bufferSubtypes(t *testing.T, db *taskdb.DB) {
	for _, size := range []int{0, 10, 10_000} {
		id := fmt.Sprint(size, " bytes")
		var buffers bson.A
		for _, subtype := range []byte{0, 1, 2, 3, 4, 5, 128, 255} {
			buffers = append(buffers, bson.Binary{Subtype: subtype, Data: noise(size)})
		}
		doc := encode(t, bson.D{{Key: "_id", Value: id}, {Key: "msg_id", Value: id}, {Key: "buffers", Value: buffers}})
		require.NoError(t, db.AddRaw(t.Context(), doc))
		got, err := db.GetRaw(t.Context(), id)
		require.NoError(t, err)
		require.True(t, bytes.Equal(doc, got))
		for n := range buffers {
			require.Equal(t, noise(size), readBuffer(t, db, id, "buffers", n), "%s, buffer %d", id, n)
		}
	}
}

func bufferPutInto(t *testing.T, db *taskdb.DB) {
	for i, c := range []struct {
		before string
		holds  bool
	}{
		{``, true}, {`, buffers: null`, true}, {`, buffers: []`, true}, {`, buffers: [BinData(0, "AQID")]`, true}, {`, buffers: [BinData(128, "AQID")]`, true},
		{`, buffers: "text"`, false}, {`, buffers: 5`, false}, {`, buffers: {}`, false}, {`, buffers: BinData(0, "AQID")`, false},
		{`, buffers: ["text"]`, false}, {`, buffers: [BinData(0, "AQID"), null]`, false}, {`, buffers: [[BinData(0, "AQID")]]`, false},
	} {
		id := fmt.Sprint("task-", i)
		addDocs(t, db, fmt.Sprintf(`{_id: %q, msg_id: %q %s, label: "behind"}`, id, id, c.before))
		before, err := db.GetRaw(t.Context(), id)
		require.NoError(t, err)
		for _, size := range []int{2, 6000} {
			err := db.PutBuffer(t.Context(), id, "buffers", bytes.NewReader(noise(size)))
			if !c.holds {
				require.ErrorIs(t, err, taskdb.ErrNoBuffers, c.before)
				_, err = db.OpenBuffer(t.Context(), id, "buffers", 0)
				require.ErrorIs(t, err, taskdb.ErrNoBuffers, c.before)
				continue
			}
			require.NoError(t, err, c.before)
		}
		after, err := db.GetRaw(t.Context(), id)
		require.NoError(t, err)
		if !c.holds {
			require.Equal(t, before, after, c.before)
			continue
		}
		old := answerkey.Values(before.Lookup("buffers"))
		require.Equal(t, append(old, binary(t, noise(2)), binary(t, noise(6000))), answerkey.Values(after.Lookup("buffers")))
		require.Equal(t, withoutKey(t, before, "buffers"), withoutKey(t, after, "buffers"))
	}
}

func binary(t tester, data []byte) bson.RawValue {
	t.Helper()
	return encode(t, bson.D{{Key: "v", Value: bson.Binary{Data: data}}}).Lookup("v")
}

// withoutKey returns the elements of a document but for one key's.
func withoutKey(t tester, doc bson.Raw, key string) []bson.RawElement {
	t.Helper()
	elements, err := doc.Elements()
	require.NoError(t, err)
	return slices.DeleteFunc(elements, func(e bson.RawElement) bool { return e.Key() == key })
}

var errReader = errors.New("the reader failed")

func bufferReaderFails(t *testing.T, db *taskdb.DB) {
	record := pendingTask(t, "a")
	record.Buffers = noises(10, 6000)
	require.NoError(t, db.Add(t.Context(), record))
	before, err := db.GetRaw(t.Context(), "a")
	require.NoError(t, err)
	for _, key := range []string{"buffers", "result_buffers"} {
		for _, size := range []int{0, 10, 6000, 3 << 20} {
			err := db.PutBuffer(t.Context(), "a", key, io.MultiReader(bytes.NewReader(noise(size)), iotest.ErrReader(errReader)))
			require.ErrorIs(t, err, errReader, "after %d bytes", size)
			after, err := db.GetRaw(t.Context(), "a")
			require.NoError(t, err)
			require.True(t, bytes.Equal(before, after), "after %d bytes", size)
		}
	}
	putBuffers(t, db, "a", "buffers", noise(20))
	requireBuffers(t, db, "a", "buffers", noises(10, 6000, 20))
}

func buffersPutAtOnce(t *testing.T, db *taskdb.DB) {
	const writers, each = 8, 6
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"}, &taskdb.TaskRecord{MsgID: "b"}))
	goroutines(writers, func(writer int) {
		for i := range each {
			data := noise(1 + (writer*each+i)*(writer%4)*1000)
			data[0] = byte(writer*each + i)
			assert.NoError(t, db.PutBuffer(t.Context(), []string{"a", "b"}[writer%2], "buffers", bytes.NewReader(data)))
		}
	})
	first := map[byte]int{}
	for _, id := range []string{"a", "b"} {
		record, err := db.Get(t.Context(), id)
		require.NoError(t, err)
		for _, data := range record.Buffers {
			first[data[0]]++
			require.True(t, bytes.Equal(noise(len(data))[1:], data[1:]))
		}
	}
	require.Len(t, first, writers*each, "each arrived")
	for _, times := range first {
		require.Equal(t, 1, times)
	}
}

func bufferBounds(t *testing.T, db *taskdb.DB) {
	twenty := make([]int, 20)
	for i := range twenty {
		twenty[i] = 1 << 20
	}
	record := &taskdb.TaskRecord{MsgID: "a", Buffers: noises(twenty...), Stdout: strings.Repeat("x", 15<<20)}
	require.NoError(t, db.Add(t.Context(), record))
	got, err := db.Get(t.Context(), "a")
	require.NoError(t, err)
	require.True(t, got.Stdout == record.Stdout && slices.EqualFunc(got.Buffers, record.Buffers, bytes.Equal))

	record = &taskdb.TaskRecord{MsgID: "b", Buffers: record.Buffers, Stdout: strings.Repeat("x", 16<<20)}
	require.ErrorIs(t, db.Add(t.Context(), record), taskdb.ErrTooLarge)
	mixed := bson.D{{Key: "_id", Value: "b"}, {Key: "buffers", Value: bson.A{bson.Binary{Data: noise(17 << 20)}, "text"}}}
	require.ErrorIs(t, db.AddRaw(t.Context(), encode(t, mixed)), taskdb.ErrTooLarge, "not wholly of buffers")

	nearly := &taskdb.TaskRecord{MsgID: "c", Stdout: strings.Repeat("x", 16<<20-1000)}
	require.NoError(t, db.Add(t.Context(), nearly))
	putBuffers(t, db, "c", "buffers", noise(5000))
	requireBuffers(t, db, "c", "buffers", noises(5000))
}

func bufferDropped(t *testing.T, db *taskdb.DB) {
	record := pendingTask(t, "a")
	record.Buffers = noises(10, 3<<20)
	require.NoError(t, db.Add(t.Context(), record))
	opened := []taskdb.Buffer{openBuffer(t, db, "a", "buffers", 0), openBuffer(t, db, "a", "buffers", 1)}
	require.NoError(t, db.DropCollection(t.Context()))
	for n, buffer := range opened {
		data, err := io.ReadAll(buffer)
		if err != nil {
			require.ErrorIs(t, err, taskdb.ErrNotFound)
			continue
		}
		require.True(t, bytes.Equal(record.Buffers[n], data))
	}
	_, err := db.OpenBuffer(t.Context(), "a", "buffers", 0)
	require.ErrorIs(t, err, taskdb.ErrNotFound)
}

// bufferKeys: any top-level key may hold buffers that a document can have.
func bufferKeys(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), pendingTask(t, "a")))
	for _, key := range []string{"others", "a.b", "ключ", "completed"} {
		putBuffers(t, db, "a", key, noises(10, 6000)...)
		requireBuffers(t, db, "a", key, noises(10, 6000))
	}
	for _, key := range []string{"_id", "msg_id", "header"} {
		require.ErrorIs(t, db.PutBuffer(t.Context(), "a", key, strings.NewReader("x")), taskdb.ErrNoBuffers, key)
	}
	var wrong *query.Error
	require.ErrorAs(t, db.PutBuffer(t.Context(), "a", "buffers\x00", strings.NewReader("x")), &wrong, "no key of a document has a NUL")
	require.Equal(t, query.CodeBadValue, wrong.Code)
}

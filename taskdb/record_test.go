package taskdb_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/internal/shelljson"
	"github.com/taskdb/taskdb/taskdb"
)

func parse(t testing.TB, text string) bson.Raw {
	t.Helper()
	doc, err := shelljson.Parse(text)
	require.NoError(t, err)
	return doc
}

func decode(t testing.TB, doc bson.Raw) *taskdb.TaskRecord {
	t.Helper()
	record := new(taskdb.TaskRecord)
	require.NoError(t, record.UnmarshalBSON(doc))
	return record
}

func encode(t testing.TB, record *taskdb.TaskRecord) bson.Raw {
	t.Helper()
	doc, err := record.MarshalBSON()
	require.NoError(t, err)
	return doc
}

// finishedTask is a task as IPython stores it when all is done: IPython's keys in IPython's order.
const finishedTask = `{
	msg_id: "ecdf1b40-f4138b61c1e5fdb274178d09_27085_1",
	header: {msg_id: "ecdf1b40-f4138b61c1e5fdb274178d09_27085_1", msg_type: "apply_request", username: "username",
		session: "ecdf1b40-f4138b61c1e5fdb274178d09", date: ISODate("2026-11-22T00:51:18.987Z"), version: "5.3"},
	metadata: {after: [], follow: [], timeout: 0.0, targets: [], retries: 0, label: "sweep"},
	content: {},
	buffers: [BinData(0, "gASVMA=="), BinData(0, ""), BinData(0, "gAQ=")],
	submitted: ISODate("2026-11-22T00:51:18.987Z"),
	client_uuid: "ecdf1b40-f4138b61c1e5fdb274178d09",
	engine_uuid: "a4b6eb44-6682380ee2aabc8a408707b3",
	started: ISODate("2026-11-22T00:51:18.991Z"),
	completed: ISODate("2026-11-22T00:51:19.249Z"),
	resubmitted: null,
	received: ISODate("2026-11-22T00:51:19.270Z"),
	result_header: {msg_id: "a4b6eb44-6682380ee2aabc8a408707b3_27053_4", msg_type: "apply_reply", username: "username",
		session: "a4b6eb44-6682380ee2aabc8a408707b3", date: ISODate("2026-11-22T00:51:19.249Z"), version: "5.3"},
	result_metadata: {started: ISODate("2026-11-22T00:51:18.991Z"), dependencies_met: true, is_broadcast: false,
		engine: "a4b6eb44-6682380ee2aabc8a408707b3", is_coalescing: false, original_msg_id: "", status: "ok"},
	result_content: {status: "ok"},
	result_buffers: [BinData(0, "gARLAS4=")],
	queue: "task",
	execute_input: null,
	execute_result: null,
	error: null,
	stdout: "42\n",
	stderr: "",
	label: "sweep",
}`

// orphan is what IPython stores when output comes before its request.
const orphan = `{
	msg_id: "a_1", header: null, metadata: null, content: null, buffers: null, submitted: null, client_uuid: null,
	engine_uuid: null, started: null, completed: null, resubmitted: null, received: null, result_header: null,
	result_metadata: null, result_content: null, result_buffers: null, queue: null, execute_input: "1/0", execute_result: null,
	error: {ename: "ZeroDivisionError", evalue: "division by zero", traceback: ["…"]}, stdout: "", stderr: "", label: null,
}`

func TestIPythonRecordsComeBackByteForByte(t *testing.T) {
	records := map[string]string{
		"finished": finishedTask,
		"orphan":   orphan,
		"with keys of its own": strings.TrimSuffix(orphan, "}") + `
			display_data: {data: {"text/plain": "5"}}, hub: {revision: Long(3), lease: null}}`,
		"before IPython 3": strings.TrimSuffix(orphan, "}") + `
			pyin: "1+1", pyout: {data: {"text/plain": "2"}}, pyerr: {ename: "E"}}`,
	}
	for name, text := range records {
		t.Run(name, func(t *testing.T) {
			doc := parse(t, text)
			require.Equal(t, doc.String(), encode(t, decode(t, doc)).String())
			require.Equal(t, doc, encode(t, decode(t, doc)))
		})
	}
}

func TestFieldsOfAFinishedTask(t *testing.T) {
	doc := parse(t, finishedTask)
	require.Equal(t, &taskdb.TaskRecord{
		MsgID:          "ecdf1b40-f4138b61c1e5fdb274178d09_27085_1",
		Header:         doc.Lookup("header").Document(),
		Metadata:       doc.Lookup("metadata").Document(),
		Content:        parse(t, `{}`),
		Buffers:        [][]byte{{0x80, 4, 0x95, 0x30}, {}, {0x80, 4}},
		Submitted:      time.Date(2026, 11, 22, 0, 51, 18, 987e6, time.UTC),
		ClientUUID:     "ecdf1b40-f4138b61c1e5fdb274178d09",
		EngineUUID:     "a4b6eb44-6682380ee2aabc8a408707b3",
		Started:        time.Date(2026, 11, 22, 0, 51, 18, 991e6, time.UTC),
		Completed:      time.Date(2026, 11, 22, 0, 51, 19, 249e6, time.UTC),
		Received:       time.Date(2026, 11, 22, 0, 51, 19, 270e6, time.UTC),
		ResultHeader:   doc.Lookup("result_header").Document(),
		ResultMetadata: doc.Lookup("result_metadata").Document(),
		ResultContent:  parse(t, `{status: "ok"}`),
		ResultBuffers:  [][]byte{{0x80, 4, 0x4b, 1, 0x2e}},
		Queue:          "task",
		Stdout:         "42\n",
		Label:          "sweep",
	}, decode(t, doc))
}

func TestEmptyFieldsAreStoredAsNull(t *testing.T) {
	want := parse(t, `{
		msg_id: null, header: null, metadata: null, content: null, buffers: null, submitted: null, client_uuid: null,
		engine_uuid: null, started: null, completed: null, resubmitted: null, received: null, result_header: null,
		result_metadata: null, result_content: null, result_buffers: null, queue: null, execute_input: null, execute_result: null,
		error: null, stdout: "", stderr: "", label: null,
	}`)
	records := map[string]*taskdb.TaskRecord{
		"zero":          {},
		"empty slices":  {Header: bson.Raw{}, Buffers: [][]byte{}, Extra: bson.Raw{}},
		"an empty time": {Submitted: time.Time{}.In(time.FixedZone("", 3600))},
	}
	for name, record := range records {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, want.String(), encode(t, record).String())
			require.Equal(t, &taskdb.TaskRecord{}, decode(t, encode(t, record)))
		})
	}
}

func TestAnyDocumentDecodes(t *testing.T) {
	cases := map[string]struct{ doc, extra string }{
		"no keys":                    {`{}`, ``},
		"_id is the store's":         {`{_id: ObjectId("6720a1b2c3d4e5f601234567"), msg_id: "a"}`, ``},
		"unknown keys in order":      {`{z: 1, msg_id: "a", a: [Long(2)], "": null}`, `{z: 1, a: [Long(2)], "": null}`},
		"a time as text":             {`{submitted: "2026-11-22"}`, `{submitted: "2026-11-22"}`},
		"a document as text":         {`{error: "{}", header: []}`, `{error: "{}", header: []}`},
		"text as another type":       {`{label: 5, stdout: {}, queue: undefined}`, `{label: 5, stdout: {}, queue: undefined}`},
		"an id of another type":      {`{msg_id: 5}`, `{msg_id: 5}`},
		"buffers with other things":  {`{buffers: [BinData(0, ""), "a"]}`, `{buffers: [BinData(0, ""), "a"]}`},
		"buffers of another subtype": {`{buffers: [BinData(4, "")], result_buffers: BinData(0, "")}`, `{buffers: [BinData(4, "")], result_buffers: BinData(0, "")}`},
		"Go's zero time":             {`{submitted: ISODate("0001-01-01T00:00:00Z")}`, `{submitted: ISODate("0001-01-01T00:00:00Z")}`},
		"a key twice":                {`{queue: "mux", queue: "task"}`, `{queue: "task"}`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var want bson.Raw
			if c.extra != "" {
				want = parse(t, c.extra)
			}
			require.Equal(t, want, decode(t, parse(t, c.doc)).Extra)
		})
	}
}

func TestOddlyTypedKeysTakeThePlaceOfNull(t *testing.T) {
	record := decode(t, parse(t, `{msg_id: "a", submitted: "yesterday", display_data: {}, label: 5}`))
	again := encode(t, record)
	require.Equal(t, "yesterday", again.Lookup("submitted").StringValue())
	require.Equal(t, int32(5), again.Lookup("label").Int32())
	require.Equal(t, 1, strings.Count(again.String(), `"submitted"`))
	require.Equal(t, record, decode(t, again))
}

func TestTimesAreCutToMillisecondsTowardsThePast(t *testing.T) {
	cases := map[string]string{
		"2026-11-22T00:51:18.987999999Z": "2026-11-22T00:51:18.987Z",
		"2026-11-22T01:51:18.987+01:00":  "2026-11-22T00:51:18.987Z",
		"1969-12-31T23:59:59.999999999Z": "1969-12-31T23:59:59.999Z",
		"0000-01-01T00:00:00.0001Z":      "0000-01-01T00:00:00Z",
	}
	for in, want := range cases {
		instant, err := time.Parse(time.RFC3339Nano, in)
		require.NoError(t, err)
		got := decode(t, encode(t, &taskdb.TaskRecord{Submitted: instant})).Submitted
		require.Equal(t, want, got.Format(time.RFC3339Nano))
		require.Equal(t, time.UTC, got.Location())
	}
}

func TestFarthestTimes(t *testing.T) {
	for _, milliseconds := range []int64{math.MinInt64, math.MaxInt64} {
		record := &taskdb.TaskRecord{Submitted: time.UnixMilli(milliseconds)}
		require.Equal(t, milliseconds, int64(encode(t, record).Lookup("submitted").DateTime()))
	}
}

func TestWhatCannotBeStoredIsRefused(t *testing.T) {
	cases := map[string]struct {
		record taskdb.TaskRecord
		want   string
	}{
		"text":            {taskdb.TaskRecord{MsgID: "a", Stdout: "\xff"}, `encode record "a": key "stdout": the text is not UTF-8`},
		"a late time":     {taskdb.TaskRecord{MsgID: "a", Started: time.UnixMilli(math.MaxInt64).Add(time.Millisecond)}, `encode record "a": key "started": the year 292278994 is beyond BSON's times`},
		"an early time":   {taskdb.TaskRecord{MsgID: "a", Started: time.UnixMilli(math.MinInt64).Add(-1)}, `encode record "a": key "started": the year -292275055 is beyond BSON's times`},
		"broken BSON":     {taskdb.TaskRecord{MsgID: "a", Header: bson.Raw{5, 0, 0, 0}}, `encode record "a": key "header": `},
		"a broken Extra":  {taskdb.TaskRecord{MsgID: "a", Extra: bson.Raw{1}}, `encode record "a": extra: `},
		"an _id":          {taskdb.TaskRecord{MsgID: "a", Extra: parse(t, `{x: 1, _id: 1}`)}, `encode record "a": extra: key "_id": it belongs to the store`},
		"a key set twice": {taskdb.TaskRecord{MsgID: "a", Extra: parse(t, `{msg_id: "b"}`)}, `encode record "a": extra: key "msg_id": the record's own field is set too`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			dst, err := c.record.AppendBSON([]byte("before"))
			require.ErrorContains(t, err, c.want)
			require.Equal(t, "before", string(dst))
		})
	}
}

func TestBrokenBSONIsRefused(t *testing.T) {
	whole := parse(t, finishedTask)
	for length := range whole {
		record := taskdb.TaskRecord{MsgID: "kept"}
		require.ErrorContains(t, record.UnmarshalBSON(whole[:length]), "decode record: ")
		require.Equal(t, taskdb.TaskRecord{MsgID: "kept"}, record)
	}

	inner := parse(t, `{header: {a: "text"}}`)
	inner[len(inner)-3] = 1 // the NUL of the text
	require.Error(t, new(taskdb.TaskRecord).UnmarshalBSON(inner))
}

func TestARecordSharesNoMemory(t *testing.T) {
	doc := parse(t, strings.TrimSuffix(finishedTask, "}")+`display_data: {a: "b"}}`)
	record := decode(t, doc)
	want := encode(t, record)

	clear(doc)
	require.Equal(t, want, encode(t, record))
	clear(encode(t, record))
	require.Equal(t, want, encode(t, record))
}

func TestAppendBSONAppends(t *testing.T) {
	record := decode(t, parse(t, finishedTask))
	got, err := record.AppendBSON([]byte("before"))
	require.NoError(t, err)
	require.Equal(t, "before"+string(encode(t, record)), string(got))
}

func TestTheBSONPackageFindsTheMethods(t *testing.T) {
	record := decode(t, parse(t, finishedTask))
	type envelope struct {
		Value   taskdb.TaskRecord
		Pointer *taskdb.TaskRecord
	}
	doc, err := bson.Marshal(envelope{*record, record})
	require.NoError(t, err)
	require.Equal(t, encode(t, record), bson.Raw(doc).Lookup("value").Document())
	require.Equal(t, encode(t, record), bson.Raw(doc).Lookup("pointer").Document())

	var back envelope
	require.NoError(t, bson.Unmarshal(doc, &back))
	require.Equal(t, envelope{*record, record}, back)
}

func TestRecordsSurviveARoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		record := records().Draw(t, "record")
		doc, err := record.MarshalBSON()
		require.NoError(t, err)
		var back taskdb.TaskRecord
		require.NoError(t, bson.Unmarshal(doc, &back))
		require.Equal(t, record, back)
	})
}

// records draws records whose times are in milliseconds and whose empty slices are nil.
func records() *rapid.Generator[taskdb.TaskRecord] {
	return rapid.Custom(func(t *rapid.T) taskdb.TaskRecord {
		text, instant, doc, buffers := rapid.String(), times(), documents(), bufferLists()
		return taskdb.TaskRecord{
			MsgID: text.Draw(t, "msg_id"), Header: doc.Draw(t, "header"), Metadata: doc.Draw(t, "metadata"),
			Content: doc.Draw(t, "content"), Buffers: buffers.Draw(t, "buffers"), Submitted: instant.Draw(t, "submitted"),
			ClientUUID: text.Draw(t, "client_uuid"), EngineUUID: text.Draw(t, "engine_uuid"), Started: instant.Draw(t, "started"),
			Completed: instant.Draw(t, "completed"), Resubmitted: text.Draw(t, "resubmitted"), Received: instant.Draw(t, "received"),
			ResultHeader: doc.Draw(t, "result_header"), ResultMetadata: doc.Draw(t, "result_metadata"),
			ResultContent: doc.Draw(t, "result_content"), ResultBuffers: buffers.Draw(t, "result_buffers"),
			Queue: text.Draw(t, "queue"), ExecuteInput: text.Draw(t, "execute_input"), ExecuteResult: doc.Draw(t, "execute_result"),
			Error: doc.Draw(t, "error"), Stdout: text.Draw(t, "stdout"), Stderr: text.Draw(t, "stderr"), Label: text.Draw(t, "label"),
			Pyin: text.Draw(t, "pyin"), Pyout: doc.Draw(t, "pyout"), Pyerr: doc.Draw(t, "pyerr"), Extra: extras().Draw(t, "extra"),
		}
	})
}

func times() *rapid.Generator[time.Time] {
	return rapid.OneOf(rapid.Just(time.Time{}), rapid.Map(rapid.Int64(), func(ms int64) time.Time {
		return time.UnixMilli(ms).UTC()
	}))
}

func documents() *rapid.Generator[bson.Raw] {
	return rapid.OneOf(rapid.Just(bson.Raw(nil)), rapid.Custom(func(t *rapid.T) bson.Raw {
		doc, err := bson.Marshal(bson.D{{Key: "a", Value: rapid.String().Draw(t, "text")}, {Key: "b", Value: bson.A{rapid.Int64().Draw(t, "integer")}}})
		require.NoError(t, err)
		return doc
	}))
}

func bufferLists() *rapid.Generator[[][]byte] {
	return rapid.OneOf(rapid.Just([][]byte(nil)), rapid.SliceOfN(rapid.SliceOf(rapid.Byte()), 1, 12))
}

func extras() *rapid.Generator[bson.Raw] {
	return rapid.OneOf(rapid.Just(bson.Raw(nil)), rapid.Custom(func(t *rapid.T) bson.Raw {
		key := rapid.StringMatching(`x[a-z]{0,8}`)
		doc, err := bson.Marshal(bson.D{{Key: key.Draw(t, "key"), Value: nil}, {Key: key.Draw(t, "key"), Value: rapid.Int32().Draw(t, "value")}})
		require.NoError(t, err)
		return doc
	}))
}

// FuzzTaskRecord: whatever decodes encodes again, unless a key stood twice, and decodes to the same.
func FuzzTaskRecord(f *testing.F) {
	for _, seed := range []string{finishedTask, orphan, `{_id: 1, submitted: "x", hub: {a: 1}, buffers: [1]}`, `{queue: "a", queue: "b"}`} {
		f.Add([]byte(parse(f, seed)))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var record, again taskdb.TaskRecord
		if record.UnmarshalBSON(doc) != nil {
			return
		}
		encoded, err := record.MarshalBSON()
		if err != nil {
			require.ErrorContains(t, err, "the record's own field is set too")
			return
		}
		require.NoError(t, again.UnmarshalBSON(encoded))
		require.Equal(t, record, again)
	})
}

// Encoding into memory at hand allocates next to nothing; decoding, about once for each key and buffer.
func TestAllocations(t *testing.T) {
	record := decode(t, parse(t, finishedTask))
	doc := encode(t, record)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { doc, _ = record.AppendBSON(doc[:0]) }), 8.0)
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() { _ = record.UnmarshalBSON(doc) }), 50.0)
}

func BenchmarkTaskRecordEncode(b *testing.B) {
	record := decode(b, parse(b, finishedTask))
	var doc []byte
	b.ReportAllocs()
	for b.Loop() {
		doc, _ = record.AppendBSON(doc[:0])
	}
}

func BenchmarkTaskRecordDecode(b *testing.B) {
	doc := parse(b, finishedTask)
	var record taskdb.TaskRecord
	b.ReportAllocs()
	for b.Loop() {
		_ = record.UnmarshalBSON(doc)
	}
}

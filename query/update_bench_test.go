package query_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// taskRecord is a record of 2.5 KB that waits for its result, as IPython's hub
// writes them.
func taskRecord() bson.Raw {
	return encode(bson.D{
		{Key: "_id", Value: "ecdf1b40-f4138b61c1e5fdb274178d09_27085_1"}, {Key: "msg_id", Value: "ecdf1b40-f4138b61c1e5fdb274178d09_27085_1"},
		{Key: "header", Value: bson.D{
			{Key: "date", Value: bson.DateTime(1767225600000)}, {Key: "username", Value: "ann"}, {Key: "session", Value: "ecdf1b40-f4138b61"},
			{Key: "msg_type", Value: "apply_request"}, {Key: "version", Value: "5.3"},
		}},
		{Key: "content", Value: bson.D{{Key: "code", Value: strings.Repeat("x = f(x)\n", 150)}}},
		{Key: "metadata", Value: bson.D{{Key: "retries", Value: int32(0)}, {Key: "timeout", Value: nil}, {Key: "after", Value: bson.A{}}}},
		{Key: "buffers", Value: bson.A{}}, {Key: "submitted", Value: bson.DateTime(1767225600000)},
		{Key: "client_uuid", Value: "a4b6eb44-6682380ee2aabc8a408707b3"}, {Key: "engine_uuid", Value: nil},
		{Key: "started", Value: nil}, {Key: "completed", Value: nil}, {Key: "received", Value: nil}, {Key: "resubmitted", Value: nil},
		{Key: "result_header", Value: nil}, {Key: "result_metadata", Value: nil}, {Key: "result_content", Value: nil},
		{Key: "result_buffers", Value: nil}, {Key: "queue", Value: "task"}, {Key: "execute_input", Value: nil},
		{Key: "execute_result", Value: nil}, {Key: "error", Value: nil}, {Key: "stdout", Value: strings.Repeat("out ", 50)}, {Key: "stderr", Value: ""},
	})
}

var finish = `{$set: {completed: ISODate("2026-01-01T00:01:00Z"), started: ISODate("2026-01-01T00:00:30Z"),
	received: ISODate("2026-01-01T00:01:01Z"), engine_uuid: "01234567-89abcdef0123456789abcdef",
	result_content: {status: "ok", execution_count: 1}, result_metadata: {engine_id: 3, status: "ok"},
	result_header: {msg_type: "apply_reply", session: "ecdf1b40-f4138b61", version: "5.3"}, stdout: "done\n"}}`

func BenchmarkUpdate(b *testing.B) {
	record := taskRecord()
	for _, bench := range []struct{ name, update string }{
		{"finish", finish}, {"one key", `{$set: {"hub.lease": 5}}`}, {"add", `{$inc: {"metadata.retries": 1}}`},
		{"nothing new", `{$set: {queue: "task"}}`}, {"push", `{$push: {buffers: 1}}`}, {"replace", `{msg_id: "m"}`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			update, err := query.ParseUpdateValue(bench.update)
			require.NoError(b, err)
			now := time.UnixMilli(0)
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := update.Apply(record, nil, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("parse finish", func(b *testing.B) {
		source := shell(b, finish)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := query.ParseUpdate(source, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkUpdateWide updates many keys of a document with many.
func BenchmarkUpdateWide(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		doc, sets := bson.D{}, bson.D{}
		for i := range n {
			doc = append(doc, bson.E{Key: fmt.Sprintf("k%d", i), Value: int32(i)})
			sets = append(sets, bson.E{Key: fmt.Sprintf("k%d", i), Value: int32(i + 1)})
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			update, err := query.ParseUpdateValue(bson.D{{Key: "$set", Value: sets}})
			require.NoError(b, err)
			record := encode(doc)
			for b.Loop() {
				if _, _, err := update.Apply(record, nil, time.Time{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

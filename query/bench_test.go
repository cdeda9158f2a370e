package query_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/importers/ipython"
	"github.com/taskdb/taskdb/query"
)

func BenchmarkComparison(b *testing.B) {
	record := shell(b, `{msg_id: "ecdf1b40-f4138b61c1e5fdb274178d09_27085_1", engine_uuid: "a4b6eb44-6682380ee2aabc8a408707b3",
		submitted: ISODate("2026-01-01T00:00:00Z"), queue: "task", retries: 0, completed: null, status: "pending here"}`)
	for name, text := range map[string]string{
		"first key": `{msg_id: "x"}`, "last key": `{status: "x"}`, "number": `{retries: {$gt: 5}}`, "missing": `{nothing: 1}`,
	} {
		b.Run(name, func(b *testing.B) { matchAll(b, query.MustParse(text), []bson.Raw{record}) })
	}
}

// BenchmarkIPython asks what IPython's documentation gives as examples for
// db_query, of records as its hub stores them, but for their buffers.
func BenchmarkIPython(b *testing.B) {
	records := ipythonRecords(b)
	at := bson.NewDateTimeFromTime(time.Date(2026, 11, 22, 0, 51, 19, 0, time.UTC))
	someone := records[0].Lookup("client_uuid").StringValue()
	engines := bson.A{records[0].Lookup("engine_uuid"), "01234567-89abcdef0123456789abcdef"}
	for _, q := range []struct {
		name   string
		filter bson.D
	}{
		{"not completed", bson.D{{Key: "completed", Value: nil}}},
		{"submitted in the last hour", bson.D{{Key: "submitted", Value: bson.D{{Key: "$gt", Value: at}}}}},
		{"on engines 1 and 2", bson.D{{Key: "engine_uuid", Value: bson.D{{Key: "$in", Value: engines}}}}},
		{"started long ago by others", bson.D{
			{Key: "started", Value: bson.D{{Key: "$lt", Value: at}}}, {Key: "client_uuid", Value: bson.D{{Key: "$ne", Value: someone}}},
		}},
	} {
		b.Run(q.name, func(b *testing.B) { matchAll(b, query.MustParse(q.filter), records) })
	}
}

func ipythonRecords(b *testing.B) []bson.Raw {
	reader, err := ipython.Open(context.Background(), "../importers/ipython/testdata/tasks.db")
	require.NoError(b, err)
	defer reader.Close()
	unbuffered, err := query.ParseProjectionValue(`{buffers: 0, result_buffers: 0}`)
	require.NoError(b, err)
	var records []bson.Raw
	for record, err := range reader.Records(context.Background()) {
		require.NoError(b, err)
		shown, err := unbuffered.Apply(nil, record.Doc, nil)
		require.NoError(b, err)
		records = append(records, shown)
	}
	require.NotEmpty(b, records)
	return records
}

// matchAll asks about one record after the other, one each time around.
func matchAll(b *testing.B, filter *query.Filter, records []bson.Raw) {
	b.ReportAllocs()
	next := 0
	for b.Loop() {
		if _, err := filter.Match(records[next]); err != nil {
			b.Fatal(err)
		}
		if next++; next == len(records) {
			next = 0
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds()/1e6, "Mrecords/s")
}

func BenchmarkSortKey(b *testing.B) {
	record := shell(b, `{msg_id: "m", submitted: ISODate("2026-01-01T00:00:00Z"), header: {user: "ann"}}`)
	sort := mustSort(`{submitted: -1, "header.user": 1, msg_id: 1}`)
	b.ReportAllocs()
	var key []byte
	for b.Loop() {
		key, _ = sort.AppendKey(key[:0], record)
	}
}

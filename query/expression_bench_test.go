package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

func BenchmarkExpr(b *testing.B) {
	record := shell(b, `{msg_id: "ecdf1b40-f4138b61c1e5fdb274178d09_27085_1", submitted: ISODate("2026-01-01T00:00:00Z"),
		completed: ISODate("2026-01-01T00:01:00Z"), tags: ["a", "b", "c"], engine: {n: 3}}`)
	for name, text := range map[string]string{
		"comparison":  `{$expr: {$gt: ["$completed", "$submitted"]}}`,
		"arithmetic":  `{$expr: {$gt: [{$subtract: ["$completed", "$submitted"]}, 60000]}}`,
		"date":        `{$expr: {$eq: [{$dateTrunc: {date: "$submitted", unit: "hour"}}, ISODate("2026-01-01T00:00:00Z")]}}`,
		"elements":    `{$expr: {$anyElementTrue: {$map: {input: "$tags", in: {$eq: ["$$this", "c"]}}}}}`,
		"nested path": `{$expr: "$engine.n"}`,
	} {
		b.Run(name, func(b *testing.B) { matchAll(b, query.MustParse(text), []bson.Raw{record}) })
	}
}

// BenchmarkGroup counts and sums the records of IPython's hub, once around for each.
func BenchmarkGroup(b *testing.B) {
	records := ipythonRecords(b)
	p := parsePipeline(b, `[{$group: {_id: "$engine_uuid", n: {$sum: 1}, last: {$max: "$submitted"}}}]`)
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range p.Run(b.Context(), asFound(records...)) {
			require.NoError(b, err)
		}
	}
	b.ReportMetric(float64(b.N*len(records))/b.Elapsed().Seconds()/1e6, "Mrecords/s")
}

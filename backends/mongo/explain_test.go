package mongo_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/backends/mongo"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// The replies have what MongoDB's have, of the keys that are read.
func TestExplanationsAreReadFromMongoDBsReplies(t *testing.T) {
	stats := `executionStats: {executionSuccess: true, nReturned: 3, executionTimeMillis: 0, totalKeysExamined: 5, totalDocsExamined: 4}`
	for name, c := range map[string]struct {
		plan string
		want taskdb.Explanation
	}{
		"a walk over all": {
			`{stage: "COLLSCAN", filter: {stdout: {$eq: "x"}}, direction: "forward"}`,
			taskdb.Explanation{Scans: []taskdb.ScanExplanation{{Ranges: 1}}},
		},
		"an index": {
			`{stage: "FETCH", inputStage: {stage: "IXSCAN", keyPattern: {submitted: 1}, indexName: "submitted_1", isMultiKey: false,
				direction: "backward", indexBounds: {submitted: ["[new Date(5), new Date(0)]"]}}}`,
			taskdb.Explanation{Exact: true, Scans: []taskdb.ScanExplanation{{Index: "submitted_1", KeyPattern: doc(t, `{submitted: 1}`), Ranges: 1, Reverse: true}}},
		},
		"ranges of two paths, and a filter for the rest": {
			`{stage: "FETCH", filter: {stdout: {$eq: ""}}, inputStage: {stage: "IXSCAN", keyPattern: {a: 1, b: -1}, indexName: "a_1_b_-1",
				direction: "forward", indexBounds: {a: ["[1, 1]", "[2, 2]"], b: ["[9, 5)", "(3, 1]", "[0, 0]"]}}}`,
			taskdb.Explanation{Scans: []taskdb.ScanExplanation{{Index: "a_1_b_-1", KeyPattern: doc(t, `{a: 1, b: -1}`), Ranges: 6}}},
		},
		"the index on msg_id, known by taskdb's name": {
			`{stage: "EXPRESS_IXSCAN", keyPattern: "{ msg_id: 1 }", indexName: "taskdb_msg_id"}`,
			taskdb.Explanation{Exact: true, Scans: []taskdb.ScanExplanation{{Index: "msg_id_1", KeyPattern: doc(t, `{msg_id: 1}`), Ranges: 1}}},
		},
		"one _id, before MongoDB 8": {
			`{stage: "IDHACK"}`,
			taskdb.Explanation{Exact: true, Scans: []taskdb.ScanExplanation{{Index: "_id_", KeyPattern: doc(t, `{_id: 1}`), Ranges: 1}}},
		},
		"a sort in memory, of the newer engine": {
			`{isCached: false, queryPlan: {stage: "SORT", sortPattern: {label: 1}, memLimit: 104857600, inputStage: {stage: "COLLSCAN", direction: "forward"}}, slotBasedPlan: {}}`,
			taskdb.Explanation{Exact: true, SortedInMemory: true, Scans: []taskdb.ScanExplanation{{Ranges: 1}}},
		},
		"two branches": {
			`{stage: "SUBPLAN", inputStage: {stage: "FETCH", inputStage: {stage: "OR", inputStages: [
				{stage: "IXSCAN", keyPattern: {queue: 1}, indexName: "queue_1", direction: "forward", indexBounds: {queue: ["[\"a\", \"a\"]"]}},
				{stage: "IXSCAN", keyPattern: {label: 1}, indexName: "label_1", direction: "forward", indexBounds: {label: ["[\"b\", \"b\"]"]}}]}}}`,
			taskdb.Explanation{Exact: true, Scans: []taskdb.ScanExplanation{
				{Index: "queue_1", KeyPattern: doc(t, `{queue: 1}`), Ranges: 1}, {Index: "label_1", KeyPattern: doc(t, `{label: 1}`), Ranges: 1}}},
		},
		"shards": {
			`{stage: "SHARD_MERGE", shards: [{shardName: "a", winningPlan: {stage: "SHARDING_FILTER", inputStage: {stage: "COLLSCAN", direction: "forward"}}},
				{shardName: "b", winningPlan: {stage: "SHARDING_FILTER", inputStage: {stage: "COLLSCAN", direction: "forward"}}}]}`,
			taskdb.Explanation{Exact: true, Scans: []taskdb.ScanExplanation{{Ranges: 1}, {Ranges: 1}}},
		},
		"nothing": {`{stage: "EOF"}`, taskdb.Explanation{Exact: true}},
	} {
		t.Run(name, func(t *testing.T) {
			c.want.KeysExamined, c.want.RecordsExamined, c.want.Returned = 5, 4, 3
			got := mongo.ExplanationOf(taskdb.DefaultCollection, doc(t, `{queryPlanner: {namespace: "ipython-tasks.task_records", winningPlan: `+c.plan+`, rejectedPlans: []}, `+stats+`, ok: 1}`))
			require.Equal(t, &c.want, got)
		})
	}
}

func doc(t *testing.T, text string) []byte {
	t.Helper()
	doc, err := query.Document(text)
	require.NoError(t, err)
	return doc
}

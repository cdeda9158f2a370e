package query_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// TestMatchDoesNotAllocate counts allocations for records that do not match, and
// for some that do: a scan looks at millions.
func TestMatchDoesNotAllocate(t *testing.T) {
	record := shell(t, `{msg_id: "m-1", engine: 3, ratio: 0.5, big: NumberLong("9007199254740993"), completed: null,
		submitted: ISODate("2026-01-01T00:00:00Z"), header: {user: "ann", tags: ["a", "b"], at: [{n: 1}, {n: 2}]}}`)
	for _, filter := range []string{
		`{msg_id: "m-2"}`, `{msg_id: {$ne: "m-1"}}`, `{engine: {$gt: 3}}`, `{engine: {$gte: 3.5}}`, `{ratio: {$lt: 0}}`,
		`{big: {$lte: 9007199254740992.0}}`, `{completed: {$ne: null}}`, `{submitted: {$gt: ISODate("2026-02-01T00:00:00Z")}}`,
		`{missing: 1}`, `{engine: {$exists: false}}`, `{missing: {$exists: true}}`,
		`{msg_id: {$in: ["m-2", "m-3", "m-4"]}}`, `{engine: {$nin: [1, 2, 3]}}`, `{engine: {$in: [7, "x", null]}}`,
		`{"header.user": "bob"}`, `{"header.user": {$gt: "bob"}}`, `{"header.tags": "c"}`, `{"header.at.n": 3}`, `{"header.at.1.n": 5}`,
		`{"header.x.y": {$exists: true}}`, `{engine: 3, "header.user": "bob"}`, `{$and: [{engine: 3}, {ratio: 1}]}`,
		`{$or: [{engine: 4}, {"header.user": "bob"}, {missing: {$gt: 0}}]}`, `{$nor: [{engine: 3}]}`, `{engine: {$not: {$gt: 1}}}`,
		`{"header.tags": {$size: 3}}`, `{engine: {$type: "string"}}`, `{"header.at": {$elemMatch: {n: 3}}}`, `{engine: {$mod: [2, 0]}}`,
		`{msg_id: {$glob: "n-*"}}`, `{msg_id: /^n-/}`, `{"header.tags": {$all: ["a", "c"]}}`,
	} {
		requireNoAllocations(t, filter, record, false)
	}
	for _, filter := range []string{
		`{msg_id: "m-1"}`, `{completed: null}`, `{missing: null}`, `{engine: {$gte: 3, $lt: 4}}`, `{"header.tags": "b"}`,
		`{"header.at.n": 2}`, `{$or: [{engine: 4}, {"header.user": "ann"}]}`, `{msg_id: {$in: ["m-0", "m-1"]}}`,
	} {
		requireNoAllocations(t, filter, record, true)
	}
}

// TestMatchOfALongListDoesNotAllocate holds that a list is looked through once for each
// value, however long it is.
func TestMatchOfALongListDoesNotAllocate(t *testing.T) {
	requireNoAllocations(t, `{msg_id: {$in: [`+numbered(100_000, `"n-%d"`)+`]}}`, shell(t, `{msg_id: "m-1", n: 1}`), false)
}

func requireNoAllocations(t *testing.T, text string, record bson.Raw, want bool) {
	filter := query.MustParse(text)
	ok, err := filter.Match(record)
	require.NoError(t, err)
	require.Equal(t, want, ok, text)
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = filter.Match(record) }), text)
}

func TestKeysDoNotAllocate(t *testing.T) {
	buffer := make([]byte, 0, 1024)
	for _, v := range []any{1, 2.5, int64(1 << 40), "text", bson.DateTime(5), bson.D{{Key: "a", Value: "b"}}, nil, true} {
		raw := value(v)
		require.Zero(t, testing.AllocsPerRun(100, func() { query.AppendKey(buffer, raw) }), "%s", raw)
		require.Zero(t, testing.AllocsPerRun(100, func() { query.Compare(raw, raw) }), "%s", raw)
	}
}

func TestAKeyThatIsLookedForDoesNotAllocate(t *testing.T) {
	x := indexOf(t, `{a: 1}`)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		var room [64]byte
		_ = x.AppendTextKey(room[:0], "0f0c1a2e-1f5f27b4c8f1de1c9a4c4b2a_27085_1")
	}))
}

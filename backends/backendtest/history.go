package backendtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

var history = area{"history", []behaviour{
	{"an empty store has none", historyOfNothing},
	{"it has every msg_id once, by the time of submission", historyBySubmitted},
	{"records of the same time follow in the order of their insertion", historyOfTies},
	{"records without a time come last, in the order of their insertion", historyWithoutTime},
	{"documents without a msg_id are not in it", historyWithoutMsgID},
	{"it ends when its consumer has enough", historyBroken},
}}

// historyOf returns the whole history.
func historyOf(t tester, db *taskdb.DB) []string {
	t.Helper()
	ids := []string{}
	for id, err := range db.History(t.Context()) {
		require.NoError(t, err)
		ids = append(ids, id)
	}
	return ids
}

func historyOfNothing(t *testing.T, db *taskdb.DB) {
	require.Empty(t, historyOf(t, db))
}

func historyBySubmitted(t *testing.T, db *taskdb.DB) {
	records := numbered(t, 1500)
	for i := range records {
		require.NoError(t, db.Add(t.Context(), records[(i*7)%len(records)]))
	}
	require.Equal(t, msgIDs(records), historyOf(t, db))
}

func historyOfTies(t *testing.T, db *taskdb.DB) {
	addDocs(t, db,
		`{_id: 1, msg_id: "c", submitted: ISODate("2026-11-22T10:00:00Z")}`,
		`{_id: 2, msg_id: "a", submitted: ISODate("2026-11-22T10:00:00Z")}`,
		`{_id: 3, msg_id: "d", submitted: ISODate("2026-11-22T09:00:00Z")}`,
		`{_id: 4, msg_id: "b", submitted: ISODate("2026-11-22T10:00:00Z")}`)
	require.Equal(t, []string{"d", "c", "a", "b"}, historyOf(t, db))
}

func historyWithoutTime(t *testing.T, db *taskdb.DB) {
	addDocs(t, db,
		`{_id: 1, msg_id: "missing"}`,
		`{_id: 2, msg_id: "late", submitted: ISODate("2026-11-22T10:00:00Z")}`,
		`{_id: 3, msg_id: "null", submitted: null}`,
		`{_id: 4, msg_id: "early", submitted: ISODate("1969-01-01T10:00:00Z")}`,
		`{_id: 5, msg_id: "another"}`)
	require.Equal(t, []string{"early", "late", "missing", "null", "another"}, historyOf(t, db))
}

func historyWithoutMsgID(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, `{label: "x"}`, `{msg_id: 5, submitted: ISODate("2026-11-22T10:00:00Z")}`, `{msg_id: "a"}`, `{msg_id: ["b"]}`)
	require.Equal(t, []string{"a"}, historyOf(t, db))
}

func historyBroken(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.Add(t.Context(), numbered(t, 3)...))
	addDocs(t, db, `{msg_id: "untimed-1"}`, `{msg_id: "untimed-2"}`)
	for n := 1; n <= 5; n++ {
		seen := 0
		for _, err := range db.History(t.Context()) {
			require.NoError(t, err)
			if seen++; seen == n {
				break
			}
		}
		require.Equal(t, n, seen)
	}
}

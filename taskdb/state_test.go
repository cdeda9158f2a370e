package taskdb_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

func TestStateOf(t *testing.T) {
	for _, c := range []struct {
		record string
		want   taskdb.State
	}{
		{`{}`, taskdb.StatePending},
		{`{completed: null, engine_uuid: null, started: null}`, taskdb.StatePending},
		{`{completed: null, engine_uuid: 'e1'}`, taskdb.StateRunning},
		{`{completed: null, started: ISODate('2026-11-22T00:51:18Z')}`, taskdb.StateRunning},
		{`{completed: ISODate('2026-11-22T00:51:19Z'), result_content: {status: 'ok'}}`, taskdb.StateOK},
		{`{completed: ISODate('2026-11-22T00:51:19Z'), result_content: {status: 'error'}}`, taskdb.StateFailed},
		{`{completed: ISODate('2026-11-22T00:51:19Z'), result_content: {status: 'aborted'}}`, taskdb.StateAborted},
		{`{completed: ISODate('2026-11-22T00:51:19Z'), result_content: null}`, taskdb.StateFinished},
		{`{completed: null, result_content: {status: 'ok'}}`, taskdb.StatePending},
	} {
		doc, err := query.Document(c.record)
		require.NoError(t, err)
		require.Equal(t, c.want, taskdb.StateOf(doc), c.record)
	}
}

// TestStatesPartition holds that incomplete and finished divide all records, and
// that their narrower states divide them.
func TestStatesPartition(t *testing.T) {
	value := rapid.SampledFrom([]string{`null`, `'x'`, `1`, `[]`, `[null]`, `ISODate('2026-11-22T00:51:18Z')`})
	status := rapid.SampledFrom([]string{`null`, `'ok'`, `'error'`, `'aborted'`, `'new'`, `['ok']`})
	rapid.Check(t, func(t *rapid.T) {
		doc, err := query.Document(`{completed: ` + value.Draw(t, "completed") + `, engine_uuid: ` + value.Draw(t, "engine") +
			`, started: ` + value.Draw(t, "started") + `, result_content: {status: ` + status.Draw(t, "status") + `}}`)
		require.NoError(t, err)
		in := func(s taskdb.State) bool {
			ok, err := s.Filter().Match(doc)
			require.NoError(t, err)
			return ok
		}
		require.True(t, in(taskdb.StateOf(doc)), "a record is in the state it is said to be in")
		require.NotEqual(t, in(taskdb.StateIncomplete), in(taskdb.StateFinished))
		require.Equal(t, in(taskdb.StateIncomplete), in(taskdb.StatePending) != in(taskdb.StateRunning))
		for _, s := range []taskdb.State{taskdb.StateOK, taskdb.StateFailed, taskdb.StateAborted} {
			require.False(t, in(s) && !in(taskdb.StateFinished), s)
		}
	})
}

func TestUnknownStateSelectsNothing(t *testing.T) {
	doc, err := query.Document(`{completed: null}`)
	require.NoError(t, err)
	ok, err := taskdb.State("lost").Filter().Match(doc)
	require.NoError(t, err)
	require.False(t, ok)
}

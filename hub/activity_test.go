package hub_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// finished is another hub's task that took some seconds, and ended at a time after noon.
func finished(t *testing.T, msgID, status string, ended, took time.Duration) *taskdb.TaskRecord {
	return &taskdb.TaskRecord{
		MsgID: msgID, Label: "l" + msgID, EngineUUID: "e1", ClientUUID: "c" + msgID, Submitted: noon,
		Started: noon.Add(ended - took), Completed: noon.Add(ended),
		ResultContent: encode(t, bson.M{"status": status}),
	}
}

func TestActivityTellsEachStep(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		require.NoError(t, f.db.Add(t.Context(),
			finished(t, "1", "ok", 30*time.Second, time.Second),
			finished(t, "2", "ok", 59*time.Second, 3*time.Second),
			finished(t, "3", "error", 60*time.Second, 9*time.Second),
			finished(t, "4", "aborted", 61*time.Second, 2*time.Second),
			&taskdb.TaskRecord{MsgID: "5", Submitted: noon.Add(2 * time.Minute)},
		))
		span := hub.Span{Since: noon.Add(10 * time.Second), Until: noon.Add(3 * time.Minute)}
		steps, err := f.Activity(t.Context(), span, time.Minute)
		require.NoError(t, err)
		require.Equal(t, []hub.ActivityStep{
			{Start: noon, Submitted: 4, OK: 2, Median: time.Second, P95: 3 * time.Second},
			{Start: noon.Add(time.Minute), Failed: 1, Aborted: 1, Median: 2 * time.Second, P95: 9 * time.Second},
			{Start: noon.Add(2 * time.Minute), Submitted: 1},
		}, steps)

		span.Filter = `{client_uuid: "c2"}`
		steps, err = f.Activity(t.Context(), span, time.Hour)
		require.NoError(t, err)
		require.Equal(t, []hub.ActivityStep{{Start: noon, Submitted: 1, OK: 1, Median: 3 * time.Second, P95: 3 * time.Second}}, steps)
	})
}

func TestActivityRefusesWhatMakesNoSteps(t *testing.T) {
	f := newFixture(t, stores["dict"](t))
	for name, wrong := range map[string]struct {
		span hub.Span
		step time.Duration
	}{
		"no time":        {hub.Span{Since: noon, Until: noon}, time.Minute},
		"no step":        {hub.Span{Since: noon, Until: noon.Add(time.Hour)}, 0},
		"too many":       {hub.Span{Since: noon, Until: noon.Add(time.Hour)}, time.Second},
		"ages":           {hub.Span{Since: time.Time{}, Until: noon.AddDate(8000, 0, 0)}, math.MaxInt64 / 60},
		"a wrong filter": {hub.Span{Since: noon, Until: noon.Add(time.Hour), Filter: `{$no: 1}`}, time.Minute},
	} {
		_, err := f.Activity(t.Context(), wrong.span, wrong.step)
		require.Error(t, err, name)
	}
}

func TestTimelineTellsWhoRanWhatWhen(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		require.NoError(t, f.db.Add(t.Context(),
			finished(t, "old", "ok", -time.Hour, time.Second),
			finished(t, "other", "ok", 30*time.Second, 40*time.Second),
		))
		f.submit(t, hub.Task{MsgID: "a", Label: "fit", Retries: 1}, hub.Task{MsgID: "waits", NotBefore: noon.Add(time.Hour)})
		lease := f.claim(t, "a")
		f.clock.advance(time.Second)
		f.finish(t, lease, failed)
		f.clock.advance(time.Second)
		f.claim(t, "a")

		span := hub.Span{Since: noon, Until: noon.Add(time.Minute)}
		runs, more, err := f.Timeline(t.Context(), span, 10)
		require.NoError(t, err)
		require.False(t, more)
		require.Equal(t, []hub.Run{
			{Engine: "e1", MsgID: "other", Label: "lother", Started: noon.Add(-10 * time.Second), Ended: noon.Add(30 * time.Second), Outcome: hub.OutcomeOK},
			{Engine: "e1", MsgID: "a", Label: "fit", Started: noon, Ended: noon.Add(time.Second), Outcome: hub.OutcomeError},
			{Engine: "e1", MsgID: "a", Label: "fit", Started: noon.Add(2 * time.Second)},
		}, runs)

		span.Since = noon.Add(-2 * time.Hour)
		_, more, err = f.Timeline(t.Context(), span, 1)
		require.NoError(t, err)
		require.True(t, more)
	})
}

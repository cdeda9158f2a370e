package hub_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/backendtest"
	_ "github.com/taskdb/taskdb/backends/dict"
	_ "github.com/taskdb/taskdb/backends/sqlite"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// stores are the kinds of stores that every test of the hub runs on.
var stores = map[string]backendtest.Opener{
	"dict":   func(t *testing.T) *taskdb.DB { return openStore(t, "dict:") },
	"mongo":  openMongo,
	"sqlite": func(t *testing.T) *taskdb.DB { return openStore(t, "sqlite:"+newPath(t)+"?durability=off") },
}

func newPath(t *testing.T) string { return filepath.Join(t.TempDir(), "tasks.db") }

func openStore(t *testing.T, url string) *taskdb.DB {
	db, err := taskdb.Open(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// onEach runs a test on a hub over each kind of store.
func onEach(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) { test(t, newFixture(t, open(t))) })
	}
}

// onEachReal is onEach without FerretDB, which neither has partial indexes nor finds
// and modifies in one step.
func onEachReal(t *testing.T, test func(t *testing.T, f *fixture)) {
	onEach(t, func(t *testing.T, f *fixture) {
		if f.db.Collection() != taskdb.DefaultCollection && server.Ferret {
			t.Skip("FerretDB, which stands in for MongoDB, has no partial indexes and does not find and modify in one step")
		}
		test(t, f)
	})
}

// clock is a clock that goes when it is told to.
type clock struct{ milliseconds atomic.Int64 }

func (c *clock) Now() time.Time           { return time.UnixMilli(c.milliseconds.Load()).UTC() }
func (c *clock) advance(by time.Duration) { c.milliseconds.Add(by.Milliseconds()) }

// noon is when the clocks of tests begin.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// fixture is a hub over a store, and what tests do with it.
type fixture struct {
	*hub.Hub
	db    *taskdb.DB
	clock *clock
}

func newFixture(t *testing.T, db *taskdb.DB) *fixture {
	f := &fixture{db: db, clock: new(clock)}
	f.clock.milliseconds.Store(noon.UnixMilli())
	f.reopen(t)
	return f
}

// reopen opens the hub anew, as a restart does.
func (f *fixture) reopen(t *testing.T) {
	t.Helper()
	var err error
	f.Hub, err = hub.Open(t.Context(), f.db, hub.Options{Now: f.clock.Now, Poll: time.Hour})
	require.NoError(t, err)
}

// submit submits tasks, which all are new.
func (f *fixture) submit(t *testing.T, tasks ...hub.Task) {
	t.Helper()
	answers, err := f.Submit(t.Context(), tasks...)
	require.NoError(t, err)
	for _, answer := range answers {
		require.False(t, answer.Existed, answer.MsgID)
	}
}

// claim claims the next task, which is to be a certain one.
func (f *fixture) claim(t *testing.T, msgID string) hub.Lease {
	t.Helper()
	claimed, err := f.Claim(t.Context(), hub.Claim{Engine: "e1"})
	require.NoError(t, err)
	require.Equal(t, msgID, claimed.Record.MsgID)
	require.Equal(t, msgID, claimed.Lease.MsgID)
	return claimed.Lease
}

// claimNone claims in vain.
func (f *fixture) claimNone(t *testing.T) {
	t.Helper()
	_, err := f.Claim(t.Context(), hub.Claim{Engine: "e1"})
	require.ErrorIs(t, err, hub.ErrNoTask)
}

// finish ends a lease, and returns what state the task is in.
func (f *fixture) finish(t *testing.T, lease hub.Lease, result hub.Result) taskdb.State {
	t.Helper()
	state, err := f.Finish(t.Context(), lease, result)
	require.NoError(t, err)
	return state
}

// run claims the next task, which is to be a certain one, and finishes it.
func (f *fixture) run(t *testing.T, msgID string) {
	t.Helper()
	require.Equal(t, taskdb.StateOK, f.finish(t, f.claim(t, msgID), ok))
}

// claimAll claims so many tasks, whichever they are.
func (f *fixture) claimAll(t *testing.T, n int) {
	t.Helper()
	for range n {
		_, err := f.Claim(t.Context(), hub.Claim{Engine: "e1"})
		require.NoError(t, err)
	}
}

// tend does the hub's maintenance.
func (f *fixture) tend(t *testing.T) hub.Tended {
	t.Helper()
	tended, err := f.Tend(t.Context())
	require.NoError(t, err)
	return tended
}

func (f *fixture) state(t *testing.T, msgID string) taskdb.State {
	t.Helper()
	doc, err := f.db.GetRaw(t.Context(), msgID)
	require.NoError(t, err)
	return taskdb.StateOf(doc)
}

func (f *fixture) record(t *testing.T, msgID string) *taskdb.TaskRecord {
	t.Helper()
	record, err := f.db.Get(t.Context(), msgID)
	require.NoError(t, err)
	return record
}

func (f *fixture) notes(t *testing.T, msgID string) hub.Notes {
	t.Helper()
	notes, err := hub.NotesOf(f.record(t, msgID))
	require.NoError(t, err)
	return notes
}

// outcomes are those of the task's attempts.
func (f *fixture) outcomes(t *testing.T, msgID string) []hub.Outcome {
	t.Helper()
	outcomes := []hub.Outcome{}
	for _, attempt := range f.notes(t, msgID).Attempts {
		outcomes = append(outcomes, attempt.Outcome)
	}
	return outcomes
}

// text returns a string in a document.
func text(t *testing.T, doc bson.Raw, key string) string {
	t.Helper()
	value, ok := doc.Lookup(key).StringValueOK()
	require.True(t, ok, "%s in %s", key, doc)
	return value
}

func encode(t *testing.T, doc any) bson.Raw {
	t.Helper()
	raw, err := bson.Marshal(doc)
	require.NoError(t, err)
	return raw
}

func byID(msgIDs ...string) hub.Selection { return hub.Selection{MsgIDs: msgIDs} }

// The results of tests.
var (
	ok      = hub.Result{Status: hub.OutcomeOK}
	failed  = hub.Result{Status: hub.OutcomeError, EName: "ZeroDivisionError", EValue: "division by zero", Traceback: []string{"line 1"}}
	aborted = hub.Result{Status: hub.OutcomeAborted, Reason: "the engine shuts down"}
)

// cancel cancels one task, and returns the answer's error.
func cancel(ctx context.Context, f *fixture, msgID string) error {
	answers, err := f.Cancel(ctx, byID(msgID), "not wanted any more")
	if err != nil {
		return err
	}
	return answers[0].Err
}

// stateOf is the state of a task, which may be absent.
func stateOf(doc bson.Raw) string {
	if doc == nil {
		return "absent"
	}
	return string(taskdb.StateOf(doc))
}

func is(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }

func isA[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// raw is a task's document, or nil if it is absent.
func (f *fixture) raw(t *testing.T, msgID string) bson.Raw {
	t.Helper()
	doc, err := f.db.GetRaw(t.Context(), msgID)
	if !errors.Is(err, taskdb.ErrNotFound) {
		require.NoError(t, err)
	}
	return doc
}

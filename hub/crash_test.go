package hub_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// crashing are two hubs on one store that break off amid what they do, and what a test
// knows of their tasks.
type crashing struct {
	*fixture
	random *rand.Rand
	hubs   [2]*hub.Hub
	left   int  // operations of the store until all fail
	mute   bool // the first that fails is carried out
	after  map[string][]string
	names  []string
	wasOK  map[string]bool
	past   bool // tasks are finished past the hubs too
}

// seeds are how many such stories a test has.
const seeds = 20

func newCrashing(t *testing.T, db *taskdb.DB, seed uint64) *crashing {
	_, err := db.Delete(t.Context(), taskdb.Delete{Filter: `{}`, Many: true})
	require.NoError(t, err)
	t.Log("seed", seed)
	c := &crashing{
		fixture: newFixture(t, db), random: rand.New(rand.NewPCG(seed, seed)), left: -1,
		after: map[string][]string{}, wasOK: map[string]bool{},
	}
	for i := range c.hubs {
		c.restart(t, i)
	}
	return c
}

// restart opens one of the hubs anew.
func (c *crashing) restart(t *testing.T, i int) {
	db := c.db.Observed(func(ctx context.Context, _, _ string) (context.Context, func(error)) {
		if c.left == 0 && c.mute {
			c.mute = false
			return context.WithValue(ctx, muted{}, true), func(error) {}
		}
		if c.left == 0 {
			broken, cancel := context.WithCancel(ctx)
			cancel()
			return broken, func(error) {}
		}
		c.left--
		return ctx, func(error) {}
	})
	c.left = -1
	var err error
	c.hubs[i], err = hub.Open(t.Context(), db, hub.Options{Now: c.clock.Now, Poll: time.Hour, Lease: time.Hour})
	require.NoError(t, err)
}

// any returns any of the tasks that there were.
func (c *crashing) any() string { return c.names[c.random.IntN(len(c.names))] }

// act has a hub do something, which may fail at any point.
func (c *crashing) act(t *testing.T, h *hub.Hub) {
	switch n := c.random.IntN(20); {
	case n < 6 || len(c.names) == 0:
		task := hub.Task{MsgID: fmt.Sprintf("t%d", len(c.names))}
		for range c.random.IntN(5) {
			if len(c.names) > 0 {
				task.After = append(task.After, c.any())
			}
		}
		c.after[task.MsgID] = task.After
		c.names = append(c.names, task.MsgID)
		_, _ = h.Submit(t.Context(), task)
	case n < 15:
		claimed, err := h.Claim(t.Context(), hub.Claim{Engine: "e"})
		if err != nil {
			return
		}
		for _, msgID := range c.after[claimed.Record.MsgID] {
			require.True(t, c.wasOK[msgID], "%s comes after %s", claimed.Record.MsgID, msgID)
		}
		switch c.random.IntN(10) {
		case 0:
			_, _ = h.Return(t.Context(), claimed.Lease, hub.Return{Delay: time.Second})
		case 1:
			_, _ = h.Finish(t.Context(), claimed.Lease, failed)
		default:
			_, _ = h.Finish(t.Context(), claimed.Lease, ok)
		}
	case n == 15:
		_, _ = h.Cancel(t.Context(), byID(c.any()), "")
	case n < 18:
		_, _ = h.Purge(t.Context(), hub.Purge{Selection: byID(c.any()), Force: n == 17})
	case n == 18:
		_, _ = h.Tend(t.Context())
	case c.past:
		_, _ = c.db.Update(t.Context(), taskdb.Update{
			Filter: bson.D{{Key: "msg_id", Value: c.any()}, {Key: "completed", Value: nil}, {Key: "hub.ready", Value: true}},
			Update: `{$set: {completed: ISODate("2026-11-22T12:00:00Z"), result_content: {status: "ok"}}}`,
		})
	}
}

// states returns the states of all tasks, and whether those that are not finished wait.
func (c *crashing) states(t *testing.T) (states map[string]taskdb.State, waits map[string]bool) {
	states, waits = map[string]taskdb.State{}, map[string]bool{}
	for doc, err := range c.db.FindRaw(t.Context(), taskdb.Query{}) {
		require.NoError(t, err)
		msgID := doc.Lookup("msg_id").StringValue()
		states[msgID] = taskdb.StateOf(doc)
		ready, isPlaced := doc.Lookup("hub", "ready").BooleanOK()
		waits[msgID] = isPlaced && !ready
		if states[msgID] == taskdb.StateOK {
			c.wasOK[msgID] = true
		}
		if reason, _ := doc.Lookup("result_content", "reason").StringValueOK(); strings.Contains(reason, "which it comes after") {
			require.True(t, slices.ContainsFunc(c.after[msgID], func(after string) bool { return !c.wasOK[after] }), "%s: %s", msgID, reason)
		}
	}
	return states, waits
}

// live has the hubs do things, and break off anywhere. One that did is opened anew if it
// crashed; else it goes on, as the store did not answer for a while.
func (c *crashing) live(t *testing.T, crash bool) {
	const steps = 150
	for range steps {
		i := c.random.IntN(len(c.hubs))
		if c.random.IntN(3) == 0 {
			c.left, c.mute = c.random.IntN(12), c.random.IntN(2) == 0
		}
		c.act(t, c.hubs[i])
		if c.left == 0 && crash {
			c.restart(t, i)
		}
		c.left = -1
		c.states(t)
	}
}

// checkWaiting holds that none waits but for what is still to be done.
func (c *crashing) checkWaiting(t *testing.T) {
	states, waits := c.states(t)
	for msgID, state := range states {
		if state != taskdb.StatePending {
			continue
		}
		wait := false
		for _, after := range c.after[msgID] {
			if !c.wasOK[after] {
				require.True(t, states[after] == taskdb.StatePending || states[after] == taskdb.StateRunning, "%s waits for %s, which is %q", msgID, after, states[after])
				wait = true
			}
		}
		require.Equal(t, wait, waits[msgID], msgID)
	}
}

// onEachFailing is onEachReal, and runs a test on stores that can be muted too.
func onEachFailing(t *testing.T, test func(t *testing.T, f *fixture)) {
	onEachReal(t, test)
	t.Run("muted", func(t *testing.T) { onEachMutable(t, test) })
}

// TestHubsThatCrash has two hubs on one store break off anywhere, be opened anew, and
// go on: no task is run before those that it comes after are ok, and in the end none
// waits but for what is still to be done.
func TestHubsThatCrash(t *testing.T) {
	onEachFailing(t, func(t *testing.T, f *fixture) {
		for seed := range uint64(seeds) {
			c := newCrashing(t, f.db, seed)
			c.past = true
			c.live(t, true)
			for range 2 {
				c.clock.advance(time.Minute)
				for _, h := range c.hubs {
					_, err := h.Tend(t.Context())
					require.NoError(t, err)
				}
			}
			c.checkWaiting(t)
		}
	})
}

// TestStoreThatFailsForAWhile has the store fail anywhere, or do what it is asked and not
// answer: when it answers again, and the hubs are tended once, none waits but for what is
// still to be done.
func TestStoreThatFailsForAWhile(t *testing.T) {
	onEachFailing(t, func(t *testing.T, f *fixture) {
		for seed := range uint64(seeds) {
			c := newCrashing(t, f.db, seed)
			c.live(t, false)
			c.clock.advance(time.Second) // for which some were given back
			for _, h := range c.hubs {
				_, err := h.Tend(t.Context())
				require.NoError(t, err)
			}
			c.checkWaiting(t)
		}
	})
}

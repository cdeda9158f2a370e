package hub_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

func TestSubmitStoresTheRequest(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		header := encode(t, bson.D{{Key: "msg_id", Value: "a"}, {Key: "session", Value: "c1"}, {Key: "username", Value: "ann"}})
		f.submit(t, hub.Task{
			Header:   header,
			Metadata: encode(t, bson.M{"label": "sweep"}),
			Content:  encode(t, bson.M{"code": "6 * 7"}),
			Buffers:  [][]byte{[]byte("f"), {}},
			Queue:    "q",
			Priority: 3,
		})
		record := f.record(t, "a")
		require.Equal(t, "c1", record.ClientUUID)
		require.Equal(t, "sweep", record.Label)
		require.Equal(t, "q", record.Queue)
		require.Equal(t, noon, record.Submitted)
		require.Equal(t, [][]byte{[]byte("f"), {}}, record.Buffers)
		require.Equal(t, "6 * 7", text(t, record.Content, "code"))
		require.Equal(t, "ann", text(t, record.Header, "username"))
		require.Equal(t, noon, record.Header.Lookup("date").Time().UTC())
		require.EqualValues(t, 3, f.notes(t, "a").Priority)
	})
}

func TestMadeMsgIDsSortByTime(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		answers, err := f.Submit(t.Context(), make([]hub.Task, 100)...)
		require.NoError(t, err)
		require.True(t, slices.IsSortedFunc(answers, func(a, b hub.Submitted) int {
			if a.MsgID < b.MsgID {
				return -1
			}
			return 1
		}))
		first := f.record(t, answers[0].MsgID)
		require.Equal(t, answers[0].MsgID, text(t, first.Header, "msg_id"))
	})
}

func TestSubmitAgain(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		a := hub.Task{MsgID: "a", Content: encode(t, bson.M{"n": 1}), Buffers: [][]byte{[]byte("x")}}
		f.submit(t, a)
		f.run(t, "a")
		before := f.record(t, "a")
		f.clock.advance(time.Hour)

		answers, err := f.Submit(t.Context(), hub.Task{MsgID: "b"}, a, hub.Task{MsgID: "b"})
		require.NoError(t, err)
		require.Equal(t, []hub.Submitted{{"b", false}, {"a", true}, {"b", false}}, answers)
		require.Equal(t, before, f.record(t, "a"))

		other := a
		other.Buffers = [][]byte{[]byte("y")}
		_, err = f.Submit(t.Context(), hub.Task{MsgID: "c"}, other)
		require.ErrorIs(t, err, taskdb.ErrExists)
		require.Equal(t, "absent", stateOf(f.raw(t, "c")), "all or none")

		_, err = f.Submit(t.Context(), hub.Task{MsgID: "c"}, hub.Task{MsgID: "c", Priority: 1})
		require.True(t, isA[*hub.ConflictError](err))
	})
}

func TestSubmitRefusesWhatIsWrong(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		for _, task := range []hub.Task{
			{MsgID: "a", Retries: -1},
			{MsgID: "a", TimeLimit: -time.Second},
			{MsgID: "a", Header: encode(t, bson.M{"msg_id": "b"})},
			{MsgID: "a", Header: bson.Raw("broken")},
			{MsgID: "a", Metadata: bson.Raw("broken")},
			{MsgID: "a", Content: bson.Raw("broken")},
		} {
			_, err := f.Submit(t.Context(), hub.Task{MsgID: "good"}, task)
			require.True(t, isA[*query.Error](err), "%v", err)
			require.Equal(t, "absent", stateOf(f.raw(t, "good")))
		}
	})
}

func TestDependencies(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "c", After: []string{"a", "b", "a"}}, hub.Task{MsgID: "b", After: []string{"a"}}, hub.Task{MsgID: "a"})
		require.Equal(t, []string{"a", "b"}, f.notes(t, "c").After)
		f.run(t, "a")
		f.run(t, "b")
		f.run(t, "c")

		f.submit(t, hub.Task{MsgID: "d", After: []string{"c"}})
		f.run(t, "d")
	})
}

func TestDependencyAndTimeBothHold(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"}, hub.Task{MsgID: "b", After: []string{"a"}, NotBefore: noon.Add(time.Hour)})
		f.run(t, "a")
		f.claimNone(t)
		f.clock.advance(time.Hour)
		require.Equal(t, 1, f.tend(t).Woken)
		f.run(t, "b")
	})
}

func TestDependencyThatFails(t *testing.T) {
	chain := []hub.Task{{MsgID: "a"}, {MsgID: "b", After: []string{"a"}}, {MsgID: "c", After: []string{"b"}}, {MsgID: "d", After: []string{"a"}}}
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, chain...)
		f.finish(t, f.claim(t, "a"), failed)
		for msgID, reason := range map[string]string{
			"b": `task "a", which it comes after, ended as failed`,
			"c": `task "b", which it comes after, ended as aborted`,
			"d": `task "a", which it comes after, ended as failed`,
		} {
			require.Equal(t, taskdb.StateAborted, f.state(t, msgID))
			require.Equal(t, reason, text(t, f.record(t, msgID).ResultContent, "reason"))
		}
		f.submit(t, hub.Task{MsgID: "e", After: []string{"a"}})
		require.Equal(t, taskdb.StateAborted, f.state(t, "e"), "it had failed before")
		f.claimNone(t)
	})
}

func TestDependencyThatIsPurged(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"}, hub.Task{MsgID: "b", After: []string{"a"}})
		_, err := f.Purge(t.Context(), hub.Purge{Selection: byID("a"), Force: true})
		require.NoError(t, err)
		require.Equal(t, 1, f.tend(t).Settled)
		require.Equal(t, `task "a", which it comes after, does not exist any more`, text(t, f.record(t, "b").ResultContent, "reason"))
	})
}

func TestDependencyThatCannotBe(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		for want, tasks := range map[string][]hub.Task{
			`task "a" comes after "a", which comes after it`:    {{MsgID: "a", After: []string{"a"}}},
			`task "c" comes after "a", which comes after it`:    {{MsgID: "a", After: []string{"b"}}, {MsgID: "b", After: []string{"c"}}, {MsgID: "c", After: []string{"a"}}},
			`task "b" comes after "gone", which does not exist`: {{MsgID: "a"}, {MsgID: "b", After: []string{"gone"}}},
		} {
			_, err := f.Submit(t.Context(), tasks...)
			require.True(t, isA[*hub.DependencyError](err), "%v", err)
			require.EqualError(t, err, "submit: "+want)
			require.Equal(t, "absent", stateOf(f.raw(t, "a")))
		}
	})
}

// TestCrashBeforeDependentsWereTold has a result written by another door, as a hub
// that crashed between the two steps leaves it.
func TestCrashBeforeDependentsWereTold(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"}, hub.Task{MsgID: "b", After: []string{"a"}},
			hub.Task{MsgID: "x"}, hub.Task{MsgID: "y", After: []string{"x"}}, hub.Task{MsgID: "z", After: []string{"y"}},
			hub.Task{MsgID: "p"}, hub.Task{MsgID: "q", After: []string{"p"}})
		f.claimAll(t, 3)
		require.NoError(t, f.db.UpdateRecord(t.Context(), "q", `{$set: {"hub.after": []}}`))
		require.NoError(t, f.db.UpdateRecord(t.Context(), "a", `{$set: {completed: ISODate("2026-11-22T12:00:01Z"), result_content: {status: "ok"}}}`))
		require.NoError(t, f.db.UpdateRecord(t.Context(), "x", `{$set: {completed: ISODate("2026-11-22T12:00:01Z"), result_content: {status: "error"}}}`))
		f.reopen(t)
		require.Equal(t, hub.Tended{Settled: 4}, f.tend(t))
		f.run(t, "b")
		f.run(t, "q")
		require.Equal(t, taskdb.StateAborted, f.state(t, "y"))
		require.Equal(t, taskdb.StateAborted, f.state(t, "z"))
	})
}

// TestManySubmitTheSame has several clients submit tasks in common: each task is new
// to one of them.
func TestManySubmitTheSame(t *testing.T) {
	onEachReal(t, func(t *testing.T, f *fixture) {
		const clients, tasks = 8, 50
		made := make([]int, clients)
		var group sync.WaitGroup
		for client := range clients {
			group.Go(func() {
				for i := range tasks {
					batch := []hub.Task{{MsgID: fmt.Sprint("first ", i)}, {MsgID: fmt.Sprint("second ", (i+client)%tasks)}}
					answers, err := f.Submit(t.Context(), batch...)
					if !assert.NoError(t, err) {
						return
					}
					for _, answer := range answers {
						if !answer.Existed {
							made[client]++
						}
					}
				}
			})
		}
		group.Wait()
		total := 0
		for _, n := range made {
			total += n
		}
		require.Equal(t, 2*tasks, total)
	})
}

// TestDependentComesWhileItsDependencyEnds holds that such a task is let go without
// anybody's help.
func TestDependentComesWhileItsDependencyEnds(t *testing.T) {
	onEachReal(t, func(t *testing.T, f *fixture) {
		for i := range 100 {
			first, second := fmt.Sprint("first ", i), fmt.Sprint("second ", i)
			f.submit(t, hub.Task{MsgID: first})
			lease := f.claim(t, first)
			var group sync.WaitGroup
			group.Go(func() {
				_, err := f.Finish(t.Context(), lease, ok)
				assert.NoError(t, err)
			})
			group.Go(func() {
				_, err := f.Submit(t.Context(), hub.Task{MsgID: second, After: []string{first}})
				assert.NoError(t, err)
			})
			group.Wait()
			f.run(t, second)
		}
	})
}

func TestDrainIsKept(t *testing.T) {
	onEach(t, func(t *testing.T, f *fixture) {
		f.submit(t, hub.Task{MsgID: "a"})
		require.NoError(t, f.Drain(t.Context(), "the cluster moves"))
		f.reopen(t)
		_, err := f.Submit(t.Context(), hub.Task{MsgID: "b"})
		require.True(t, isA[*hub.DrainedError](err))
		require.EqualError(t, err, "submit: the hub takes no tasks since 2026-11-22T12:00:00Z: the cluster moves")
		require.NoError(t, f.Drain(t.Context(), ""))
		_, err = f.Submit(t.Context(), hub.Task{MsgID: "b"})
		require.EqualError(t, err, "submit: the hub takes no tasks since 2026-11-22T12:00:00Z")
		_, err = f.Resubmit(t.Context(), byID("a"))
		require.True(t, isA[*hub.DrainedError](err))
		f.run(t, "a")

		require.NoError(t, f.Resume(t.Context()))
		f.submit(t, hub.Task{MsgID: "b"})
		stops, err := f.Stops(t.Context())
		require.NoError(t, err)
		require.Equal(t, hub.Stops{Paused: map[string]hub.Stop{}}, stops)
	})
}

package hub_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// stages are the places in a task's life from which each step is tried. Each makes
// the task "a" and returns the lease that it is, or was last, under.
var stages = []struct {
	name string
	make func(t *testing.T, f *fixture) hub.Lease
}{
	{"absent", func(*testing.T, *fixture) hub.Lease { return hub.Lease{MsgID: "a", ID: "none"} }},
	{"waiting", func(t *testing.T, f *fixture) hub.Lease {
		f.submit(t, hub.Task{MsgID: "a", NotBefore: noon.Add(time.Hour)})
		return hub.Lease{MsgID: "a", ID: "none"}
	}},
	{"ready", func(t *testing.T, f *fixture) hub.Lease {
		f.submit(t, hub.Task{MsgID: "a"})
		return hub.Lease{MsgID: "a", ID: "none"}
	}},
	{"leased", func(t *testing.T, f *fixture) hub.Lease {
		f.submit(t, hub.Task{MsgID: "a"})
		return f.claim(t, "a")
	}},
	{"leased, one retry left", func(t *testing.T, f *fixture) hub.Lease {
		f.submit(t, hub.Task{MsgID: "a", Retries: 1})
		return f.claim(t, "a")
	}},
	{"ready again", func(t *testing.T, f *fixture) hub.Lease {
		f.submit(t, hub.Task{MsgID: "a", Retries: 1})
		lease := f.claim(t, "a")
		f.clock.advance(time.Minute)
		require.Equal(t, 1, f.tend(t).Requeued)
		return lease
	}},
	{"leased to another", func(t *testing.T, f *fixture) hub.Lease {
		f.submit(t, hub.Task{MsgID: "a", Retries: 1})
		lease := f.claim(t, "a")
		f.clock.advance(time.Minute)
		require.Equal(t, 1, f.tend(t).Requeued)
		f.claim(t, "a")
		return lease
	}},
	{"ok", func(t *testing.T, f *fixture) hub.Lease {
		f.submit(t, hub.Task{MsgID: "a"})
		lease := f.claim(t, "a")
		f.finish(t, lease, ok)
		return lease
	}},
	{"lost", func(t *testing.T, f *fixture) hub.Lease {
		f.submit(t, hub.Task{MsgID: "a"})
		lease := f.claim(t, "a")
		f.clock.advance(time.Minute)
		require.Equal(t, 1, f.tend(t).Lost)
		return lease
	}},
	{"cancelled", func(t *testing.T, f *fixture) hub.Lease {
		f.submit(t, hub.Task{MsgID: "a"})
		lease := f.claim(t, "a")
		require.NoError(t, cancel(t.Context(), f, "a"))
		return lease
	}},
}

// steps are what is tried at each stage.
var steps = map[string]func(ctx context.Context, f *fixture, lease hub.Lease) error{
	"submit again": func(ctx context.Context, f *fixture, _ hub.Lease) error {
		_, err := f.Submit(ctx, hub.Task{MsgID: "a", Label: "another request"})
		return err
	},
	"claim": func(ctx context.Context, f *fixture, _ hub.Lease) error {
		_, err := f.Claim(ctx, hub.Claim{Engine: "e2"})
		return err
	},
	"renew": func(ctx context.Context, f *fixture, lease hub.Lease) error {
		_, err := f.Renew(ctx, lease, 0)
		return err
	},
	"output": func(ctx context.Context, f *fixture, lease hub.Lease) error {
		return f.Output(ctx, lease, hub.Output{Stdout: "so far"})
	},
	"finish ok": func(ctx context.Context, f *fixture, lease hub.Lease) error {
		_, err := f.Finish(ctx, lease, ok)
		return err
	},
	"finish failed": func(ctx context.Context, f *fixture, lease hub.Lease) error {
		_, err := f.Finish(ctx, lease, failed)
		return err
	},
	"finish aborted": func(ctx context.Context, f *fixture, lease hub.Lease) error {
		_, err := f.Finish(ctx, lease, aborted)
		return err
	},
	"return": func(ctx context.Context, f *fixture, lease hub.Lease) error {
		_, err := f.Return(ctx, lease, hub.Return{Reason: "no room"})
		return err
	},
	"time comes": func(ctx context.Context, f *fixture, _ hub.Lease) error {
		f.clock.advance(time.Hour)
		_, err := f.Tend(ctx)
		return err
	},
	"change priority": func(ctx context.Context, f *fixture, _ hub.Lease) error {
		answers, err := f.ChangePriority(ctx, byID("a"), 7)
		if err != nil {
			return err
		}
		return answers[0].Err
	},
	"cancel": func(ctx context.Context, f *fixture, _ hub.Lease) error { return cancel(ctx, f, "a") },
	"resubmit": func(ctx context.Context, f *fixture, _ hub.Lease) error {
		_, err := f.Resubmit(ctx, byID("a"))
		return err
	},
	"purge": func(ctx context.Context, f *fixture, _ hub.Lease) error {
		_, err := f.Purge(ctx, hub.Purge{Selection: byID("a")})
		return err
	},
}

// The refusals, by the names that the table of the test uses.
var refusals = map[string]func(err error) bool{
	"absent":      is(taskdb.ErrNotFound),
	"none":        is(hub.ErrNoTask),
	"not waiting": is(hub.ErrNotWaiting),
	"conflict":    isA[*hub.ConflictError],
	"lease":       isA[*hub.LeaseError],
	"finished":    isA[*hub.FinishedError],
	"unfinished":  isA[*taskdb.UnfinishedError],
}

// TestLife tries every step at every stage of a task's life: what becomes of the
// task, or with which error the step is refused, "!", and the task unchanged.
func TestLife(t *testing.T) {
	names := []string{"absent", "waiting", "ready", "leased", "leased, one retry left", "ready again", "leased to another", "ok", "lost", "cancelled"}
	require.Len(t, stages, len(names))
	table := map[string][]string{
		"submit again":    {"pending", "!conflict", "!conflict", "!conflict", "!conflict", "!conflict", "!conflict", "!conflict", "!conflict", "!conflict"},
		"claim":           {"!none", "!none", "running", "!none", "!none", "running", "!none", "!none", "!none", "!none"},
		"renew":           {"!absent", "!lease", "!lease", "running", "running", "!lease", "!lease", "!finished", "!finished", "!finished"},
		"output":          {"!absent", "!lease", "!lease", "running", "running", "!lease", "!lease", "!finished", "!finished", "!finished"},
		"finish ok":       {"!absent", "!lease", "!lease", "ok", "ok", "!lease", "!lease", "!finished", "!finished", "!finished"},
		"finish failed":   {"!absent", "!lease", "!lease", "failed", "pending", "!lease", "!lease", "!finished", "!finished", "!finished"},
		"finish aborted":  {"!absent", "!lease", "!lease", "aborted", "aborted", "!lease", "!lease", "!finished", "!finished", "!finished"},
		"return":          {"!absent", "!lease", "!lease", "pending", "pending", "!lease", "!lease", "!finished", "!finished", "!finished"},
		"time comes":      {"absent", "pending", "pending", "failed", "pending", "pending", "failed", "ok", "failed", "aborted"},
		"change priority": {"!absent", "pending", "pending", "!not waiting", "!not waiting", "pending", "!not waiting", "!finished", "!finished", "!finished"},
		"cancel":          {"!absent", "aborted", "aborted", "aborted", "aborted", "aborted", "aborted", "!finished", "!finished", "!finished"},
		"resubmit":        {"!absent", "pending", "pending", "running", "running", "pending", "running", "ok", "failed", "aborted"},
		"purge":           {"absent", "!unfinished", "!unfinished", "!unfinished", "!unfinished", "!unfinished", "!unfinished", "absent", "absent", "absent"},
	}
	require.Len(t, table, len(steps))
	for kind, open := range stores {
		for name, step := range steps {
			for i, stage := range stages {
				require.Equal(t, names[i], stage.name)
				t.Run(kind+"/"+stage.name+"/"+name, func(t *testing.T) {
					f := newFixture(t, open(t))
					lease := stage.make(t, f)
					before, _ := f.db.GetRaw(t.Context(), "a")
					err := step(t.Context(), f, lease)
					after, _ := f.db.GetRaw(t.Context(), "a")
					if want := table[name][i]; want[0] == '!' {
						require.Error(t, err)
						require.True(t, refusals[want[1:]](err), "%T: %v", err, err)
						require.Equal(t, before, after)
					} else {
						require.NoError(t, err)
						require.Equal(t, want, stateOf(after))
					}
				})
			}
		}
	}
}

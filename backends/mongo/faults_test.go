package mongo_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"

	"github.com/taskdb/taskdb/backends/mongo"
	"github.com/taskdb/taskdb/internal/mongotest"
	"github.com/taskdb/taskdb/taskdb"
)

// pool counts connections.
type pool struct{ opened, closed, out, in atomic.Int64 }

func (p *pool) monitor() *event.PoolMonitor {
	return &event.PoolMonitor{Event: func(e *event.PoolEvent) {
		switch e.Type {
		case event.ConnectionCreated:
			p.opened.Add(1)
		case event.ConnectionClosed:
			p.closed.Add(1)
		case event.ConnectionCheckedOut:
			p.out.Add(1)
		case event.ConnectionCheckedIn:
			p.in.Add(1)
		}
	}}
}

// requireAllBack tests that all connections were given back and are closed.
func (p *pool) requireAllBack(t *testing.T) {
	t.Helper()
	require.Equal(t, p.out.Load(), p.in.Load(), "given back")
	require.Equal(t, p.opened.Load(), p.closed.Load(), "closed")
}

// faulty is a store over connections that can be cut.
type faulty struct {
	db    *taskdb.DB
	proxy *mongotest.Proxy

	// cut is where the connection ends over which the next command of this name goes.
	mu      sync.Mutex
	command string
	cut     mongotest.Cut
}

// openFaulty opens the store that a DB of own is of, over connections that can be cut.
func openFaulty(t *testing.T, own ownStore, options string) *faulty {
	f := &faulty{}
	var err error
	f.proxy, err = mongotest.NewProxy(server.URL, f.next)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.proxy.Close()) })
	var connections pool
	store, err := mongo.OpenMonitored(t.Context(), f.proxy.URL+options, nil, connections.monitor())
	require.NoError(t, err)
	f.db = taskdb.NewDB(ownStore{store, own.prefix})
	t.Cleanup(func() {
		require.NoError(t, f.db.Close())
		connections.requireAllBack(t)
	})
	return f
}

func (f *faulty) next(command bson.Raw) mongotest.Cut {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.command != mongotest.NameOf(command) {
		return mongotest.Nowhere
	}
	f.command = ""
	return f.cut
}

// at cuts the connection over which the next command of a name goes.
func (f *faulty) at(command string, cut mongotest.Cut) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.command, f.cut = command, cut
}

// wasDone tells whether a server does a command over whose connection there is a cut.
func wasDone(cut mongotest.Cut) bool {
	return cut == mongotest.InReply || cut == mongotest.AfterCommand || cut == mongotest.Silence
}

// change is something to do that must not be done twice, and how often it was.
type change struct {
	command string
	do      func(ctx context.Context, db *taskdb.DB) error
	times   func(ctx context.Context, db *taskdb.DB) (int64, error)
}

var changesOnce = map[string]change{
	"add": {
		"insert",
		func(ctx context.Context, db *taskdb.DB) error { return db.Add(ctx, &taskdb.TaskRecord{MsgID: "new"}) },
		func(ctx context.Context, db *taskdb.DB) (int64, error) {
			return db.Count(ctx, taskdb.Query{Filter: `{msg_id: "new"}`})
		},
	},
	"update": {
		"update",
		func(ctx context.Context, db *taskdb.DB) error { return db.UpdateRecord(ctx, "a", `{$inc: {n: 1}}`) },
		timesN,
	},
	"update many": {
		"update",
		func(ctx context.Context, db *taskdb.DB) error {
			_, err := db.Update(ctx, taskdb.Update{Filter: `{msg_id: "a"}`, Update: `{$inc: {n: 1}}`, Many: true})
			return err
		},
		timesN,
	},
	"find and modify": {
		"findAndModify",
		func(ctx context.Context, db *taskdb.DB) error {
			_, err := db.FindAndModify(ctx, taskdb.Update{Filter: `{msg_id: "a"}`, Update: `{$inc: {n: 1}}`}, taskdb.Found{Projection: `{}`})
			return err
		},
		timesN,
	},
	"append": {
		"update",
		func(ctx context.Context, db *taskdb.DB) error { return db.AppendList(ctx, "a", "list", 1) },
		func(ctx context.Context, db *taskdb.DB) (int64, error) {
			doc, err := db.GetRaw(ctx, "a")
			if err != nil {
				return 0, err
			}
			values, err := doc.Lookup("list").Array().Values()
			return int64(len(values)), err
		},
	},
	"delete": {
		"delete",
		func(ctx context.Context, db *taskdb.DB) error {
			_, err := db.Delete(ctx, taskdb.Delete{Filter: `{queue: "task"}`})
			return err
		},
		func(ctx context.Context, db *taskdb.DB) (int64, error) {
			n, err := db.Count(ctx, taskdb.Query{Filter: `{queue: "task"}`})
			return 3 - n, err
		},
	},
}

// timesN is how often the record a has counted.
func timesN(ctx context.Context, db *taskdb.DB) (int64, error) {
	doc, err := db.GetRaw(ctx, "a")
	if err != nil {
		return 0, err
	}
	n, _ := doc.Lookup("n").AsInt64OK()
	return n, nil
}

// addSome stores what the changes are of.
func addSome(t *testing.T, db *taskdb.DB) {
	require.NoError(t, db.AddRaw(t.Context(), doc(t, `{msg_id: "a", n: 0, list: []}`),
		doc(t, `{msg_id: "b", queue: "task"}`), doc(t, `{msg_id: "c", queue: "task"}`), doc(t, `{msg_id: "d", queue: "task"}`)))
}

func TestAChangeOverAConnectionThatIsCutIsDoneOnceOrNot(t *testing.T) {
	for place, cut := range mongotest.Cuts {
		for name, change := range changesOnce {
			t.Run(place+"/"+name, func(t *testing.T) {
				own, direct := openBoth(t)
				addSome(t, direct)
				f := openFaulty(t, own, "")
				_, err := f.db.Get(t.Context(), "a")
				require.NoError(t, err)
				requireOnce(t, direct, f, change, cut)
			})
		}
	}
}

// requireOnce tests that a change fails over whose connection there is a cut, and that
// it was done as often as the server did it.
func requireOnce(t *testing.T, direct *taskdb.DB, f *faulty, c change, cut mongotest.Cut) {
	t.Helper()
	f.at(c.command, cut)
	err := c.do(t.Context(), f.db)
	require.ErrorIs(t, err, taskdb.ErrUnreachable)
	require.ErrorContains(t, err, "may have done what it was asked")
	n, err := c.times(t.Context(), direct)
	require.NoError(t, err)
	want := int64(0)
	if wasDone(cut) {
		want = 1
	}
	require.Equal(t, want, n)
}

func TestAnAdditionWhoseReplyIsLostExists(t *testing.T) {
	t.Parallel()
	own, _ := openBoth(t)
	f := openFaulty(t, own, "")
	require.NoError(t, f.db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "first"}))
	f.at("insert", mongotest.AfterCommand)
	require.ErrorIs(t, f.db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"}), taskdb.ErrUnreachable)
	require.ErrorIs(t, f.db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "a"}), taskdb.ErrExists)
}

func TestAQuestionOverAConnectionThatIsCutIsAskedAgain(t *testing.T) {
	t.Parallel()
	own, direct := openBoth(t)
	addSome(t, direct)
	f := openFaulty(t, own, "")
	for place, cut := range mongotest.Cuts {
		f.at("find", cut)
		_, err := f.db.GetRaw(t.Context(), "a")
		require.NoError(t, err, place)
	}
	f.at("aggregate", mongotest.AfterCommand)
	n, err := f.db.Count(t.Context(), taskdb.Query{})
	require.NoError(t, err)
	require.EqualValues(t, 4, n)
}

// The rest of a scan is asked for over a connection that remembers it. It is not
// begun again, which would show records twice.
func TestAScanWhoseConnectionIsCutEndsWithAnError(t *testing.T) {
	own, direct := openBoth(t)
	for i := range 3 {
		docs := make([]bson.Raw, 100)
		for j := range docs {
			docs[j] = doc(t, fmt.Sprintf(`{_id: %d, label: "x"}`, 100*i+j))
		}
		require.NoError(t, direct.AddRaw(t.Context(), docs...))
	}
	f := openFaulty(t, own, "")
	f.at("getMore", mongotest.AfterCommand)
	seen := map[int32]bool{}
	var failed error
	for doc, err := range f.db.FindRaw(t.Context(), taskdb.Query{Projection: `{_id: 1}`}) {
		if failed = err; err == nil {
			id := doc.Lookup("_id").Int32()
			require.False(t, seen[id])
			seen[id] = true
		}
	}
	require.ErrorIs(t, failed, taskdb.ErrUnreachable)
	require.Len(t, seen, 101)
}

func TestAServerThatIsSilentIsGivenUpInTime(t *testing.T) {
	t.Parallel()
	own, direct := openBoth(t)
	addSome(t, direct)
	f := openFaulty(t, own, "?timeoutMS=300")
	requireOnce(t, direct, f, changesOnce["update"], mongotest.Silence)
	f.at("find", mongotest.Silence)
	_, err := f.db.GetRaw(t.Context(), "a")
	require.ErrorIs(t, err, taskdb.ErrUnreachable)
	_, err = f.db.GetRaw(t.Context(), "a")
	require.NoError(t, err)
}

func TestWorkGoesOnWhenAServerIsBackThatWasKilled(t *testing.T) {
	server, err := mongotest.StartOwn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Stop()) })
	before := runtime.NumGoroutine()
	var connections pool
	store, err := mongo.OpenMonitored(t.Context(), strings.TrimSuffix(server.URL, "/")+"/?serverSelectionTimeoutMS=5000", nil, connections.monitor())
	require.NoError(t, err)
	db := taskdb.NewDB(store)
	require.NoError(t, db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "first"}))

	const workers = 4
	var all sync.WaitGroup
	var added [workers]int
	var failures atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	steps := make(chan struct{}, 1000)
	for worker := range workers {
		all.Go(func() {
			for ; ctx.Err() == nil; added[worker]++ {
				if !addOnce(t, db, fmt.Sprintf("%d-%d", worker, added[worker]), &failures) {
					return
				}
				select {
				case steps <- struct{}{}:
				default:
				}
			}
		})
	}
	work := func(n int) {
		for range n {
			<-steps
		}
	}
	for range 2 {
		work(20)
		require.NoError(t, server.Kill())
		for len(steps) > 0 { // what was done before
			<-steps
		}
		require.NoError(t, server.Restart(t.Context()))
		work(20)
	}
	stop()
	all.Wait()
	require.Positive(t, failures.Load(), "nobody noticed that the server was away")

	ids := map[string]int{}
	for record, err := range db.Find(t.Context(), taskdb.Query{Keys: []string{"msg_id"}}) {
		require.NoError(t, err)
		ids[record.MsgID]++
	}
	want := map[string]int{"first": 1}
	for worker, n := range added {
		for i := range n {
			want[fmt.Sprintf("%d-%d", worker, i)] = 1
		}
	}
	require.Equal(t, want, ids)
	require.NoError(t, db.Close())
	connections.requireAllBack(t)
	// One is the condition's own.
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 }, 5*time.Second, time.Millisecond)
}

// addOnce adds a task until it is there, and tells whether it is.
func addOnce(t *testing.T, db *taskdb.DB, id string, failures *atomic.Int64) bool {
	for {
		err := db.Add(t.Context(), &taskdb.TaskRecord{MsgID: id})
		if err == nil || errors.Is(err, taskdb.ErrExists) {
			return true
		}
		failures.Add(1)
		if !assert.ErrorIs(t, err, taskdb.ErrUnreachable) {
			return false
		}
	}
}

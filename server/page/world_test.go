//go:build browser

package page_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	_ "github.com/taskdb/taskdb/backends/sqlite"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/server/httpapi"
	"github.com/taskdb/taskdb/server/page"
	"github.com/taskdb/taskdb/taskdb"
)

// world is a hub with a page to look at.
type world struct {
	hub    *hub.Hub
	db     *taskdb.DB
	server *httptest.Server
	clock  atomic.Int64 // milliseconds before now
}

// newWorld makes a hub on an empty store, and serves it.
func newWorld(t *testing.T, options httpapi.Options) *world {
	db, err := taskdb.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "tasks.db")+"?durability=off")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return serve(t, db, options)
}

// serve makes a hub on a store, and serves it.
func serve(t *testing.T, db *taskdb.DB, options httpapi.Options) *world {
	w := &world{db: db}
	var err error
	w.hub, err = hub.Open(t.Context(), db, hub.Options{Now: w.now})
	require.NoError(t, err)
	options.Page = page.Handler()
	handler, err := httpapi.New(w.hub, db, options)
	require.NoError(t, err)
	w.server = httptest.NewServer(handler)
	t.Cleanup(w.server.Close)
	t.Cleanup(w.server.CloseClientConnections) // of a stream that does not end by itself
	return w
}

func (w *world) now() time.Time {
	return time.Now().Add(-time.Duration(w.clock.Load()) * time.Millisecond)
}

// some has the world hold 120 tasks, t-001 to t-120, submitted a minute apart, by
// turns with the labels fit and render: 80 are finished, of which each tenth failed,
// 5 run, and 35 wait.
func (w *world) some(t *testing.T) {
	for i := 1; i <= 120; i++ {
		w.clock.Store(int64(121-i) * 60_000)
		label := []string{"render", "fit"}[i%2]
		_, err := w.hub.Submit(t.Context(), hub.Task{MsgID: fmt.Sprintf("t-%03d", i), Label: label, Queue: "q"})
		require.NoError(t, err)
	}
	w.clock.Store(30_000)
	for i := 1; i <= 85; i++ {
		claimed, err := w.hub.Claim(t.Context(), hub.Claim{Engine: fmt.Sprintf("e%d", i%4), Queues: []string{"q"}, Lease: time.Hour})
		require.NoError(t, err)
		if i > 80 {
			continue
		}
		result := hub.Result{Status: hub.OutcomeOK}
		if i%10 == 0 {
			result = hub.Result{Status: hub.OutcomeError, EName: "ValueError", EValue: "input contains NaN", Traceback: traceback}
		}
		_, err = w.hub.Finish(t.Context(), claimed.Lease, result)
		require.NoError(t, err)
	}
	w.clock.Store(0)
}

// job is a kind of work that the world has.
type job struct {
	label, queue, code string
	took               time.Duration
}

var jobs = []job{
	{"fit-ridge", "cpu", "fit(data['train'], model='ridge', alpha=0.1)", 40 * time.Second},
	{"fit-forest", "cpu", "fit(data['train'], model='forest', trees=400)", 110 * time.Second},
	{"render-frame", "gpu", "render(scene, frame=frame, samples=512)", 75 * time.Second},
	{"simulate-orbit", "cpu", "simulate(bodies, dt=1e-3, steps=200_000)", 55 * time.Second},
	{"resize-images", "", "[resize(image, (512, 512)) for image in batch]", 12 * time.Second},
}

var traceback = []string{
	"\x1b[0;31m---------------------------------------------------------------------------\x1b[0m",
	"\x1b[0;31mValueError\x1b[0m                                Traceback (most recent call last)",
	"Cell \x1b[0;32mIn[4], line 12\x1b[0m\n\x1b[1;32m     10\x1b[0m \x1b[38;5;28;01mdef\x1b[39;00m \x1b[38;5;21mfit\x1b[39m(frame, model):\n" +
		"\x1b[1;32m     11\x1b[0m     x, y = split(frame)\n\x1b[0;32m---> 12\x1b[0m     \x1b[38;5;28;01mreturn\x1b[39;00m estimators[model].fit(x, y)",
	"File \x1b[0;32m/usr/lib/python3/dist-packages/models/linear.py:88\x1b[0m, in \x1b[0;36mRidge.fit\x1b[1;34m(self, x, y)\x1b[0m\n" +
		"\x1b[0;32m---> 88\x1b[0m     \x1b[38;5;28;01mraise\x1b[39;00m \x1b[38;5;167;01mValueError\x1b[39;00m(\x1b[38;5;124m\"input contains NaN\"\x1b[39m)",
	"\x1b[0;31mValueError\x1b[0m: input contains NaN",
}

// engine is what works in the world.
type engine struct {
	name, queue string
	held        *hub.Claimed
	began, done time.Time
}

// live has the world work for a time that ends now: tasks come in, engines claim and
// finish them, some fail, and some are lost. It is the same each time, but for the ids.
func (w *world) live(t *testing.T, length time.Duration) {
	random := rand.New(rand.NewPCG(7, 11))
	engines := []*engine{}
	for i, queue := range []string{"cpu", "cpu", "cpu", "cpu", "gpu", "gpu", ""} {
		engines = append(engines, &engine{name: fmt.Sprintf("%s-%02d", map[string]string{"": "edge"}[queue]+queue, i+1), queue: queue})
	}
	const tick = 4 * time.Second
	for left := length; left >= 0; left -= tick {
		w.clock.Store(left.Milliseconds())
		if random.Float64() < 0.42 {
			w.submit(t, random)
		}
		for _, e := range engines {
			w.work(t, e, random)
		}
		_, err := w.hub.Tend(t.Context())
		require.NoError(t, err)
	}
	w.clock.Store(0)
}

func (w *world) submit(t *testing.T, random *rand.Rand) {
	job := jobs[random.IntN(len(jobs))]
	task := hub.Task{
		Label: job.label, Queue: job.queue, Retries: random.Int64N(2), Priority: random.Int64N(3), ClientUUID: "notebook-ada",
		Header:   document(t, bson.D{{Key: "msg_type", Value: "execute_request"}, {Key: "username", Value: "ada"}, {Key: "session", Value: "notebook-ada"}}),
		Content:  document(t, bson.D{{Key: "code", Value: job.code}, {Key: "silent", Value: false}}),
		Metadata: document(t, bson.D{{Key: "project", Value: "orbit"}}),
		Buffers:  [][]byte{[]byte("pickled function"), make([]byte, 6_000)},
	}
	_, err := w.hub.Submit(t.Context(), task)
	require.NoError(t, err)
}

func (w *world) work(t *testing.T, e *engine, random *rand.Rand) {
	now := w.now()
	if e.held == nil {
		claimed, err := w.hub.Claim(t.Context(), hub.Claim{Engine: e.name, Queues: []string{e.queue}, Lease: 10 * time.Minute})
		if errors.Is(err, hub.ErrNoTask) {
			return
		}
		require.NoError(t, err)
		length := time.Duration(float64(tookOf(claimed.Record.Label)) * (0.5 + random.ExpFloat64()*0.6))
		e.held, e.began, e.done = claimed, now, now.Add(length)
		w.say(t, e, "loaded 3 files\nepoch 1  loss 0.8123\nepoch 2  loss 0.5310\n")
		return
	}
	if now.Before(e.done) {
		return
	}
	_, err := w.hub.Finish(t.Context(), e.held.Lease, result(t, e, now, random))
	require.NoError(t, err)
	e.held = nil
}

func (w *world) say(t *testing.T, e *engine, text string) {
	require.NoError(t, w.hub.Output(t.Context(), e.held.Lease, hub.Output{Stdout: text}))
}

func tookOf(label string) time.Duration {
	for _, job := range jobs {
		if job.label == label {
			return job.took
		}
	}
	return time.Second
}

func result(t *testing.T, e *engine, now time.Time, random *rand.Rand) hub.Result {
	switch p := random.Float64(); {
	case p < 0.10:
		return hub.Result{Status: hub.OutcomeError, EName: "ValueError", EValue: "input contains NaN", Traceback: traceback, Started: e.began, Completed: now}
	case p < 0.13:
		return hub.Result{Status: hub.OutcomeAborted, Reason: "the engine was shut down", Started: e.began, Completed: now}
	}
	return hub.Result{
		Status: hub.OutcomeOK, Started: e.began, Completed: now, Buffers: [][]byte{make([]byte, 2048)},
		Content: document(t, bson.D{{Key: "execution_count", Value: 4}, {Key: "score", Value: 0.934}}),
	}
}

func document(t *testing.T, value bson.D) bson.Raw {
	raw, err := bson.Marshal(value)
	require.NoError(t, err)
	return raw
}

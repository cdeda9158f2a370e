package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
)

// site is a hub that many engines and clients ask over HTTP, and what they know to
// have happened. The hub may be killed and come back at another address.
type site struct {
	address atomic.Pointer[string]
	client  *http.Client
	tasks   int

	mu       sync.Mutex
	moment   int               // counts what is written here
	leases   map[string]*held  // by id
	finished map[string]string // the lease under which a task was finished
	dead     int               // leases that were given up without a word
	more     chan struct{}     // closed when another task is finished
}

// held is a lease as its engine knows it.
type held struct {
	msgID string
	from  int // a moment at which it had been given the lease
	until int // the last moment at which it had still to lose it
}

func newSite(tasks int) *site {
	return &site{
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		tasks:  tasks, leases: map[string]*held{}, finished: map[string]string{}, more: make(chan struct{}),
	}
}

// ask sends a request and reads the answer: a *api.Problem if it is one. It asks
// again as long as there is no server.
func (s *site) ask(ctx context.Context, method, path string, question, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	for {
		r, err := http.NewRequestWithContext(ctx, method, *s.address.Load()+path, bytes.NewReader(body))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		response, err := s.client.Do(r)
		if err == nil {
			if err, whole := readAnswer(response, answer); whole {
				return err
			}
		}
		select { // the server was killed: what it was asked may have been done or not
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(time.Millisecond):
		}
	}
}

// readAnswer reads an answer, and tells whether it came whole.
func readAnswer(response *http.Response, answer any) (err error, whole bool) {
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	switch {
	case err != nil:
		return err, false
	case response.StatusCode >= 400:
		p := new(api.Problem)
		if err := json.Unmarshal(text, p); err != nil {
			return fmt.Errorf("%s: %q: %w", response.Status, text, err), true
		}
		return p, true
	case len(text) > 0 && answer != nil:
		return json.Unmarshal(text, answer), true
	}
	return nil, true
}

// submit submits the tasks of the site.
func (s *site) submit(ctx context.Context) error {
	const together = 1000
	for from := 0; from < s.tasks; from += together {
		var batch api.Submission
		for i := from; i < min(from+together, s.tasks); i++ {
			batch.Tasks = append(batch.Tasks, api.Task{
				MsgID: fmt.Sprintf("task-%05d", i), Queue: fmt.Sprint("q", i%3), Priority: int64(i % 5), Retries: 1_000,
			})
		}
		if err := s.ask(ctx, "POST", "/v1/tasks", batch, nil); err != nil {
			return err
		}
	}
	return nil
}

// engine claims, renews and finishes tasks until all are finished. One in ten it gives
// up without a word, as an engine that dies.
func (s *site) engine(ctx context.Context, name string) error {
	claim := api.Claim{Engine: name, Queues: []string{"q0", "q1", "q2"}, Wait: "200ms"}
	for !s.done() {
		var claimed api.Claimed
		if err := s.ask(ctx, "POST", "/v1/claims", claim, &claimed); err != nil {
			return err
		}
		lease := claimed.Lease
		if lease.ID == "" {
			continue
		}
		if err := s.claimed(lease); err != nil {
			return err
		}
		if err := s.use(ctx, lease, "renew", api.Renewal{MsgID: lease.MsgID}); err != nil {
			return err
		}
		if rand.IntN(10) == 0 {
			s.died()
			continue
		}
		if err := s.use(ctx, lease, "finish", api.Completion{MsgID: lease.MsgID, Status: "ok"}); err != nil {
			return err
		}
	}
	return nil
}

func (s *site) claimed(lease api.Lease) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if other, twice := s.leases[lease.ID]; twice {
		return fmt.Errorf("lease %q was given for %q and %q", lease.ID, other.msgID, lease.MsgID)
	}
	s.moment++
	s.leases[lease.ID] = &held{msgID: lease.MsgID, from: s.moment}
	return nil
}

func (s *site) died() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead++
}

// use renews or finishes a lease. That it has run out is no error.
func (s *site) use(ctx context.Context, lease api.Lease, verb string, question any) error {
	s.mu.Lock()
	s.moment++
	before := s.moment
	s.mu.Unlock()
	err := s.ask(ctx, "POST", "/v1/leases/"+lease.ID+"/"+verb, question, nil)
	if p, is := errors.AsType[*api.Problem](err); is {
		mine := p.Kind == api.KindFinished && p.Lease == lease.ID // the first answer was lost
		switch {
		case !mine && (p.Kind == api.KindLease || p.Kind == api.KindFinished):
			return nil
		case mine:
			err = nil
		}
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leases[lease.ID].until = before
	if verb == "renew" {
		return nil
	}
	if other, twice := s.finished[lease.MsgID]; twice {
		return fmt.Errorf("task %q was finished under %q and %q", lease.MsgID, other, lease.ID)
	}
	s.finished[lease.MsgID] = lease.ID
	close(s.more)
	s.more = make(chan struct{})
	return nil
}

// asker asks about tasks until all are finished: again whenever 50 more are, so that
// engines get to work on a slow machine too.
func (s *site) asker(ctx context.Context) error {
	for !s.done() {
		msgID := fmt.Sprintf("task-%05d", rand.IntN(s.tasks))
		finished := s.knows(msgID)
		var view api.TaskView
		if err := s.ask(ctx, "GET", "/v1/tasks/"+msgID, nil, &view); err != nil {
			return err
		}
		if finished && view.State != "ok" {
			return fmt.Errorf("task %q was finished, and is %s", msgID, view.State)
		}
		q := questions[rand.IntN(len(questions))]
		if err := s.ask(ctx, q.method, q.path, q.question, nil); err != nil {
			return err
		}
		if err := s.await(ctx, min(s.count()+50, s.tasks)); err != nil {
			return err
		}
	}
	return nil
}

// questions are what clients ask while engines work.
var questions = []struct {
	method, path string
	question     any
}{
	{"POST", "/v1/tasks/query", api.Query{State: "ok", Limit: 10, Sort: api.Expression{Text: "{completed: -1}"}}},
	{"POST", "/v1/tasks/query", api.Query{Filter: api.Expression{Text: "{queue: 'q1', completed: null}"}, Limit: 10}},
	{"POST", "/v1/tasks/count", api.Query{Filter: api.Expression{Text: `{"hub.lease.until": {$exists: true}}`}}},
	{"POST", "/v1/tasks/fetch", api.Fetch{MsgIDs: []string{"task-00000", "task-00001", "none"}, Wait: "10ms"}},
	{"GET", "/v1/counts", nil},
	{"GET", "/v1/status", nil},
}

// knows tells whether a task is known to be finished.
func (s *site) knows(msgID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, finished := s.finished[msgID]
	return finished
}

func (s *site) done() bool { return s.count() == s.tasks }

func (s *site) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.finished)
}

// await waits until so many tasks are finished.
func (s *site) await(ctx context.Context, n int) error {
	for {
		s.mu.Lock()
		finished, more := len(s.finished), s.more
		s.mu.Unlock()
		if finished >= n {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// records reads all records of the site, page by page.
func (s *site) records(ctx context.Context) (records []bson.Raw, err error) {
	q := api.Query{Limit: 1000}
	for {
		var page api.Page
		if err := s.ask(ctx, "POST", "/v1/tasks/query", q, &page); err != nil {
			return nil, err
		}
		for _, record := range page.Records {
			records = append(records, bson.Raw(record))
		}
		if q.Page = page.Next; q.Page == "" {
			return records, nil
		}
	}
}

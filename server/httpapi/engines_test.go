package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/server/httpapi"
	"github.com/taskdb/taskdb/taskdb"
)

const (
	siteEngines = 16
	siteAskers  = 4
)

// storeOfServer names, in the environment of a process of this test, the store that
// it is to serve.
const storeOfServer = "TASKDB_TEST_SERVE"

func TestMain(m *testing.M) {
	if store := os.Getenv(storeOfServer); store != "" {
		if err := serveUntilKilled(store); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// serveUntilKilled serves a store, and tells the address.
func serveUntilKilled(store string) error {
	ctx := context.Background()
	db, err := taskdb.Open(ctx, store)
	if err != nil {
		return err
	}
	handler, tend, err := hubOver(ctx, db)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go tend(ctx)
	fmt.Printf("http://%s\n", listener.Addr())
	return http.Serve(listener, handler)
}

// hubOver is a hub with short leases, and what has to be called that they run out.
func hubOver(ctx context.Context, db *taskdb.DB) (handler http.Handler, tend func(context.Context), err error) {
	h, err := hub.Open(ctx, db, hub.Options{Lease: time.Second})
	if err != nil {
		return nil, nil, err
	}
	handler, err = httpapi.New(h, db, httpapi.Options{})
	return handler, func(ctx context.Context) {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			_, _ = h.Tend(ctx) // what failed is due again
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}, err
}

// run has engines work and clients ask, until all tasks are finished.
func (s *site) run(ctx context.Context) error {
	failures := make([]error, siteEngines+siteAskers)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group sync.WaitGroup
	for i := range failures {
		group.Go(func() {
			if i < siteEngines {
				failures[i] = s.engine(ctx, fmt.Sprint("engine-", i))
			} else {
				failures[i] = s.asker(ctx)
			}
			if failures[i] != nil {
				cancel() // the others would wait in vain
			}
		})
	}
	group.Wait()
	return errors.Join(failures...)
}

// check holds that every task ended once, under its last lease, that its attempts add
// up, and that no two leases of it held at a time.
func (s *site) check(t *testing.T) (attempts int) {
	records, err := s.records(t.Context())
	require.NoError(t, err)
	require.Len(t, records, s.tasks)
	for _, doc := range records {
		var record taskdb.TaskRecord
		require.NoError(t, record.UnmarshalBSON(doc))
		require.Equal(t, taskdb.StateOK, taskdb.StateOf(doc), record.MsgID)
		notes, err := hub.NotesOf(&record)
		require.NoError(t, err)
		require.Nil(t, notes.Lease)
		last := len(notes.Attempts) - 1
		for i, attempt := range notes.Attempts {
			attempts++
			if i == last {
				require.Equal(t, hub.OutcomeOK, attempt.Outcome)
				require.Equal(t, s.finished[record.MsgID], attempt.Lease)
				continue
			}
			require.Equal(t, hub.OutcomeLost, attempt.Outcome)
			this, next := s.leases[attempt.Lease], s.leases[notes.Attempts[i+1].Lease]
			if this != nil && next != nil { // else the answer to the claim was lost
				require.Less(t, this.until, next.from, "two leases of %s held at a time", record.MsgID)
			}
		}
		require.EqualValues(t, 1_000-last, notes.RetriesLeft())
	}
	return attempts
}

// TestEngines has 16 engines claim tasks over HTTP while clients ask, and one in ten
// dies after its claim.
func TestEngines(t *testing.T) {
	for name, store := range stores {
		t.Run(name, func(t *testing.T) {
			db, err := taskdb.Open(t.Context(), store(t))
			require.NoError(t, err)
			defer func() { require.NoError(t, db.Close()) }()
			handler, tend, err := hubOver(t.Context(), db)
			require.NoError(t, err)
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			server := &http.Server{Handler: handler}
			ctx, cancel := context.WithCancel(t.Context())
			var group sync.WaitGroup
			group.Go(func() { tend(ctx) })
			group.Go(func() { _ = server.Serve(listener) })
			defer group.Wait()
			defer cancel()
			defer server.Close()

			s := newSite(siteTasks)
			address := "http://" + listener.Addr().String()
			s.address.Store(&address)
			defer s.client.CloseIdleConnections()
			require.NoError(t, s.submit(t.Context()))
			require.NoError(t, s.run(t.Context()))
			require.Positive(t, s.dead)
			require.Equal(t, len(s.leases), s.check(t), "every claim is an attempt, and every attempt was claimed")
			require.GreaterOrEqual(t, len(s.leases), siteTasks+s.dead)
		})
	}
}

// TestServerIsKilled has the server killed in the midst of the work, twice, and holds
// that nothing that it acknowledged is missing, and that the work comes to its end.
func TestServerIsKilled(t *testing.T) {
	store := "sqlite:" + filepath.Join(t.TempDir(), "tasks.db")
	s := newSite(siteTasks)
	defer s.client.CloseIdleConnections()
	kill := s.start(t, store)
	require.NoError(t, s.submit(t.Context()))
	var group sync.WaitGroup
	var failure error
	group.Go(func() { failure = s.run(t.Context()) })
	for _, at := range []int{siteTasks / 3, siteTasks * 2 / 3} {
		require.NoError(t, s.await(t.Context(), at))
		kill()
		kill = s.start(t, store)
	}
	group.Wait()
	require.NoError(t, failure)
	require.GreaterOrEqual(t, s.check(t), len(s.leases), "every claim is an attempt; the answers to some were lost")
	kill()
}

// start starts a server in a process of its own, and returns what kills it.
func (s *site) start(t *testing.T, store string) (kill func()) {
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), storeOfServer+"="+store)
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	var once sync.Once
	kill = func() {
		once.Do(func() {
			_ = command.Process.Kill()
			_ = command.Wait()
		})
	}
	t.Cleanup(kill)
	address, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	address = strings.TrimSpace(address)
	s.address.Store(&address)
	return kill
}

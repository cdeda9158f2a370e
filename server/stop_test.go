package server_test

import (
	"bufio"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

// TestStopLosesNothing holds that of what many clients submit while the server stops
// all is stored that was acknowledged, and that nothing else keeps it from stopping.
func TestStopLosesNothing(t *testing.T) {
	url := "sqlite:" + filepath.ToSlash(filepath.Join(t.TempDir(), "tasks.db"))
	db, err := taskdb.Open(t.Context(), url)
	require.NoError(t, err)
	s := start(t, db, options(t))
	var (
		group        sync.WaitGroup
		mu           sync.Mutex
		acknowledged []string
	)
	for client := range 8 {
		group.Go(func() {
			for n := 0; ; n++ {
				id := fmt.Sprintf("%d-%d", client, n)
				status, _, err := s.send(t.Context(), "POST", "/v1/tasks", `{"tasks": [{"msg_id": "`+id+`"}]}`)
				if err != nil || status != http.StatusCreated {
					return // the server has stopped
				}
				mu.Lock()
				acknowledged = append(acknowledged, id)
				if len(acknowledged) == 200 {
					s.stop()
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	require.NoError(t, s.end())
	require.GreaterOrEqual(t, len(acknowledged), 200)
	require.NoError(t, db.Close())

	again, err := taskdb.Open(t.Context(), url)
	require.NoError(t, err)
	defer again.Close()
	for _, id := range acknowledged {
		_, err := again.GetRaw(t.Context(), id)
		require.NoError(t, err)
	}
}

// TestStopAnswersThoseWhoWait holds that who waits for something when the server stops
// is answered as if his time were over, and that streams of events end.
func TestStopAnswersThoseWhoWait(t *testing.T) {
	o := options(t)
	o.Limits.Waiting = 6 // one client has half: the stream, and the two who wait
	s := start(t, openStore(t, "dict:"), o)
	s.ask(t, http.StatusCreated, "POST", "/v1/tasks", `{"tasks": [{"msg_id": "a", "queue": "q"}]}`)
	events, err := s.client.Get(s.URL() + "v1/events")
	require.NoError(t, err)
	defer events.Body.Close()
	stream := bufio.NewScanner(events.Body)
	require.True(t, stream.Scan())

	wait := func(method, path, body string) (status int, text string) {
		for status = http.StatusTooManyRequests; status == http.StatusTooManyRequests; {
			var err error // the one that looks whether this waits may be there first
			status, text, err = s.send(t.Context(), method, path, body)
			require.NoError(t, err)
		}
		return status, text
	}
	var group sync.WaitGroup
	group.Go(func() {
		status, text := wait("GET", "/v1/tasks/a?wait=1m", "")
		require.Equal(t, http.StatusOK, status)
		require.Contains(t, text, `"pending"`)
	})
	group.Go(func() {
		status, _ := wait("POST", "/v1/claims", `{"engine": "e", "wait": "1m"}`)
		require.Equal(t, http.StatusNoContent, status)
	})
	require.Eventually(t, func() bool { // they wait, and leave no place to another
		status, _, err := s.send(t.Context(), "GET", "/v1/tasks/a?wait=1ms", "")
		return err == nil && status == http.StatusTooManyRequests
	}, 10*time.Second, time.Millisecond)
	require.NoError(t, s.end())
	group.Wait()
	for stream.Scan() {
	}
	require.NoError(t, stream.Err(), "the stream has an end")
}

// TestStopBreaksOffInTheEnd holds that a request that does not end keeps the server no
// longer than it is allowed.
func TestStopBreaksOffInTheEnd(t *testing.T) {
	o := options(t)
	o.StopTimeout = time.Millisecond
	s := start(t, openStore(t, "dict:"), o)
	body := &slowBody{began: make(chan struct{}), end: make(chan struct{})}
	request, err := http.NewRequestWithContext(t.Context(), "POST", s.URL()+"v1/tasks", body)
	require.NoError(t, err)
	failed := make(chan error, 1)
	go func() {
		response, err := s.client.Do(request)
		if err == nil {
			err = response.Body.Close()
		}
		failed <- err
	}()
	<-body.began
	require.NoError(t, s.end())
	close(body.end)
	require.Error(t, <-failed)
}

// slowBody is a body of which a part is sent, and no more.
type slowBody struct {
	sent       bool
	began, end chan struct{}
}

func (b *slowBody) Read(p []byte) (int, error) {
	if !b.sent {
		b.sent = true
		return strings.NewReader(`{"tasks": [`).Read(p)
	}
	close(b.began)
	<-b.end
	return 0, http.ErrAbortHandler
}

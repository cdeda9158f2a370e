package httpapi_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/server/httpapi"
)

// from is a request of a client at an address.
func from(ctx context.Context, ip, method, path string, body io.Reader, header ...string) *http.Request {
	r := httptest.NewRequestWithContext(ctx, method, "http://localhost"+path, body)
	r.RemoteAddr = ip + ":1"
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// answerTo has a request answered.
func answerTo(f *fixture, r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	f.server.Config.Handler.ServeHTTP(answer, r)
	return answer
}

// TestOneClientDoesNotHoldAllBodies holds that a client whose bodies come slowly has half
// of what all may have, and that others send theirs meanwhile.
func TestOneClientDoesNotHoldAllBodies(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Limits: httpapi.Limits{Body: 1000, Upload: 1000, Bodies: 4000}})
	const slow, other = "10.0.0.1", "10.0.0.2"
	text := `{"tasks": [{"label": "` + strings.Repeat("x", 900) + `"}]}`
	submit := func(ip string, body io.Reader) *httptest.ResponseRecorder {
		return answerTo(f, from(t.Context(), ip, "POST", "/v1/tasks", body))
	}
	var coming sync.WaitGroup
	var rests []*io.PipeWriter
	for range 2 {
		body, rest := io.Pipe()
		coming.Go(func() { assert.Equal(t, http.StatusCreated, submit(slow, body).Code) })
		for _, piece := range []string{text[:len(text)-1], " "} { // the second is read when the first is held
			_, err := io.WriteString(rest, piece)
			require.NoError(t, err)
		}
		rests = append(rests, rest)
	}
	refused := submit(slow, strings.NewReader(text))
	require.Equal(t, http.StatusTooManyRequests, refused.Code)
	require.Contains(t, refused.Body.String(), "too many bytes in requests at once: from 10.0.0.1 there may be 2000; try again")
	require.Equal(t, http.StatusCreated, submit(other, strings.NewReader(text)).Code)
	for _, rest := range rests {
		_, err := io.WriteString(rest, "}")
		require.NoError(t, err)
		require.NoError(t, rest.Close())
	}
	coming.Wait()
	require.Equal(t, http.StatusCreated, submit(slow, strings.NewReader(text)).Code)
}

// slowReader takes nothing of an answer before it is let go.
type slowReader struct {
	*httptest.ResponseRecorder
	came  chan struct{}
	letGo chan struct{}
}

// Write waits, the first time.
func (s slowReader) Write(text []byte) (int, error) {
	select {
	case s.came <- struct{}{}:
		<-s.letGo
	case <-s.letGo:
	}
	return s.ResponseRecorder.Write(text)
}

// TestAnswersThatAreTakenSlowly holds that large answers count until they are taken, in
// whatever form they are asked for.
func TestAnswersThatAreTakenSlowly(t *testing.T) {
	// An answer that has begun waits as long as a body may take.
	f := serve(t, "dict:", httpapi.Options{Limits: httpapi.Limits{Body: 3 << 20, Upload: 3 << 20, Bodies: 6 << 20, BodyTime: time.Second / 10}})
	f.submit(t, `{"msg_id": "a", "content": {"text": "`+strings.Repeat("x", 2<<20)+`"}}`)
	const collection = "/v1/collections/ipython-tasks.task_records/"
	for _, c := range []struct{ method, path, body string }{
		{"GET", "/v1/tasks/a", ""},
		{"GET", "/v1/tasks", ""},
		{"POST", "/v1/tasks/fetch", `{"msg_ids": ["a"]}`},
		{"POST", "/v1/tasks/distinct", `{"path": "content.text"}`},
		{"POST", collection + "find", `{}`},
		{"GET", collection + "record?msg_id=a", ""},
	} {
		for _, accept := range []string{api.MediaBSON, "application/json"} {
			asked := func(ip string) *http.Request {
				return from(t.Context(), ip, c.method, c.path, strings.NewReader(c.body), "Accept", accept)
			}
			slow := slowReader{httptest.NewRecorder(), make(chan struct{}), make(chan struct{})}
			var reading sync.WaitGroup
			reading.Go(func() { f.server.Config.Handler.ServeHTTP(slow, asked("10.0.0.1")) })
			<-slow.came
			require.Equal(t, http.StatusTooManyRequests, answerTo(f, asked("10.0.0.1")).Code, "%s %s", c.path, accept)
			require.Equal(t, http.StatusOK, answerTo(f, asked("10.0.0.2")).Code, "%s %s", c.path, accept)
			require.Equal(t, http.StatusOK, answerTo(f, from(t.Context(), "10.0.0.1", "GET", "/v1/counts", nil)).Code, "what is small is answered")
			close(slow.letGo)
			reading.Wait()
			require.Equal(t, http.StatusOK, slow.Code)
			require.Equal(t, http.StatusOK, answerTo(f, asked("10.0.0.1")).Code, "%s %s: what was held is given back", c.path, accept)
		}
	}
}

// TestAnAnswerThatIsLargerThanAShare holds that what one client may have of memory keeps no
// record from it.
func TestAnAnswerThatIsLargerThanAShare(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Limits: httpapi.Limits{Body: 3 << 20, Upload: 3 << 20, Bodies: 4 << 20}})
	content, err := bson.Marshal(bson.D{{Key: "text", Value: strings.Repeat("x", 5<<20)}})
	require.NoError(t, err)
	for _, msgID := range []string{"a", "b"} {
		_, err = f.hub.Submit(t.Context(), hub.Task{MsgID: msgID, Content: content})
		require.NoError(t, err)
	}
	const collection = "/v1/collections/ipython-tasks.task_records/"
	for range 2 {
		require.Equal(t, http.StatusOK, answerTo(f, from(t.Context(), "10.0.0.1", "GET", "/v1/tasks", nil)).Code)
		require.Equal(t, http.StatusOK, answerTo(f, from(t.Context(), "10.0.0.1", "GET", collection+"record?msg_id=a", nil)).Code)
		found := answerTo(f, from(t.Context(), "10.0.0.1", "POST", collection+"find", strings.NewReader(`{}`)))
		require.Contains(t, found.Body.String(), `{"$end":{"count":2}}`)
	}
}

// TestALargeAnswerKeepsNoBodyOut holds that a client who takes all that it may have of
// answers, and takes it slowly, can be sent no more, but that others at its address can
// still send.
func TestALargeAnswerKeepsNoBodyOut(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Limits: httpapi.Limits{Body: 3 << 20, Upload: 3 << 20, Bodies: 4 << 20}})
	content, err := bson.Marshal(bson.D{{Key: "text", Value: strings.Repeat("x", 5<<20)}})
	require.NoError(t, err)
	_, err = f.hub.Submit(t.Context(), hub.Task{MsgID: "a", Content: content})
	require.NoError(t, err)
	slow := slowReader{httptest.NewRecorder(), make(chan struct{}), make(chan struct{})}
	var reading sync.WaitGroup
	reading.Go(func() {
		f.server.Config.Handler.ServeHTTP(slow, from(t.Context(), "127.0.0.1", "GET", "/v1/tasks", nil))
	})
	<-slow.came
	submitted := answerTo(f, from(t.Context(), "127.0.0.1", "POST", "/v1/tasks", strings.NewReader(`{"tasks": [{"msg_id": "b"}]}`)))
	require.Equal(t, http.StatusCreated, submitted.Code, "%s", submitted.Body)
	require.Equal(t, http.StatusTooManyRequests, answerTo(f, from(t.Context(), "127.0.0.1", "GET", "/v1/tasks", nil)).Code)
	close(slow.letGo)
	reading.Wait()
}

// TestAnAnswerThatHasBegunWaitsForRoom holds that a stream does not break off because others
// of its client hold what it may have.
func TestAnAnswerThatHasBegunWaitsForRoom(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Limits: httpapi.Limits{Body: 3 << 20, Upload: 3 << 20, Bodies: 6 << 20}})
	f.submit(t, `{"msg_id": "a", "content": {"text": "`+strings.Repeat("x", 2<<20)+`"}}`)
	stream := func() *http.Request {
		return from(t.Context(), "127.0.0.1", "GET", "/v1/tasks", nil, "Accept", api.MediaBSON)
	}
	slow := slowReader{httptest.NewRecorder(), make(chan struct{}), make(chan struct{})}
	var reading sync.WaitGroup
	reading.Go(func() { f.server.Config.Handler.ServeHTTP(slow, stream()) })
	<-slow.came
	second := httptest.NewRecorder()
	reading.Go(func() { f.server.Config.Handler.ServeHTTP(second, stream()) })
	close(slow.letGo)
	reading.Wait()
	require.Equal(t, http.StatusOK, second.Code, "%.200s", second.Body)
	require.Greater(t, second.Body.Len(), 2<<20)
}

// TestAFetchIsBounded holds that nobody has the hub put together an answer of any size.
func TestAFetchIsBounded(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Limits: httpapi.Limits{Upload: 3 << 20}})
	for _, msgID := range []string{"a", "b"} {
		f.submit(t, `{"msg_id": "`+msgID+`", "content": {"text": "`+strings.Repeat("x", 2<<20)+`"}}`)
	}
	p := f.refused(t, http.StatusRequestEntityTooLarge, api.KindTooLarge, "POST", "/v1/tasks/fetch", `{"msg_ids": ["a", "b"]}`)
	require.Contains(t, p.Detail, "more than 3145728 bytes: ask for fewer tasks at a time, for fewer keys")
	f.refused(t, http.StatusRequestEntityTooLarge, api.KindTooLarge, "POST", "/v1/tasks/fetch", `{"msg_ids": ["a", "a"]}`)
	ask[api.FetchAnswer](t, f, http.StatusOK, "POST", "/v1/tasks/fetch", `{"msg_ids": ["a", "b"], "keys": ["label"]}`)
	ask[api.FetchAnswer](t, f, http.StatusOK, "POST", "/v1/tasks/fetch", `{"msg_ids": ["b"]}`)
}

// TestWhoTakesSmallAnswersSlowly holds that an answer has no turn when it is sent, however
// small: many who take theirs slowly would keep out all others.
func TestWhoTakesSmallAnswersSlowly(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Limits: httpapi.Limits{Running: 1, Patience: time.Millisecond}})
	f.submit(t, `{"msg_id": "a", "label": "`+strings.Repeat("x", 4<<10)+`"}`)
	slow := slowReader{httptest.NewRecorder(), make(chan struct{}), make(chan struct{})}
	var reading sync.WaitGroup
	reading.Go(func() {
		f.server.Config.Handler.ServeHTTP(slow, from(t.Context(), "10.0.0.1", "GET", "/v1/tasks/a", nil))
	})
	<-slow.came
	require.Equal(t, http.StatusOK, answerTo(f, from(t.Context(), "10.0.0.2", "GET", "/v1/counts", nil)).Code)
	close(slow.letGo)
	reading.Wait()
}

// TestOneClientDoesNotTakeAllTurns holds that a client has half of the turns, and half of
// the places of those who wait or send.
func TestOneClientDoesNotTakeAllTurns(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Limits: httpapi.Limits{Running: 2, Waiting: 2, Patience: time.Millisecond}})
	f.submit(t, `{"msg_id": "a", "label": "`+strings.Repeat("x", 4<<10)+`"}`)
	const greedy, other = "10.0.0.1", "10.0.0.2"
	ctx, cancel := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	var slow []slowReader
	for _, path := range []string{"/v1/events", "/v1/tasks/a"} { // the second finds no place, and keeps its turn
		one := slowReader{httptest.NewRecorder(), make(chan struct{}), make(chan struct{})}
		sending.Go(func() { f.server.Config.Handler.ServeHTTP(one, from(ctx, greedy, "GET", path, nil)) })
		<-one.came
		slow = append(slow, one)
	}
	for _, path := range []string{"/v1/counts", "/v1/tasks/a"} {
		require.Equal(t, http.StatusTooManyRequests, answerTo(f, from(t.Context(), greedy, "GET", path, nil)).Code)
		require.Equal(t, http.StatusOK, answerTo(f, from(t.Context(), other, "GET", path, nil)).Code)
	}
	require.Equal(t, http.StatusOK, answerTo(f, from(t.Context(), other, "POST", "/v1/tasks/fetch", strings.NewReader(`{"msg_ids": ["a"], "wait": "1ms"}`))).Code)
	cancel()
	for _, one := range slow {
		close(one.letGo)
	}
	sending.Wait()
	require.Equal(t, http.StatusOK, answerTo(f, from(t.Context(), greedy, "GET", "/v1/counts", nil)).Code)
}

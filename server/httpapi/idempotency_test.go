package httpapi_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/server/httpapi"
)

func TestRequestsWithAKeyAreCarriedOutOnce(t *testing.T) {
	onEach(t, httpapi.Options{Users: known}, func(t *testing.T, f *fixture) {
		f = f.as("writer")
		f.submit(t, `{"msg_id": "a"}`)
		const body = `{"msg_ids": ["a"]}`
		answers := make([]api.ResubmitAnswer, 8)
		var group sync.WaitGroup
		for i := range answers {
			group.Go(func() {
				answers[i] = ask[api.ResubmitAnswer](t, f, http.StatusOK, "POST", "/v1/tasks/resubmit", body, "Idempotency-Key", "k")
			})
		}
		group.Wait()
		for _, answer := range answers {
			require.Equal(t, answers[0], answer)
		}
		require.EqualValues(t, 2, ask[api.Count](t, f, http.StatusOK, "POST", "/v1/tasks/count", `{}`).Count)
		require.Equal(t, "true", f.send(t, "POST", "/v1/tasks/resubmit", body, "Idempotency-Key", "k").Header.Get("Idempotency-Replayed"))

		f.refused(t, http.StatusUnprocessableEntity, api.KindIdempotency, "POST", "/v1/tasks/resubmit", `{"all": true}`, "Idempotency-Key", "k")
		other := ask[api.ResubmitAnswer](t, f.as("operator"), http.StatusOK, "POST", "/v1/tasks/resubmit", body, "Idempotency-Key", "k")
		require.NotEqual(t, answers[0], other, "another user's key is another one")

		first := ask[api.Claimed](t, f, http.StatusOK, "POST", "/v1/claims", `{"engine": "e"}`, "Idempotency-Key", "c1")
		again := ask[api.Claimed](t, f, http.StatusOK, "POST", "/v1/claims", `{"engine": "e"}`, "Idempotency-Key", "c1")
		require.Equal(t, first, again)
		second := ask[api.Claimed](t, f, http.StatusOK, "POST", "/v1/claims", `{"engine": "e"}`, "Idempotency-Key", "c2")
		require.NotEqual(t, first.Lease.MsgID, second.Lease.MsgID)
	})
}

// TestWhatWasNotDoneMayBeTriedAgain holds that an error behind which nothing was done
// is not kept under the key.
func TestWhatWasNotDoneMayBeTriedAgain(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{})
	f.submit(t, `{"msg_id": "a"}`)
	ask[struct{}](t, f, http.StatusNoContent, "PUT", "/v1/drain", "")
	f.refused(t, http.StatusServiceUnavailable, api.KindDrained, "POST", "/v1/tasks/resubmit", `{"all": true}`, "Idempotency-Key", "k")
	ask[struct{}](t, f, http.StatusNoContent, "DELETE", "/v1/drain", "")
	ask[api.ResubmitAnswer](t, f, http.StatusOK, "POST", "/v1/tasks/resubmit", `{"all": true}`, "Idempotency-Key", "k")
	f.refused(t, http.StatusNotFound, api.KindNotFound, "POST", "/v1/tasks/resubmit", `{"msg_ids": ["b"]}`, "Idempotency-Key", "k2")
	f.submit(t, `{"msg_id": "b"}`)
	f.refused(t, http.StatusNotFound, api.KindNotFound, "POST", "/v1/tasks/resubmit", `{"msg_ids": ["b"]}`, "Idempotency-Key", "k2")
}

// TestAnswersAreForgottenBesideOneUnderWay holds that answers are kept within their
// bounds while a request with a key waits for something.
func TestAnswersAreForgottenBesideOneUnderWay(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Limits: httpapi.Limits{Waiting: 1}})
	f.submit(t, `{"msg_id": "a", "content": {"text": "`+strings.Repeat("x", 7<<20)+`"}}`)
	f.submit(t, `{"msg_id": "b"}`)
	var group sync.WaitGroup
	group.Go(func() {
		status := http.StatusTooManyRequests
		for status == http.StatusTooManyRequests { // the one that looks whether this waits may be there first
			status = f.send(t, "POST", "/v1/tasks/fetch", `{"msg_ids": ["b"], "wait": "1m"}`, "Idempotency-Key", "waits").StatusCode
		}
		require.Equal(t, http.StatusOK, status)
	})
	require.Eventually(t, func() bool {
		return f.send(t, "GET", "/v1/tasks/b?wait=1ms", "").StatusCode == http.StatusTooManyRequests
	}, 10*time.Second, time.Millisecond)
	replayed := func(key string) string {
		response := f.send(t, "POST", "/v1/tasks/fetch", `{"msg_ids": ["a"]}`, "Idempotency-Key", key)
		_, err := io.Copy(io.Discard, response.Body)
		require.NoError(t, err)
		return response.Header.Get("Idempotency-Replayed")
	}
	for n := range 12 {
		require.Empty(t, replayed(fmt.Sprint(n)))
	}
	require.Equal(t, "true", replayed("11"))
	require.Empty(t, replayed("0"), "it was forgotten")
	claimed := ask[api.Claimed](t, f, http.StatusOK, "POST", "/v1/claims", `{"engine": "e", "filter": {"msg_id": "b"}}`)
	f.finish(t, claimed.Lease)
	group.Wait()
}

// TestKeysAreForAnswersThatEnd holds that a request whose answer may be a whole
// collection is not kept in memory, whatever it accepts.
func TestKeysAreForAnswersThatEnd(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{})
	for _, path := range []string{"find", "add", "buffer?msg_id=a&key=buffers"} {
		f.refused(t, http.StatusBadRequest, api.KindIdempotency, "POST", "/v1/collections/ipython-tasks.task_records/"+path, `{}`, "Idempotency-Key", "k")
	}
	f.refused(t, http.StatusBadRequest, api.KindIdempotency, "POST", "/v1/tasks/query", `{}`, "Idempotency-Key", "k", "Accept", "application/jsonl")
}

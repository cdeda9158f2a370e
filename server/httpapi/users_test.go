package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/server/access"
	"github.com/taskdb/taskdb/server/httpapi"
)

// known are the users of tests. Their tokens are their names.
var known = users{
	"reader":   {Name: "reader", Role: access.Read},
	"writer":   {Name: "writer", Role: access.Write},
	"operator": {Name: "operator", Role: access.Operate},
	"ann":      {Name: "ann", Role: access.Write, Client: "c-ann"},
	"bob":      {Name: "bob", Role: access.Operate, Client: "c-bob"},
}

// asked are a request to each route, and the least role that it takes.
var asked = []struct {
	least              string
	method, path, body string
}{
	{"writer", "POST", "/v1/tasks", `{"tasks": [{}]}`},
	{"reader", "GET", "/v1/tasks", ``},
	{"reader", "POST", "/v1/tasks/query", `{}`},
	{"reader", "POST", "/v1/tasks/count", `{}`},
	{"reader", "POST", "/v1/tasks/distinct", `{"path": "label"}`},
	{"reader", "POST", "/v1/tasks/fetch", `{"msg_ids": ["a"]}`},
	{"writer", "POST", "/v1/tasks/purge", `{"msg_ids": []}`},
	{"writer", "POST", "/v1/tasks/resubmit", `{"msg_ids": []}`},
	{"writer", "POST", "/v1/tasks/cancel", `{"msg_ids": []}`},
	{"writer", "POST", "/v1/tasks/priority", `{"msg_ids": [], "priority": 1}`},
	{"reader", "GET", "/v1/tasks/a", ``},
	{"reader", "GET", "/v1/tasks/a/chain", ``},
	{"reader", "GET", "/v1/tasks/a/buffers/buffers/0", ``},
	{"reader", "GET", "/v1/lookup?prefix=a", ``},
	{"reader", "GET", "/v1/history", ``},
	{"writer", "POST", "/v1/claims", `{"engine": "e"}`},
	{"writer", "POST", "/v1/leases/x/renew", `{"msg_id": "a"}`},
	{"writer", "POST", "/v1/leases/x/output", `{"msg_id": "a"}`},
	{"writer", "POST", "/v1/leases/x/return", `{"msg_id": "a"}`},
	{"writer", "POST", "/v1/leases/x/finish", `{"msg_id": "a", "status": "ok"}`},
	{"reader", "GET", "/v1/counts", ``},
	{"reader", "GET", "/metrics", ``},
	{"reader", "GET", "/v1/status", ``},
	{"reader", "GET", "/v1/activity", ``},
	{"reader", "GET", "/v1/timeline", ``},
	{"operator", "PUT", "/v1/drain", ``},
	{"operator", "DELETE", "/v1/drain", ``},
	{"operator", "PUT", "/v1/queues/-/pause", ``},
	{"operator", "DELETE", "/v1/queues/-/pause", ``},
}

func TestRoles(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{Users: known})
	ranks := []string{"reader", "writer", "operator"}
	for _, c := range asked {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			p := f.refused(t, http.StatusUnauthorized, api.KindUnauthorized, c.method, c.path, c.body)
			require.Contains(t, p.Detail, "Authorization: Bearer")
			f.as("nobody").refused(t, http.StatusUnauthorized, api.KindUnauthorized, c.method, c.path, c.body)
			may := false
			for _, user := range ranks {
				if may = may || user == c.least; !may {
					f.as(user).refused(t, http.StatusForbidden, api.KindForbidden, c.method, c.path, c.body)
					continue
				}
				status := f.as(user).send(t, c.method, c.path, c.body).StatusCode
				require.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, status, user)
			}
		})
	}
	response := f.send(t, "GET", "/v1/counts", "", "Authorization", "Basic cmVhZGVyOng=")
	require.Equal(t, http.StatusUnauthorized, response.StatusCode)
	require.Equal(t, "Bearer", response.Header.Get("WWW-Authenticate"))
	ask[struct{}](t, f, http.StatusNoContent, "GET", "/healthz", "")
}

// TestBoundUsers holds that a user who is bound to a client has to do with its tasks
// only, whatever he asks.
func TestBoundUsers(t *testing.T) {
	onEach(t, httpapi.Options{Users: known}, func(t *testing.T, f *fixture) {
		ann, writer := f.as("ann"), f.as("writer")
		writer.submit(t, `{"msg_id": "b-1", "client_uuid": "c-bob", "label": "secret", "buffers": ["eA=="]}, {"msg_id": "ab", "client_uuid": "c-bob"}`)
		ann.submit(t, `{"msg_id": "a-1", "label": "mine", "buffers": ["eA=="]}, {"msg_id": "a-2", "client_uuid": "c-ann"}`)
		ann.refused(t, http.StatusForbidden, api.KindForbidden, "POST", "/v1/tasks", `{"tasks": [{"client_uuid": "c-bob"}]}`)
		ann.refused(t, http.StatusUnprocessableEntity, api.KindDependency, "POST", "/v1/tasks", `{"tasks": [{"after": ["b-1"]}]}`)

		for _, path := range []string{"/v1/tasks/b-1", "/v1/tasks/b-1/chain", "/v1/tasks/b-1/buffers/buffers/0", "/v1/lookup?prefix=b"} {
			ann.refused(t, http.StatusNotFound, api.KindNotFound, "GET", path, "")
			require.Equal(t, http.StatusOK, writer.send(t, "GET", path, "").StatusCode)
		}
		require.Equal(t, http.StatusOK, ann.send(t, "GET", "/v1/tasks/a-1/buffers/buffers/0", "").StatusCode)
		require.Equal(t, "a-1", ask[api.Lookup](t, ann, http.StatusOK, "GET", "/v1/lookup?prefix=a-1", "").MsgID)

		page := ask[api.Page](t, ann, http.StatusOK, "POST", "/v1/tasks/query", `{}`)
		require.Equal(t, []string{"a-1", "a-2"}, names(t, page.Records))
		page = ask[api.Page](t, ann, http.StatusOK, "POST", "/v1/tasks/query", `{"filter": "{$or: [{client_uuid: 'c-bob'}, {label: 'secret'}]}"}`)
		require.Empty(t, page.Records)
		page = ask[api.Page](t, ann, http.StatusOK, "POST", "/v1/tasks/query", `{"limit": 1}`)
		require.NotEmpty(t, page.Next)
		as := `{"limit": 1, "page": "` + page.Next + `"}`
		f.as("bob").refused(t, http.StatusUnprocessableEntity, api.KindToken, "POST", "/v1/tasks/query", as)
		require.EqualValues(t, 2, ask[api.Count](t, ann, http.StatusOK, "POST", "/v1/tasks/count", `{}`).Count)
		require.Len(t, ask[api.Values](t, ann, http.StatusOK, "POST", "/v1/tasks/distinct", `{"path": "client_uuid"}`).Values, 1)
		require.Equal(t, []string{"a-1", "a-2"}, ask[api.History](t, ann, http.StatusOK, "GET", "/v1/history", "").MsgIDs)
		require.EqualValues(t, 2, ask[api.Counts](t, ann, http.StatusOK, "GET", "/v1/counts", "").Pending)
		fetched := ask[api.FetchAnswer](t, ann, http.StatusOK, "POST", "/v1/tasks/fetch", `{"msg_ids": ["b-1", "a-1", "ab", "a-2"]}`).Tasks
		require.Equal(t, api.KindNotFound, fetched[0].Error.Kind)
		require.Equal(t, "a-1", fetched[1].MsgID)
		require.Equal(t, "pending", fetched[1].State)
		require.Equal(t, api.KindNotFound, fetched[2].Error.Kind)
		require.Equal(t, "a-2", fetched[3].MsgID)
		ann.refused(t, http.StatusForbidden, api.KindForbidden, "GET", "/v1/status", "")
		ann.refused(t, http.StatusForbidden, api.KindForbidden, "GET", "/metrics", "")
		f.as("bob").refused(t, http.StatusForbidden, api.KindForbidden, "PUT", "/v1/drain", "")

		claimed := ask[api.Claimed](t, ann, http.StatusOK, "POST", "/v1/claims", `{"engine": "e"}`)
		require.Equal(t, "a-1", claimed.Lease.MsgID, "the tasks of others are not there to be claimed")
		f.as("bob").refused(t, http.StatusNotFound, api.KindNotFound, "POST", "/v1/leases/"+claimed.Lease.ID+"/finish", `{"msg_id": "a-1", "status": "ok"}`)
		ann.finish(t, claimed.Lease)
		var runs []string
		for _, run := range ask[api.Timeline](t, f.as("bob"), http.StatusOK, "GET", "/v1/timeline", "").Runs {
			runs = append(runs, run.MsgID)
		}
		require.Empty(t, runs)
	})
}

func TestBoundUsersChangeTheirOwn(t *testing.T) {
	onEach(t, httpapi.Options{Users: known}, func(t *testing.T, f *fixture) {
		ann, bob := f.as("ann"), f.as("bob")
		bob.submit(t, `{"msg_id": "b"}`)
		ann.submit(t, `{"msg_id": "a"}`)
		cancelled := ask[api.Answers](t, ann, http.StatusOK, "POST", "/v1/tasks/cancel", `{"msg_ids": ["a", "b"]}`).Tasks
		require.Equal(t, api.Answer{MsgID: "a"}, cancelled[0])
		require.Equal(t, api.KindNotFound, cancelled[1].Error.Kind)
		for _, choice := range []string{`{"client": "c-bob"}`, `{"client": "c-bob", "msg_ids": ["a", "b"]}`} {
			require.Empty(t, ask[api.Answers](t, ann, http.StatusOK, "POST", "/v1/tasks/cancel", choice).Tasks)
			require.Equal(t, api.Purged{}, ask[api.Purged](t, ann, http.StatusOK, "POST", "/v1/tasks/purge", choice))
		}
		require.Empty(t, ask[api.Answers](t, ann, http.StatusOK, "POST", "/v1/tasks/priority", `{"all": true, "priority": 3}`).Tasks)
		ann.refused(t, http.StatusNotFound, api.KindNotFound, "POST", "/v1/tasks/resubmit", `{"msg_ids": ["a", "b"]}`)
		require.Len(t, ask[api.ResubmitAnswer](t, ann, http.StatusOK, "POST", "/v1/tasks/resubmit", `{"all": true}`).Tasks, 1)
		ann.refused(t, http.StatusUnprocessableEntity, api.KindNotAll, "POST", "/v1/tasks/purge", `{}`)
		purged := ask[api.Purged](t, ann, http.StatusOK, "POST", "/v1/tasks/purge", `{"msg_ids": ["a", "b"], "force": true}`)
		require.Equal(t, api.Purged{Removed: 1, Unknown: []string{"b"}}, purged)
		require.EqualValues(t, 1, ask[api.Purged](t, ann, http.StatusOK, "POST", "/v1/tasks/purge", `{"all": true, "force": true}`).Removed)
		require.Equal(t, "pending", bob.view(t, "b").State)
	})
}

func TestBrowsersOfOthers(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{})
	host := strings.TrimPrefix(f.server.URL, "http://")
	f.refused(t, http.StatusForbidden, api.KindForbidden, "GET", "/v1/counts", "", "Host", "rebound.example:8080")
	f.refused(t, http.StatusForbidden, api.KindForbidden, "POST", "/v1/tasks", `{"tasks": [{}]}`, "Origin", "https://elsewhere.example")
	f.refused(t, http.StatusForbidden, api.KindForbidden, "POST", "/v1/tasks", `{"tasks": [{}]}`, "Sec-Fetch-Site", "cross-site")
	ask[api.SubmissionAnswer](t, f, http.StatusCreated, "POST", "/v1/tasks", `{"tasks": [{}]}`, "Origin", "http://"+host)
	for _, host := range []string{"localhost", "localhost:80", "127.0.0.9", "[::1]:80", "hub.localhost"} {
		ask[api.Counts](t, f, http.StatusOK, "GET", "/v1/counts", "", "Host", host)
	}
	f.refused(t, http.StatusUnsupportedMediaType, api.KindMalformed, "POST", "/v1/tasks", `{"tasks": [{}]}`, "Content-Type", "text/plain")

	anywhere := serve(t, "dict:", httpapi.Options{AnyHost: true})
	ask[api.Counts](t, anywhere, http.StatusOK, "GET", "/v1/counts", "", "Host", "tasks.example")
	protected := serve(t, "dict:", httpapi.Options{Users: known})
	ask[api.Counts](t, protected.as("reader"), http.StatusOK, "GET", "/v1/counts", "", "Host", "tasks.example")
	nobodyYet := serve(t, "dict:", httpapi.Options{Users: users{}})
	for _, f := range []*fixture{f, nobodyYet, f.as("made-up"), nobodyYet.as("made-up")} {
		f.refused(t, http.StatusForbidden, api.KindForbidden, "GET", "/v1/counts", "", "Host", "tasks.example")
	}
}

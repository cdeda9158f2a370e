package httpapi_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/server/httpapi"
)

// TestRefusals has a request for each error that the life of a task has, and what it
// tells a program.
func TestRefusals(t *testing.T) {
	onEach(t, httpapi.Options{}, func(t *testing.T, f *fixture) {
		f.submit(t, `{"msg_id": "done-1"}, {"msg_id": "done-2"}, {"msg_id": "waits"}`)
		lease := f.claim(t, "done-1")
		f.finish(t, lease)
		f.finish(t, f.claim(t, "done-2"))
		for name, c := range map[string]struct {
			status             int
			kind, method, path string
			body               string
			tells              func(p api.Problem)
		}{
			"submitted with another request": {http.StatusConflict, api.KindConflict, "POST", "/v1/tasks", `{"tasks": [{"msg_id": "waits", "label": "x"}]}`,
				func(p api.Problem) { require.Equal(t, "waits", p.MsgID) }},
			"after one that does not exist": {http.StatusUnprocessableEntity, api.KindDependency, "POST", "/v1/tasks", `{"tasks": [{"msg_id": "n", "after": ["none"]}]}`,
				func(p api.Problem) { require.Equal(t, "none", p.After); require.False(t, p.Cycle) }},
			"after itself": {http.StatusUnprocessableEntity, api.KindDependency, "POST", "/v1/tasks", `{"tasks": [{"msg_id": "n", "after": ["n"]}]}`,
				func(p api.Problem) { require.True(t, p.Cycle) }},
			"no length of time":   {http.StatusUnprocessableEntity, api.KindInvalid, "POST", "/v1/tasks", `{"tasks": [{"time_limit": "soon"}]}`, nil},
			"no tasks":            {http.StatusUnprocessableEntity, api.KindInvalid, "POST", "/v1/tasks", `{"tasks": []}`, nil},
			"negative retries":    {http.StatusUnprocessableEntity, api.KindInvalid, "POST", "/v1/tasks", `{"tasks": [{"retries": -1}]}`, nil},
			"unknown key":         {http.StatusUnprocessableEntity, api.KindInvalid, "POST", "/v1/tasks", `{"tasks": [{"retry": 1}]}`, nil},
			"no document":         {http.StatusUnprocessableEntity, api.KindInvalid, "POST", "/v1/tasks", `{"tasks": [{"content": [1]}]}`, nil},
			"a date that is none": {http.StatusUnprocessableEntity, api.KindInvalid, "POST", "/v1/tasks", `{"tasks": [{"content": {"at": {"$date": "noon"}}}]}`, nil},
			"no such task":        {http.StatusNotFound, api.KindNotFound, "GET", "/v1/tasks/none", "", nil},
			"chain of no task":    {http.StatusNotFound, api.KindNotFound, "GET", "/v1/tasks/none/chain", "", nil},
			"no such prefix":      {http.StatusNotFound, api.KindNotFound, "GET", "/v1/lookup?prefix=x", "", nil},
			"no prefix":           {http.StatusUnprocessableEntity, api.KindInvalid, "GET", "/v1/lookup", "", nil},
			"a prefix of several": {http.StatusConflict, api.KindAmbiguous, "GET", "/v1/lookup?prefix=done", "",
				func(p api.Problem) {
					require.Equal(t, "done", p.Prefix)
					require.Equal(t, []string{"done-1", "done-2"}, p.MsgIDs)
				}},
			"finished twice": {http.StatusConflict, api.KindFinished, "POST", "/v1/leases/" + lease.ID + "/finish", `{"msg_id": "done-1", "status": "ok"}`,
				func(p api.Problem) { require.Equal(t, lease.ID, p.Lease); require.Equal(t, "ok", p.State) }},
			"renewed when finished": {http.StatusConflict, api.KindFinished, "POST", "/v1/leases/" + lease.ID + "/renew", `{"msg_id": "done-1"}`, nil},
			"no such lease": {http.StatusConflict, api.KindLease, "POST", "/v1/leases/none/output", `{"msg_id": "waits", "stdout": "x"}`,
				func(p api.Problem) { require.Equal(t, "none", p.Lease); require.Nil(t, p.Attempt) }},
			"no such status":  {http.StatusUnprocessableEntity, api.KindInvalid, "POST", "/v1/leases/x/finish", `{"msg_id": "waits", "status": "fine"}`, nil},
			"no engine":       {http.StatusUnprocessableEntity, api.KindInvalid, "POST", "/v1/claims", `{"engine": ""}`, nil},
			"purge of all":    {http.StatusUnprocessableEntity, api.KindNotAll, "POST", "/v1/tasks/purge", `{}`, nil},
			"resubmit of all": {http.StatusUnprocessableEntity, api.KindNotAll, "POST", "/v1/tasks/resubmit", `{}`, nil},
			"cancel of all":   {http.StatusUnprocessableEntity, api.KindNotAll, "POST", "/v1/tasks/cancel", `{}`, nil},
			"purge of what is not finished": {http.StatusConflict, api.KindUnfinished, "POST", "/v1/tasks/purge", `{"all": true}`,
				func(p api.Problem) { require.EqualValues(t, 1, p.Count); require.Equal(t, []string{"waits"}, p.MsgIDs) }},
			"resubmit of no task": {http.StatusNotFound, api.KindNotFound, "POST", "/v1/tasks/resubmit", `{"msg_ids": ["none"]}`, nil},
			"no such state":       {http.StatusUnprocessableEntity, api.KindInvalid, "POST", "/v1/tasks/purge", `{"state": "lost"}`, nil},
			"no such buffer":      {http.StatusNotFound, api.KindNotFound, "GET", "/v1/tasks/waits/buffers/buffers/0", "", nil},
			"no such buffer key":  {http.StatusUnprocessableEntity, api.KindInvalid, "GET", "/v1/tasks/waits/buffers/stdout/0", "", nil},
			"time runs backwards": {http.StatusUnprocessableEntity, api.KindQuery, "GET", "/v1/activity?since=2026-11-22T12:00:00Z&until=2026-11-22T11:00:00Z", "", nil},
			"too many steps":      {http.StatusUnprocessableEntity, api.KindQuery, "GET", "/v1/activity?step=1ms", "", nil},
			"no time":             {http.StatusUnprocessableEntity, api.KindInvalid, "GET", "/v1/timeline?since=noon", "", nil},
			"wrong sort":          {http.StatusUnprocessableEntity, api.KindQuery, "GET", "/v1/tasks?sort=" + url.QueryEscape("{a: 2}"), "", nil},
			"another's token":     {http.StatusUnprocessableEntity, api.KindToken, "GET", "/v1/tasks?page=xyz", "", nil},
			"not JSON":            {http.StatusBadRequest, api.KindMalformed, "POST", "/v1/claims", `{`, nil},
			"no body":             {http.StatusBadRequest, api.KindMalformed, "POST", "/v1/claims", ``, nil},
		} {
			t.Run(name, func(t *testing.T) {
				p := f.refused(t, c.status, c.kind, c.method, c.path, c.body)
				require.Equal(t, "/docs#"+c.kind, p.Type)
				if c.tells != nil {
					c.tells(p)
				}
			})
		}
	})
}

func TestLeaseThatWasLost(t *testing.T) {
	onEach(t, httpapi.Options{}, func(t *testing.T, f *fixture) {
		f.submit(t, `{"msg_id": "a"}`)
		lease := f.claim(t, "a")
		ask[api.Answers](t, f, http.StatusOK, "POST", "/v1/tasks/cancel", `{"msg_ids": ["a"], "reason": "no"}`)
		p := f.refused(t, http.StatusConflict, api.KindFinished, "POST", "/v1/leases/"+lease.ID+"/renew", `{"msg_id": "a"}`)
		require.Equal(t, "aborted", p.State)
		f.refused(t, http.StatusNotFound, api.KindNotFound, "POST", "/v1/leases/"+lease.ID+"/renew", `{"msg_id": "none"}`)
	})
}

// TestExpired holds that what the store's bounds removed is told apart from what
// never was.
func TestExpired(t *testing.T) {
	f := serve(t, "dict:?max_records=1", httpapi.Options{})
	f.submit(t, `{"msg_id": "a"}`)
	f.refused(t, http.StatusInsufficientStorage, api.KindFull, "POST", "/v1/tasks", `{"tasks": [{"msg_id": "b"}]}`)
	f.finish(t, f.claim(t, "a"))
	f.submit(t, `{"msg_id": "b"}`)
	p := f.refused(t, http.StatusGone, api.KindExpired, "GET", "/v1/tasks/a", "")
	require.Equal(t, "max_records=1", p.Rule)
	require.Equal(t, "ok", p.State)
	require.False(t, p.At.IsZero())
	f.refused(t, http.StatusNotFound, api.KindNotFound, "GET", "/v1/tasks/never", "")
}

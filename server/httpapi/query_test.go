package httpapi_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/server/httpapi"
)

func TestQueries(t *testing.T) {
	onEach(t, httpapi.Options{}, func(t *testing.T, f *fixture) {
		ask[api.SubmissionAnswer](t, f, http.StatusCreated, "POST", "/v1/tasks", `{"tasks": [
			{"msg_id": "a", "label": "x"}, {"msg_id": "b", "label": "y"}, {"msg_id": "c", "label": "y"}]}`)

		page := ask[api.Page](t, f, http.StatusOK, "POST", "/v1/tasks/query", `{"filter": {"label": "y"}, "limit": 1, "keys": ["label"]}`)
		require.Equal(t, []string{"b"}, names(t, page.Records))
		require.NotEmpty(t, page.Next)
		page = ask[api.Page](t, f, http.StatusOK, "POST", "/v1/tasks/query", `{"filter": "{label: 'y'}", "limit": 1, "page": "`+page.Next+`"}`)
		require.Equal(t, []string{"c"}, names(t, page.Records))
		require.Empty(t, page.Next)

		page = ask[api.Page](t, f, http.StatusOK, "GET", "/v1/tasks?state=pending&sort="+url.QueryEscape("{msg_id: -1}")+"&keys=label,queue", "")
		require.Equal(t, []string{"c", "b", "a"}, names(t, page.Records))
		require.Empty(t, bson.Raw(page.Records[0]).Lookup("submitted"))

		require.EqualValues(t, 2, ask[api.Count](t, f, http.StatusOK, "POST", "/v1/tasks/count", `{"filter": "{label: 'y'}"}`).Count)
		values := ask[api.Values](t, f, http.StatusOK, "POST", "/v1/tasks/distinct", `{"path": "label"}`).Values
		require.Len(t, values, 2)
		require.Equal(t, "x", bson.Raw(values[0]).Lookup("value").StringValue())
	})
}

func TestQueriesThatAreWrong(t *testing.T) {
	onEach(t, httpapi.Options{}, func(t *testing.T, f *fixture) {
		p := f.refused(t, http.StatusUnprocessableEntity, api.KindQuery, "POST", "/v1/tasks/query", `{"filter": {"a": {"$gt": 1, "$foo": 2}}}`)
		require.Equal(t, query.CodeBadValue, p.Code)
		require.Equal(t, "a.$foo", p.Path)
		f.refused(t, http.StatusUnprocessableEntity, api.KindQuery, "GET", "/v1/tasks?filter="+url.QueryEscape("{a: {$foo: 1}}"), "")
		f.refused(t, http.StatusUnprocessableEntity, api.KindToken, "POST", "/v1/tasks/query", `{"page": "broken"}`)
		f.refused(t, http.StatusUnprocessableEntity, api.KindInvalid, "POST", "/v1/tasks/query", `{"limit": -1}`)
		f.refused(t, http.StatusUnprocessableEntity, api.KindInvalid, "POST", "/v1/tasks/query", `{"filters": {}}`)
		f.refused(t, http.StatusUnprocessableEntity, api.KindInvalid, "GET", "/v1/tasks?filters=1", "")
		f.refused(t, http.StatusBadRequest, api.KindMalformed, "POST", "/v1/tasks/query", `{"filter": `)
		f.refused(t, http.StatusBadRequest, api.KindMalformed, "POST", "/v1/tasks/query", "{\"filter\": \"\xff\"}")
		f.refused(t, http.StatusNotFound, api.KindNoRoute, "GET", "/v1/nothing", "")
		f.refused(t, http.StatusMethodNotAllowed, api.KindMethod, "DELETE", "/v1/tasks", "")
		f.refused(t, http.StatusNotFound, api.KindNotFound, "GET", "/v1/tasks/none", "")
	})
}

// TestPagesAreBounded holds that a page of large records ends before its limit, and
// that the next one goes on behind it.
func TestPagesAreBounded(t *testing.T) {
	f := serve(t, "dict:", httpapi.Options{})
	var want []string
	for n := range 4 {
		want = append(want, fmt.Sprint(n))
		f.submit(t, fmt.Sprintf(`{"msg_id": "%d", "content": {"text": "%s"}}`, n, strings.Repeat("x", 14_000_000)))
	}
	var got []string
	token, pages := "", 0
	for {
		page := ask[api.Page](t, f, http.StatusOK, "POST", "/v1/tasks/query", `{"sort": {"msg_id": 1}, "page": "`+token+`"}`)
		got = append(got, names(t, page.Records)...)
		if pages++; page.Next == "" {
			break
		}
		token = page.Next
	}
	require.Equal(t, want, got)
	require.Equal(t, 2, pages)
}

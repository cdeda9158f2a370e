package backendtest

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

var keys = area{"keys", []behaviour{
	{"keys say what is shown", keysShow},
	{"a projection says exactly what is shown", projectionShows},
	{"keys and a projection exclude each other", keysAndProjection},
	{"keys and filter may be about different keys", keysApartFromFilter},
	{"the caller's keys are not changed", keysNotChanged},
	{"a key with a NUL is refused", keysWithNUL},
}}

func keysWithNUL(t *testing.T, db *taskdb.DB) {
	for _, err := range db.FindRaw(t.Context(), taskdb.Query{Keys: []string{"label", "a\x00"}}) {
		failed := new(query.Error)
		require.ErrorAs(t, err, &failed)
		require.Equal(t, "keys.1", failed.Path)
	}
	_, err := db.Count(t.Context(), taskdb.Query{Keys: []string{"\x00"}})
	require.ErrorAs(t, err, new(*query.Error))
}

const shown = `{_id: 7, msg_id: "a", header: {username: "ann"}, buffers: [BinData(0, "AQID")], submitted: null, extra: 1, result_buffers: [], label: "x"}`

// shows tests what a query shows of one document, shown.
func shows(t *testing.T, db *taskdb.DB, want string, q taskdb.Query) {
	t.Helper()
	require.Equal(t, []bson.Raw{parse(t, want)}, find(t, db, q), "%+v", q)
}

func keysShow(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, shown)
	for _, c := range []struct {
		keys []string
		want string
	}{
		{nil, `{msg_id: "a", header: {username: "ann"}, submitted: null, extra: 1, label: "x"}`},
		{[]string{}, `{msg_id: "a", header: {username: "ann"}, submitted: null, extra: 1, label: "x"}`},
		{[]string{"label"}, `{msg_id: "a", label: "x"}`},
		{[]string{"label", "header", "msg_id"}, `{msg_id: "a", header: {username: "ann"}, label: "x"}`},
		{[]string{"label", "label"}, `{msg_id: "a", label: "x"}`},
		{[]string{"msg_id"}, `{msg_id: "a"}`},
		{[]string{"submitted"}, `{msg_id: "a", submitted: null}`},
		{[]string{"extra"}, `{msg_id: "a", extra: 1}`},
		{[]string{"no_such_key"}, `{msg_id: "a"}`},
		{[]string{"no_such_key", "label"}, `{msg_id: "a", label: "x"}`},
		{[]string{"buffers"}, `{msg_id: "a", buffers: [BinData(0, "AQID")]}`},
		{[]string{"result_buffers", "label"}, `{msg_id: "a", result_buffers: [], label: "x"}`},
		{[]string{"_id"}, `{msg_id: "a"}`},
	} {
		shows(t, db, c.want, taskdb.Query{Keys: c.keys})
	}
}

func projectionShows(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, shown)
	for projection, want := range map[string]string{
		`{}`:                                shown,
		`{_id: 0}`:                          `{msg_id: "a", header: {username: "ann"}, buffers: [BinData(0, "AQID")], submitted: null, extra: 1, result_buffers: [], label: "x"}`,
		`{label: 1}`:                        `{_id: 7, label: "x"}`,
		`{label: 1, _id: 0}`:                `{label: "x"}`,
		`{_id: 1}`:                          `{_id: 7}`,
		`{header: 0, submitted: 0}`:         `{_id: 7, msg_id: "a", buffers: [BinData(0, "AQID")], extra: 1, result_buffers: [], label: "x"}`,
		`{"header.username": 1}`:            `{_id: 7, header: {username: "ann"}}`,
		`{"header.date": 1}`:                `{_id: 7, header: {}}`,
		`{buffers: {$slice: 1}, header: 1}`: `{_id: 7, header: {username: "ann"}, buffers: [BinData(0, "AQID")]}`,
		`{no_such_key: 1, _id: 0}`:          `{}`,
	} {
		shows(t, db, want, taskdb.Query{Projection: projection})
	}
}

func keysAndProjection(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, shown)
	var invalid *query.Error
	require.ErrorAs(t, firstError(t, db, taskdb.Query{Keys: []string{"label"}, Projection: "{}"}), &invalid)
	require.Equal(t, query.CodeBadValue, invalid.Code)
}

func keysApartFromFilter(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, shown)
	shows(t, db, `{msg_id: "a", label: "x"}`, taskdb.Query{
		Filter: `{"header.username": "ann", buffers: BinData(0, "AQID"), result_buffers: {$size: 0}}`,
		Keys:   []string{"label"},
		Sort:   "{extra: -1, buffers: 1}",
	})
}

func keysNotChanged(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, shown)
	list := append(make([]string, 0, 8), "label", "submitted", "msg_id")
	find(t, db, taskdb.Query{Keys: list})
	require.Equal(t, []string{"label", "submitted", "msg_id", "", "", "", "", ""}, list[:8])
}

//go:build browser && heavy

package page_test

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/server/httpapi"
	"github.com/taskdb/taskdb/taskdb"
)

const million = 1_000_000

// TestMillion looks at a million records, and tells how long it takes from the address to what
// is seen. TASKDB_PAGE_STORE names a SQLite file that has so many; without it one is made.
func TestMillion(t *testing.T) {
	file := os.Getenv("TASKDB_PAGE_STORE")
	if file == "" {
		file = filepath.Join(t.TempDir(), "tasks.db")
	}
	db, err := taskdb.Open(t.Context(), "sqlite:"+file+"?durability=off")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	w := serve(t, db, httpapi.Options{})
	if n := w.countOf(t, nil); n < million {
		fillWith(t, db, million)
	}
	newest, oldest := w.first(t, "{submitted: -1}"), w.first(t, "{submitted: 1}")
	span := "&until=" + newest.Submitted.Add(time.Minute).Format(time.RFC3339)
	b := open(t, w, desk)
	for _, c := range []struct{ what, view, seen string }{
		{"the page with an empty cache: counts", "", "document.querySelector('.tile.ok strong')?.innerText.includes(',')"},
		{"the overview: charts of an hour", "#/?last=1h" + span, "document.querySelector('.uplot')"},
		{"the overview: charts of a day", "#/?last=1d" + span, "document.querySelector('.uplot')"},
		{"the overview: charts of a week", "#/?last=7d" + span, "document.querySelector('.uplot')"},
		{"the table, newest first", "#/tasks", row(newest)},
		{"the counts beside the table", "#/tasks", "document.querySelector('.chip.ok b')?.innerText.match(/[KM]/)"},
		{"the table, oldest first", "#/tasks?sort=submitted", row(oldest)},
		{"the state pending", "#/tasks?state=pending", "document.querySelector('tr .badge.pending')"},
		{"the state running", "#/tasks?state=running", "document.querySelector('tr .badge.running, .place .empty')"},
		{"the state ok", "#/tasks?state=ok", "document.querySelector('tr .badge.ok')"},
		{"the state failed", "#/tasks?state=failed", "document.querySelector('tr .badge.failed')"},
		{"the state aborted", "#/tasks?state=aborted", "document.querySelector('tr .badge.aborted, .place .empty')"},
		{"by label", "#/tasks?sort=label", "document.querySelector('tr[data-id]')"},
		{"a label", filtered(`{label: ` + quoted(newest.Label) + `}`), "document.querySelector('tr[data-id]')"},
		{"an engine and a time", filtered(`{engine_uuid: ` + quoted(oldest.EngineUUID) + `, submitted: {$lt: "` + newest.Submitted.Format(time.RFC3339) + `"}}`), "document.querySelector('tr[data-id]')"},
		{"a key without an index", filtered(`{"content.code": /, 7[)]/}`), "document.querySelector('tr[data-id]')"},
		{"one task", "#/task/" + newest.MsgID, "document.querySelector('.task-head')"},
		{"the timeline of an hour", "#/engines?last=1h" + span, "document.querySelector('.lanes canvas')"},
		{"the queues", "#/queues", "document.querySelector('.intake')"},
	} {
		began := time.Now()
		b.visit(c.view, "body")
		b.sees(c.seen)
		t.Logf("%-40s %4d ms", c.what, time.Since(began).Milliseconds())
	}
}

func row(record *taskdb.TaskRecord) string {
	return "document.querySelector('tr[data-id=" + quoted(record.MsgID) + "]')"
}

func filtered(filter string) string { return "#/tasks?filter=" + url.QueryEscape(filter) }

// first is the first task in an order.
func (w *world) first(t *testing.T, sort string) *taskdb.TaskRecord {
	for record, err := range w.db.Find(t.Context(), taskdb.Query{Sort: sort, Limit: 1}) {
		require.NoError(t, err)
		return record
	}
	return nil
}

// fillWith stores records of the last week, a part of which is not finished.
func fillWith(t *testing.T, db *taskdb.DB, n int) {
	random := rand.New(rand.NewPCG(1, 2))
	const batch = 10_000
	step := 7 * 24 * time.Hour / time.Duration(n)
	first := time.Now().Add(-step * time.Duration(n))
	for done := 0; done < n; done += batch {
		records := make([]*taskdb.TaskRecord, batch)
		for i := range records {
			records[i] = recordOf(t, random, done+i+1, n, first.Add(step*time.Duration(done+i)))
		}
		require.NoError(t, db.Add(t.Context(), records...))
	}
}

func recordOf(t *testing.T, random *rand.Rand, i, n int, submitted time.Time) *taskdb.TaskRecord {
	record := &taskdb.TaskRecord{
		MsgID:     fmt.Sprintf("m-%07d", i),
		Submitted: submitted, ClientUUID: fmt.Sprintf("client-%d", random.IntN(8)),
		Label: fmt.Sprintf("job-%d", random.IntN(40)), Queue: []string{"cpu", "gpu"}[random.IntN(2)],
		Header:  document(t, bson.D{{Key: "msg_type", Value: "execute_request"}, {Key: "username", Value: "ada"}, {Key: "session", Value: "s"}}),
		Content: document(t, bson.D{{Key: "code", Value: "fit(data['train'], model='ridge', alpha=0.1)"}}),
	}
	if i > n-2_000 { // wait
		return record
	}
	record.EngineUUID = fmt.Sprintf("engine-%02d", random.IntN(20))
	record.Started = submitted.Add(time.Duration(random.IntN(5_000)) * time.Millisecond)
	if i > n-2_100 { // run
		return record
	}
	record.Completed = record.Started.Add(time.Duration(random.ExpFloat64() * float64(20*time.Second)))
	status := "ok"
	switch p := random.Float64(); {
	case p < 0.02:
		status = "error"
	case p < 0.025:
		status = "aborted"
	}
	record.ResultContent = document(t, bson.D{{Key: "status", Value: status}, {Key: "ename", Value: "ValueError"}, {Key: "evalue", Value: "input contains NaN"}})
	return record
}

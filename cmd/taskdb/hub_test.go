package main

import (
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/taskdb"
)

// twoStores are a store with the sample and a hub with another such store, and what
// names each on a command line.
func twoStores(t *testing.T) (store, hubURL []string) {
	local := filledStore(t)
	db, err := taskdb.Open(t.Context(), local)
	require.NoError(t, err)
	_, err = hub.Open(t.Context(), db, hub.Options{}) // its indexes
	require.NoError(t, err)
	require.NoError(t, db.Close())
	served := startServe(t, "--store", filledStore(t))
	os.Unsetenv(storeVariable) // t.Setenv of filledStore sets it back
	return []string{"--store", local}, []string{"--hub", served.url}
}

// commandLines are all commands, one after another: what one changes the next sees.
var commandLines = [][]string{
	{"find", `{completed: null}`},
	{"find", "--failed", "--sort", "-submitted", "--limit", "3", "--output", "table"},
	{"find", "--keys", "started,result_buffers", "--output", "canonical", `{engine_uuid: {$ne: null}}`, "--limit", "5"},
	{"find", "--page-size", "2", "--sort", "submitted", "--keys", "queue"},
	{"find", "--projection", "{}", "--output", "json", "--limit", "2"},
	{"find", `{submitted: {$gtt: 1}}`},
	{"find", `{complete: null}`, "--limit", "1"},
	{"find", "--collection", "no.such"},
	{"find", "--page", "AAAA", "--page-size", "1"},
	{"get", "6969cde6-90bc26c19c8f30f0ae515a29_27383_1", "nobody"},
	{"count"},
	{"count", "--failed", "--since", "2026-11-22T00:51:47Z"},
	{"count", `{complete: null}`},
	{"distinct", "queue"},
	{"distinct", "engine_uuid", "--running"},
	{"history"},
	{"explain", "--failed"},
	{"collections", "--output", "table"},
	{"indexes"},
	{"indexes", "add", "header.username,-submitted"},
	{"indexes", "add", "header.username", "--unique"},
	{"indexes", "drop", "no_such"},
	{"indexes", "drop", "header.username_1_submitted_-1"},
	{"add", `{msg_id: "fit-1", submitted: "2026-11-22 10:00Z"}`, `{msg_id: "fit-2", n: 1}`},
	{"add", `{msg_id: "fit-3"}`, `{msg_id: "fit-1"}`},
	{"add", "--each", `{msg_id: "fit-3"}`, `{msg_id: "fit-1"}`},
	{"import", sample},
	{"export", `{msg_id: {$glob: "fit-*"}}`},
	{"export", "--format", "bson", "--failed"},
	{"export", "--format", "csv", "--keys", "msg_id,submitted"},
	{"update", `{msg_id: {$glob: "fit-*"}}`, `{$set: {label: "fit"}}`},
	{"update", `{msg_id: {$glob: "fit-*"}}`, `{$set: {label: "fit"}}`, "--yes"},
	{"update", `{msg_id: "fit-2"}`, `{$inc: {n: 1}}`, "--dry-run"},
	{"update", `{msg_id: "fit-1"}`, `{$inc: {label: 1}}`},
	{"update", `{msg_id: "fit-2"}`, `[{$set: {n: {$add: ["$n", 1]}, queue: "$label"}}, {$unset: "label"}]`},
	{"update", `{msg_id: "fit-2"}`, `[{$set: {n: {$divide: ["$queue", 1]}}}]`},
	{"get", "fit-2"},
	{"update", `{msg_id: "fit-4"}`, `{$set: {n: 1}}`, "--upsert"},
	{"drop", "fit-4", "nobody"},
	{"submit", "--id", "new", "--queue", "cpu", "--label", "new", "6*7"},
	{"submit", "--id", "new", "--queue", "cpu", "--label", "new", "6*7"},
	{"submit", "--id", "new", "--queue", "cpu", "other"},
	{"submit", "--id", "later", "--after", "no-such", "x"},
	{"submit", "--id", "later", "--after", "new", `{a: 1}`},
	{"priority", "5", "new", "nobody", "fit-1"},
	{"priority", "5", `{label: "new"}`},
	{"priority", "6", `{label: "new"}`, "--yes"},
	{"queues"},
	{"queues", "--engines", "--output", "table"},
	{"result", "--timeout", "0s", "new", "nobody", "6969cde6-90bc26c19c8f30f0ae515a29_27383_1"},
	{"cancel", "later", "6969cde6-90bc26c19c8f30f0ae515a29_27383_1"},
	{"cancel", `{label: "new"}`, "--yes"},
	{"result", "new", "--output", "table"},
	{"chain", "new"},
	{"chain", "nobody"},
	{"resubmit", "nobody"},
	{"resubmit", "--failed"},
	{"drain", "maintenance"},
	{"resume"},
	{"pause", "cpu", "for", "now"},
	{"unpause", "cpu"},
	{"purge", "--failed"},
	{"purge", "--running", "--yes"},
	{"purge", `{completed: {$lt: "2026-11-22T00:51:30Z"}}`, "--yes"},
	{"purge", "--all", "--force", "--yes"},
	{"count"},
	{"compact"},
	{"collections", "drop", "ipython-tasks.task_records", "--yes"},
}

// untold is what two runs of a command do not have in common: their URLs, times, sizes
// of files and new ids.
var untold = regexp.MustCompile(`sqlite:[^\s"]*|https?://[^\s"]*|[0-9.]+ [kM]?B|"since":\{[^}]*\}|"\$oid":"[^"]*"`)

// TestThroughAHub holds that every command says the same of a store and through a hub
// that has one.
func TestThroughAHub(t *testing.T) {
	store, hubURL := twoStores(t)
	for _, args := range commandLines {
		local, remote := taskdbRun(t, "", append(args, store...)...), taskdbRun(t, "", append(args, hubURL...)...)
		for _, r := range []*result{&local, &remote} {
			r.stdout, r.stderr = untold.ReplaceAllString(r.stdout, "…"), untold.ReplaceAllString(r.stderr, "…")
		}
		require.Equal(t, local, remote, "%q", args)
	}
}

// TestWhichHub holds how a hub is named, and that it excludes a store.
func TestWhichHub(t *testing.T) {
	local := filledStore(t)
	served := startServe(t, "--store", filledStore(t))
	t.Setenv(hubVariable, served.url)
	require.Equal(t, "406\n", taskdbRun(t, "", "count").stdout, "a hub of the environment")
	require.Equal(t, served.url+"\n", taskdbRun(t, "", "store").stdout)
	require.Equal(t, "406\n", taskdbRun(t, "", "count", "--store", served.url).stdout, "a hub is a store")
	require.Equal(t, local+"\n", taskdbRun(t, "", "store", "--store", local).stdout, "the command line is stronger")

	got := taskdbRun(t, "", "count", "--hub", served.url, "--store", local)
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.stderr, "--hub has a store of its own")
	got = taskdbRun(t, "", "count", "--hub", local)
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.stderr, "--hub is no URL of a hub")
	got = taskdbRun(t, "", "count", "--hub", "http://127.0.0.1:1")
	require.Equal(t, exitFailure, got.code)
	require.Contains(t, got.stderr, "server is not reachable")
	require.Contains(t, got.stderr, "\nno hub answers at http://127.0.0.1:1; start it there, taskdb serve, or name another: --hub URL\n")
	got = taskdbRun(t, "", "queues", "--collection", "other.task_records")
	require.Equal(t, exitUsage, got.code)
	require.Contains(t, got.stderr, "--collection ipython-tasks.task_records")

	onStore(t, "user", "add", "ann", "--role", "operate")
	require.Eventually(t, func() bool {
		got = taskdbRun(t, "", "count", "--hub", served.url)
		return got.code == exitFailure
	}, time.Minute, 10*time.Millisecond, "the first user closes the hub to others")
	require.Contains(t, got.stderr, "a bearer token is required")
	require.Contains(t, got.stderr, "\nput your token into TASKDB_TOKEN; where the hub runs \"taskdb user add\" makes one\n")

	t.Setenv(storeVariable, local)
	require.Equal(t, 396, startServe(t).counts(t)["finished"], "a hub has a store of its own, whichever hub others ask")
}

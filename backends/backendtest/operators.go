package backendtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/taskdb"
)

var operators = area{"operators", []behaviour{
	{"each operator selects what MongoDB's does", operatorsSelect},
	{"a filter's parts are independent of their order", filterOrder},
}}

// zoo is a collection of tasks as hubs write them, and of what nobody should but
// somebody will: keys that are missing, of another type, or lists.
var zoo = []string{
	`{_id: "ok", msg_id: "ok", submitted: ISODate("2026-11-22T10:00:00Z"), started: ISODate("2026-11-22T10:01:00Z"),
	  completed: ISODate("2026-11-22T10:02:00Z"), engine_uuid: "e1", queue: "mux", label: "group_a",
	  header: {username: "ann", n: 1}, result_content: {status: "ok"}, retries: 1, buffers: [BinData(0, "AQID")]}`,
	`{_id: "error", msg_id: "error", submitted: ISODate("2026-11-22T10:05:00Z"), started: ISODate("2026-11-22T10:06:00Z"),
	  completed: ISODate("2026-11-22T10:07:00Z"), engine_uuid: "e2", queue: "task", label: "group_b",
	  header: {username: "bob", n: 2}, result_content: {status: "error", ename: "E"}, retries: 2.0, buffers: []}`,
	`{_id: "running", msg_id: "running", submitted: ISODate("2026-11-22T10:10:00Z"), started: ISODate("2026-11-22T10:11:00Z"),
	  completed: null, engine_uuid: "e1", queue: "task", label: null, header: {username: "ann"}, retries: NumberLong(0)}`,
	`{_id: "pending", msg_id: "pending", submitted: ISODate("2026-11-22T10:10:00Z"), started: null, completed: null,
	  engine_uuid: null, queue: "task", label: "", header: {n: 3, username: "ann"}}`,
	`{_id: "orphan", msg_id: "orphan", submitted: null, started: null, completed: null, engine_uuid: null, queue: null,
	  label: null, header: null}`,
	`{_id: "bare", msg_id: "bare"}`,
	`{_id: "odd", msg_id: "odd", submitted: "2026-11-22T10:05:00Z", completed: true, engine_uuid: 1, queue: {name: "mux"},
	  label: ["group_a", "x"], header: "ann", retries: "1"}`,
	`{_id: "list", msg_id: "list", submitted: [ISODate("2026-11-22T09:00:00Z"), ISODate("2026-11-22T11:00:00Z")],
	  completed: [null], engine_uuid: ["e1", "e9"], queue: [], label: [["x"]], header: [{username: "cy", n: 1}, {n: 9}], retries: [1, 5]}`,
}

var zooFilters = []struct {
	filter string
	want   []string
}{
	// Equality, and null against missing (C1, C2).
	{`{msg_id: "ok"}`, []string{"ok"}},
	{`{msg_id: "OK"}`, nil},
	{`{msg_id: null}`, nil},
	{`{engine_uuid: "e1"}`, []string{"ok", "running", "list"}},
	{`{engine_uuid: {$eq: "e1"}}`, []string{"ok", "running", "list"}},
	{`{engine_uuid: null}`, []string{"pending", "orphan", "bare"}},
	{`{completed: null}`, []string{"running", "pending", "orphan", "bare", "list"}},
	{`{complete: null}`, []string{"ok", "error", "running", "pending", "orphan", "bare", "odd", "list"}},
	{`{no_such_key: "x"}`, nil},
	{`{submitted: ISODate("2026-11-22T10:05:00Z")}`, []string{"error"}},
	{`{submitted: "2026-11-22T10:05:00Z"}`, []string{"odd"}},
	{`{retries: 1}`, []string{"ok", "list"}},
	{`{retries: 2}`, []string{"error"}},
	{`{retries: 0.0}`, []string{"running"}},
	{`{retries: "1"}`, []string{"odd"}},
	{`{engine_uuid: "e1", queue: "task"}`, []string{"running"}},
	{`{queue: "task", engine_uuid: {$ne: null}, completed: null}`, []string{"running"}},
	{`{queue: "task", engine_uuid: "e1", msg_id: "ok"}`, nil},
	{`{label: "group_a"}`, []string{"ok", "odd"}},
	{`{label: ["group_a", "x"]}`, []string{"odd"}},
	{`{label: ["x"]}`, []string{"list"}},
	{`{label: "x"}`, []string{"odd"}},
	{`{label: ""}`, []string{"pending"}},
	{`{queue: []}`, []string{"list"}},
	{`{queue: {}}`, nil},
	{`{completed: true}`, []string{"odd"}},

	// Dotted paths and documents (P1, P3, C8).
	{`{"header.username": "ann"}`, []string{"ok", "running", "pending"}},
	{`{"header.username": null}`, []string{"orphan", "bare", "odd", "list"}},
	{`{"header.n": 9}`, []string{"list"}},
	{`{"header.1.n": 9}`, []string{"list"}},
	{`{header: {username: "ann", n: 1}}`, []string{"ok"}},
	{`{header: {n: 1, username: "ann"}}`, nil},
	{`{header: {username: "ann", n: 1.0}}`, []string{"ok"}},
	{`{"result_content.status": "error"}`, []string{"error"}},
	{`{"result_content.status": {$ne: "ok"}}`, []string{"error", "running", "pending", "orphan", "bare", "odd", "list"}},

	// Ranges: no match with null, missing or another type (C1, C3).
	{`{submitted: {$gt: ISODate("2026-11-22T10:05:00Z")}}`, []string{"running", "pending", "list"}},
	{`{submitted: {$gte: ISODate("2026-11-22T10:05:00Z")}}`, []string{"error", "running", "pending", "list"}},
	{`{submitted: {$lt: ISODate("2026-11-22T10:05:00Z")}}`, []string{"ok", "list"}},
	{`{submitted: {$lte: ISODate("2026-11-22T10:05:00Z")}}`, []string{"ok", "error", "list"}},
	{`{submitted: {$gt: ISODate("2026-11-22T10:00:00Z"), $lt: ISODate("2026-11-22T10:10:00Z")}}`, []string{"error", "list"}},
	{`{submitted: {$gt: "2026"}}`, []string{"odd"}},
	{`{submitted: {$gt: null}}`, nil},
	{`{submitted: {$lt: null}}`, nil},
	{`{submitted: {$gte: null}}`, []string{"orphan", "bare"}},
	{`{submitted: {$lte: null}}`, []string{"orphan", "bare"}},
	{`{completed: {$gt: ISODate("1970-01-01T00:00:00Z")}}`, []string{"ok", "error"}},
	{`{completed: {$lt: ISODate("2100-01-01T00:00:00Z")}}`, []string{"ok", "error"}},
	{`{completed: {$gt: false}}`, []string{"odd"}},
	{`{retries: {$gt: 1}}`, []string{"error", "list"}},
	{`{retries: {$gt: 1, $lt: 5}}`, []string{"error", "list"}},
	{`{retries: {$lt: 1}}`, []string{"running"}},
	{`{engine_uuid: {$gt: ""}}`, []string{"ok", "error", "running", "list"}},
	{`{engine_uuid: {$gt: 0}}`, []string{"odd"}},
	{`{engine_uuid: {$gte: MinKey(), $lt: "e2"}}`, []string{"ok", "running", "list"}},
	{`{submitted: {$gt: MaxKey()}}`, nil},
	{`{msg_id: {$gt: "o", $lt: "p"}}`, []string{"ok", "orphan", "odd"}},

	// IPython's spellings.
	{`{submitted: {$ge: ISODate("2026-11-22T10:05:00Z")}}`, []string{"running", "pending", "list"}},
	{`{submitted: {$le: ISODate("2026-11-22T10:05:00Z")}}`, []string{"ok", "list"}},
	{`{label: {$glob: "group_*"}}`, []string{"ok", "error", "odd"}},
	{`{label: {$glob: "group_[!a]"}}`, []string{"error"}},
	{`{label: {$glob: "*"}}`, []string{"ok", "error", "pending", "odd"}},

	// Negations match null and missing (P9).
	{`{engine_uuid: {$ne: "e1"}}`, []string{"error", "pending", "orphan", "bare", "odd"}},
	{`{engine_uuid: {$ne: null}}`, []string{"ok", "error", "running", "odd", "list"}},
	{`{completed: {$ne: null}}`, []string{"ok", "error", "odd"}},
	{`{msg_id: {$ne: null}}`, []string{"ok", "error", "running", "pending", "orphan", "bare", "odd", "list"}},
	{`{no_such_key: {$ne: 1}}`, []string{"ok", "error", "running", "pending", "orphan", "bare", "odd", "list"}},
	{`{no_such_key: {$ne: null}}`, nil},
	{`{queue: {$nin: ["mux", "task"]}}`, []string{"orphan", "bare", "odd", "list"}},
	{`{queue: {$nin: ["mux", "task", null]}}`, []string{"odd", "list"}},
	{`{queue: {$nin: []}}`, []string{"ok", "error", "running", "pending", "orphan", "bare", "odd", "list"}},
	{`{submitted: {$not: {$gt: ISODate("2026-11-22T10:00:00Z")}}}`, []string{"ok", "orphan", "bare", "odd"}},
	{`{retries: {$not: {$gt: 1, $lt: 5}}}`, []string{"ok", "running", "pending", "orphan", "bare", "odd"}},

	// Lists of values.
	{`{msg_id: {$in: ["ok", "bare", "missing", "ok"]}}`, []string{"ok", "bare"}},
	{`{msg_id: {$in: []}}`, nil},
	{`{submitted: {$in: []}}`, nil},
	{`{no_such_key: {$in: []}}`, nil},
	{`{engine_uuid: {$in: ["e2", null]}}`, []string{"error", "pending", "orphan", "bare"}},
	{`{engine_uuid: {$in: [1, "e9"]}}`, []string{"odd", "list"}},
	{`{engine_uuid: {$in: [/^e[29]/]}}`, []string{"error", "list"}},
	{`{submitted: {$in: [ISODate("2026-11-22T10:10:00Z"), "2026-11-22T10:05:00Z", 5]}}`, []string{"running", "pending", "odd"}},
	{`{queue: {$in: [[], {name: "mux"}]}}`, []string{"odd", "list"}},
	{`{label: {$in: ["x", ["x"]]}}`, []string{"odd", "list"}},

	// Existence and type.
	{`{submitted: {$exists: true}}`, []string{"ok", "error", "running", "pending", "orphan", "odd", "list"}},
	{`{submitted: {$exists: false}}`, []string{"bare"}},
	{`{retries: {$exists: 0}}`, []string{"pending", "orphan", "bare"}},
	{`{submitted: {$type: "date"}}`, []string{"ok", "error", "running", "pending", "list"}},
	{`{submitted: {$type: "null"}}`, []string{"orphan"}},
	{`{submitted: {$not: {$type: ["date", "null"]}}}`, []string{"bare", "odd"}},
	{`{engine_uuid: {$type: "array"}}`, []string{"list"}},
	{`{retries: {$type: "number"}}`, []string{"ok", "error", "running", "list"}},
	{`{retries: {$type: "long"}}`, []string{"running"}},

	// Arrays.
	{`{engine_uuid: {$all: ["e1", "e9"]}}`, []string{"list"}},
	{`{engine_uuid: {$all: ["e1"]}}`, []string{"ok", "running", "list"}},
	{`{label: {$size: 2}}`, []string{"odd"}},
	{`{queue: {$size: 0}}`, []string{"list"}},
	{`{retries: {$elemMatch: {$gt: 1, $lt: 5}}}`, nil},
	{`{retries: {$elemMatch: {$gt: 1, $lt: 6}}}`, []string{"list"}},
	{`{header: {$elemMatch: {n: 1, username: "cy"}}}`, []string{"list"}},
	{`{header: {$elemMatch: {n: 9, username: "cy"}}}`, nil},

	// Numbers and text.
	{`{retries: {$mod: [2, 1]}}`, []string{"ok", "list"}},
	{`{retries: {$bitsAllSet: 4}}`, []string{"list"}},
	{`{label: {$regex: "^GROUP_", $options: "i"}}`, []string{"ok", "error", "odd"}},
	{`{label: /_b$/}`, []string{"error"}},
	{`{label: {$not: /a/}}`, []string{"error", "running", "pending", "orphan", "bare", "list"}},

	// Filters of filters.
	{`{$or: [{completed: true}, {engine_uuid: "e2"}]}`, []string{"error", "odd"}},
	{`{$or: [{msg_id: "ok"}, {no_such_key: 1}]}`, []string{"ok"}},
	{`{$or: [{msg_id: "ok"}, {}], queue: "mux"}`, []string{"ok"}},
	{`{$and: [{queue: "task"}, {completed: null}], engine_uuid: null}`, []string{"pending"}},
	{`{$nor: [{queue: "task"}, {queue: "mux"}, {queue: null}]}`, []string{"odd", "list"}},
	{`{queue: "task", $or: [{engine_uuid: "e2"}, {engine_uuid: null}]}`, []string{"error", "pending"}},
	{`{$comment: "who asks", queue: "mux"}`, []string{"ok"}},

	// The states of a task.
	{`{completed: null, engine_uuid: null, started: null}`, []string{"pending", "orphan", "bare"}},
	{`{completed: null, $or: [{engine_uuid: {$ne: null}}, {started: {$ne: null}}]}`, []string{"running", "list"}},
	{`{completed: {$ne: null}, "result_content.status": "ok"}`, []string{"ok"}},

	// Buffers, which are kept apart.
	{`{buffers: BinData(0, "AQID")}`, []string{"ok"}},
	{`{buffers: [BinData(0, "AQID")]}`, []string{"ok"}},
	{`{buffers: {$size: 0}}`, []string{"error"}},
	{`{buffers: null}`, []string{"running", "pending", "orphan", "bare", "odd", "list"}},
	{`{buffers: {$exists: true}}`, []string{"ok", "error"}},
}

func operatorsSelect(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, zoo...)
	for _, c := range zooFilters {
		t.Run(c.filter, func(t *testing.T) {
			require.ElementsMatch(t, c.want, ids(t, db, taskdb.Query{Filter: c.filter}))
			n, err := db.Count(t.Context(), taskdb.Query{Filter: c.filter})
			require.NoError(t, err)
			require.EqualValues(t, len(c.want), n)
		})
	}
}

func filterOrder(t *testing.T, db *taskdb.DB) {
	addDocs(t, db, zoo...)
	for _, filter := range []string{
		`{queue: "task", completed: null, engine_uuid: "e1"}`,
		`{engine_uuid: "e1", queue: "task", completed: null}`,
		`{completed: null, engine_uuid: "e1", queue: "task"}`,
		`{$and: [{completed: null}, {engine_uuid: "e1"}], queue: "task"}`,
	} {
		require.Equal(t, []string{"running"}, ids(t, db, taskdb.Query{Filter: filter}), filter)
	}
}

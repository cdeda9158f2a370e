package mongo_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"

	"github.com/taskdb/taskdb/backends/mongo"
	"github.com/taskdb/taskdb/internal/mongotest"
	"github.com/taskdb/taskdb/taskdb"
)

// relayed is a store whose server answers as MongoDB does, and the commands that the
// driver sends to it.
type relayed struct {
	db *taskdb.DB

	mu       sync.Mutex
	commands []bson.Raw
}

// openRelayed opens a store on a collection that is not of tasks, so that no indexes
// are made.
func openRelayed(t *testing.T, answer func(command bson.Raw) any) *relayed {
	server, err := mongotest.NewStandIn(answer)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	r := &relayed{}
	store, err := mongo.OpenMonitored(t.Context(), server.URL, &event.CommandMonitor{Started: r.started}, nil)
	require.NoError(t, err)
	db := taskdb.NewDB(store)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	r.db = db.In("lab.things")
	return r
}

// started notes a command, but for those that sweep what is left of buffers.
func (r *relayed) started(_ context.Context, e *event.CommandStartedEvent) {
	if name, _ := e.Command.Index(0).Value().StringValueOK(); name == "things.buffers.chunks" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.commands = append(r.commands, e.Command)
}

// during returns the commands that a call sends, without what tells the session, the
// database and the concern.
func (r *relayed) during(t *testing.T, call func() error) (commands []bson.Raw) {
	r.mu.Lock()
	r.commands = nil
	r.mu.Unlock()
	require.NoError(t, call())
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, command := range r.commands {
		elements, err := command.Elements()
		require.NoError(t, err)
		shown := bson.D{}
		for _, e := range elements {
			switch e.Key() {
			case "lsid", "$db", "writeConcern":
			default:
				shown = append(shown, bson.E{Key: e.Key(), Value: e.Value()})
			}
		}
		doc, err := bson.Marshal(shown)
		require.NoError(t, err)
		commands = append(commands, doc)
	}
	return commands
}

// answers are MongoDB's to commands that find one document.
func answers(command bson.Raw) any {
	found := bson.D{{Key: "_id", Value: 1}, {Key: "msg_id", Value: "a"}}
	switch mongotest.NameOf(command) {
	case "find":
		return cursorOf(found)
	case "aggregate":
		return cursorOf(bson.D{{Key: "n", Value: 1}})
	case "distinct":
		return bson.D{{Key: "values", Value: bson.A{"a"}}}
	case "findAndModify":
		return bson.D{{Key: "value", Value: found}, {Key: "lastErrorObject", Value: bson.D{{Key: "n", Value: 1}, {Key: "updatedExisting", Value: true}}}}
	case "bulkWrite":
		ops, _ := command.Lookup("ops").Array().Values()
		results := make([]any, len(ops))
		for i := range results {
			results[i] = bson.D{{Key: "ok", Value: 1.0}, {Key: "idx", Value: i}, {Key: "n", Value: 1}, {Key: "nModified", Value: 1}}
		}
		return cursorOf(results...)
	}
	return bson.D{{Key: "n", Value: 1}, {Key: "nModified", Value: 1}}
}

// cursorOf is a reply with all of an answer.
func cursorOf(docs ...any) bson.D {
	return bson.D{{Key: "cursor", Value: bson.D{{Key: "id", Value: int64(0)}, {Key: "ns", Value: "lab.things"}, {Key: "firstBatch", Value: docs}}}}
}

// odd is a filter that is not written as a program would.
const odd = `{b: {$in: [NumberLong(1), 1.0, "x", null]}, a: {$ge: 1, $le: NumberLong(5)}, $or: [{c: {$glob: "a*"}}, {"d.0": {$exists: true}}]}`

// sent is what of it is sent.
const sent = `{b: {$in: [NumberLong(1), 1.0, "x", null]}, a: {$gt: 1, $lt: NumberLong(5)}, $or: [{c: {$regex: "^(?s:a.*)\\z"}}, {"d.0": {$exists: true}}]}`

func TestAnOperationIsOneCommandWithItsFilterAsItIs(t *testing.T) {
	r := openRelayed(t, answers)
	ctx, db := t.Context(), r.db
	insert := func(text string) taskdb.Insert { return taskdb.Insert{Doc: doc(t, text)} }
	update := taskdb.Update{Filter: odd, Update: `{$set: {"a.$[x]": NumberLong(1)}, $inc: {b: 1}}`, ArrayFilters: []any{`{x: {$gt: 5}}`}, Sort: `{c: 1, a: -1}`}
	many := taskdb.Update{Filter: odd, Update: `{$set: {a: 1}}`, Many: true, Upsert: true}
	drain := func(q taskdb.Query) error {
		for _, err := range db.FindRaw(ctx, q) {
			if err != nil {
				return err
			}
		}
		return nil
	}
	outcome := func(_ taskdb.Outcome, err error) error { return err }
	for name, c := range map[string]struct {
		call func() error
		want []string
	}{
		"get": {
			func() error { _, err := db.Get(ctx, "a"); return err },
			[]string{`{find: "things", filter: {msg_id: {$eq: "a", $not: {$type: "array"}}}, limit: NumberLong(1), singleBatch: true}`},
		},
		"find": {
			func() error {
				return drain(taskdb.Query{Filter: odd, Projection: `{a: 1, "b.c": 1}`, Sort: `{c: 1, a: -1}`, Skip: 2, Limit: 5})
			},
			[]string{`{find: "things", filter: ` + sent + `, limit: NumberLong(5), projection: {a: 1, "b.c": 1}, skip: NumberLong(2), sort: {c: 1, a: -1}}`},
		},
		"find all": {
			func() error { return drain(taskdb.Query{Projection: `{}`}) },
			[]string{`{find: "things", filter: {}}`},
		},
		"page": {
			func() error {
				_, err := db.Page(ctx, taskdb.Query{Filter: odd, Projection: `{}`, Limit: 5}, "")
				return err
			},
			[]string{`{find: "things", filter: ` + sent + `, limit: NumberLong(6), sort: {_id: 1}}`},
		},
		"count": {
			func() error { _, err := db.Count(ctx, taskdb.Query{Filter: odd, Skip: 2, Limit: 5}); return err },
			[]string{`{aggregate: "things", pipeline: [{$match: ` + sent + `}, {$skip: NumberLong(2)}, {$limit: NumberLong(5)}, {$group: {_id: 1, n: {$sum: 1}}}], cursor: {}}`},
		},
		"distinct": {
			func() error { _, err := db.Distinct(ctx, "header.user", odd); return err },
			[]string{`{distinct: "things", key: "header.user", query: ` + sent + `}`},
		},
		"explain": {
			func() error {
				_, err := db.Explain(ctx, taskdb.Query{Filter: odd, Projection: `{}`, Limit: 5})
				return err
			},
			[]string{`{explain: {find: "things", filter: ` + sent + `, limit: NumberLong(5)}, verbosity: "executionStats"}`},
		},
		"add": {
			func() error { return db.AddRaw(ctx, doc(t, `{_id: 1}`), doc(t, `{_id: 2}`)) },
			[]string{`{insert: "things", ordered: true, documents: [{_id: 1}, {_id: 2}]}`},
		},
		"add each": {
			func() error { _, err := db.AddEach(ctx, doc(t, `{_id: 1}`), doc(t, `{_id: 2}`)); return err },
			[]string{`{insert: "things", ordered: false, documents: [{_id: 1}, {_id: 2}]}`},
		},
		"update": {
			func() error { return outcome(db.Update(ctx, update)) },
			[]string{`{update: "things", ordered: true, updates: [{q: ` + sent + `, u: {$set: {"a.$[x]": NumberLong(1)}, $inc: {b: 1}},
				sort: {c: 1, a: -1}, arrayFilters: [{x: {$gt: 5}}], upsert: false}]}`},
		},
		"update many": {
			func() error { return outcome(db.Update(ctx, many)) },
			[]string{`{update: "things", ordered: true, updates: [{q: ` + sent + `, u: {$set: {a: 1}}, multi: true, upsert: true}]}`},
		},
		"replace": {
			func() error { return outcome(db.Update(ctx, taskdb.Update{Filter: odd, Update: `{a: NumberLong(1)}`})) },
			[]string{`{update: "things", ordered: true, updates: [{q: ` + sent + `, u: {a: NumberLong(1)}, upsert: false}]}`},
		},
		"update by a pipeline": {
			func() error {
				return outcome(db.Update(ctx, taskdb.Update{Filter: `{$expr: {$gt: ["$a", {$literal: {$ge: 1}}]}}`, Update: `[{$set: {a: "$b"}}]`}))
			},
			[]string{`{update: "things", ordered: true, updates: [{q: {$expr: {$gt: ["$a", {$literal: {$ge: 1}}]}}, u: [{$set: {a: "$b"}}], upsert: false}]}`},
		},
		"find and modify by a pipeline": {
			func() error {
				return outcome(db.FindAndModify(ctx, taskdb.Update{Update: `[{$set: {a: "$b"}}]`}, taskdb.Found{Projection: `{a: "$c"}`}))
			},
			[]string{`{findAndModify: "things", fields: {a: "$c"}, new: false, query: {}, update: [{$set: {a: "$b"}}]}`},
		},
		"find and upsert by a pipeline": {
			func() error {
				return outcome(db.FindAndModify(ctx, taskdb.Update{Update: `[{$set: {a: "$b"}}]`, Upsert: true}, taskdb.Found{Projection: `{a: 1}`}))
			},
			[]string{`{findAndModify: "things", query: {}, update: [{$set: {a: "$b"}}], upsert: true, new: false, fields: {a: 1}}`},
		},
		"a bulk by pipelines": {
			func() error {
				set := taskdb.Update{Update: `[{$set: {a: "$b"}}]`}
				_, err := db.Bulk(ctx, true, set, set)
				return err
			},
			[]string{`{bulkWrite: 1, errorsOnly: false, ordered: true, ops: [
				{update: 0, filter: {}, updateMods: [{$set: {a: "$b"}}], multi: false, upsert: false},
				{update: 0, filter: {}, updateMods: [{$set: {a: "$b"}}], multi: false, upsert: false}], nsInfo: [{ns: "lab.things"}]}`},
		},
		"update a record": {
			func() error { return db.UpdateRecord(ctx, "a", `{$set: {a: 1}}`) },
			[]string{`{update: "things", ordered: true, updates: [{q: {msg_id: "a"}, u: {$set: {a: 1}}, upsert: false}]}`},
		},
		"delete": {
			func() error { return outcome(db.Delete(ctx, taskdb.Delete{Filter: odd})) },
			[]string{`{delete: "things", ordered: true, deletes: [{q: ` + sent + `, limit: 1}]}`},
		},
		"delete many": {
			func() error { return outcome(db.Delete(ctx, taskdb.Delete{Filter: odd, Many: true})) },
			[]string{`{delete: "things", ordered: true, deletes: [{q: ` + sent + `, limit: 0}]}`},
		},
		"delete the first": {
			func() error { return outcome(db.Delete(ctx, taskdb.Delete{Filter: odd, Sort: `{a: -1}`})) },
			[]string{`{findAndModify: "things", fields: {_id: 1}, query: ` + sent + `, remove: true, sort: {a: -1}}`},
		},
		"drop a record": {
			func() error { return db.DropRecord(ctx, "a") },
			[]string{`{delete: "things", ordered: true, deletes: [{q: {msg_id: "a"}, limit: 1}]}`},
		},
		"find and modify": {
			func() error {
				return outcome(db.FindAndModify(ctx, update, taskdb.Found{Projection: `{a: 1}`, After: true}))
			},
			[]string{`{findAndModify: "things", arrayFilters: [{x: {$gt: 5}}], fields: {a: 1}, new: true, query: ` + sent + `, sort: {c: 1, a: -1},
				update: {$set: {"a.$[x]": NumberLong(1)}, $inc: {b: 1}}}`},
		},
		"find and upsert": {
			func() error {
				return outcome(db.FindAndModify(ctx, taskdb.Update{Filter: odd, Update: `{a: 1}`, Upsert: true}, taskdb.Found{Projection: `{a: 1}`}))
			},
			[]string{`{findAndModify: "things", query: ` + sent + `, update: {a: 1}, upsert: true, new: false, fields: {a: 1}}`},
		},
		"find and delete": {
			func() error {
				return outcome(db.FindAndModify(ctx, taskdb.Delete{Filter: odd}, taskdb.Found{Projection: `{a: 1}`}))
			},
			[]string{`{findAndModify: "things", fields: {a: 1}, query: ` + sent + `, remove: true}`},
		},
		"append text": {
			func() error { return db.AppendText(ctx, "a", "stdout", "$x") },
			[]string{`{update: "things", ordered: true, updates: [{
				q: {msg_id: {$eq: "a", $not: {$type: "array"}}, stdout: {$not: {$type: "array"}}, $or: [{stdout: {$type: "string"}}, {stdout: null}]},
				u: [{$set: {stdout: {$concat: [{$ifNull: ["$stdout", ""]}, {$literal: "$x"}]}}}]}]}`},
		},
		"append to a list": {
			func() error { return db.AppendList(ctx, "a", "log", 1, 2) },
			[]string{`{update: "things", ordered: true, updates: [{
				q: {msg_id: {$eq: "a", $not: {$type: "array"}}, log: {$type: "array"}}, u: {$push: {log: {$each: [1, 2]}}}}]}`},
		},
		"a bulk": {
			func() error {
				_, err := db.Bulk(ctx, true, insert(`{_id: 1}`), update, many, taskdb.Update{Filter: odd, Update: `{a: 1}`, Sort: `{a: 1}`}, taskdb.Delete{Filter: odd})
				return err
			},
			[]string{`{bulkWrite: 1, errorsOnly: false, ordered: true, ops: [
				{insert: 0, document: {_id: 1}},
				{update: 0, filter: ` + sent + `, updateMods: {$set: {"a.$[x]": NumberLong(1)}, $inc: {b: 1}}, multi: false, arrayFilters: [{x: {$gt: 5}}], upsert: false, sort: {c: 1, a: -1}},
				{update: 0, filter: ` + sent + `, updateMods: {$set: {a: 1}}, multi: true, upsert: true},
				{update: 0, filter: ` + sent + `, updateMods: {a: 1}, multi: false, upsert: false, sort: {a: 1}},
				{delete: 0, filter: ` + sent + `, multi: false}], nsInfo: [{ns: "lab.things"}]}`},
		},
		"a bulk with a deletion of many": {
			func() error {
				_, err := db.Bulk(ctx, false, insert(`{_id: 1}`), insert(`{_id: 2}`), taskdb.Delete{Filter: odd, Many: true}, taskdb.Delete{Filter: odd})
				return err
			},
			[]string{
				`{insert: "things", ordered: false, documents: [{_id: 1}, {_id: 2}]}`,
				`{delete: "things", ordered: true, deletes: [{q: ` + sent + `, limit: 0}]}`,
				`{delete: "things", ordered: true, deletes: [{q: ` + sent + `, limit: 1}]}`,
			},
		},
		"the history": { // which is two questions
			func() error {
				for _, err := range db.History(ctx) {
					if err != nil {
						return err
					}
				}
				return nil
			},
			[]string{
				`{find: "things", filter: {submitted: {$ne: null}}, projection: {_id: 0, msg_id: 1}, sort: {submitted: 1}}`,
				`{find: "things", filter: {submitted: null}, projection: {_id: 0, msg_id: 1}, sort: {submitted: 1}}`,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			commands := r.during(t, c.call)
			require.Len(t, commands, len(c.want))
			for i, text := range c.want {
				want := bson.Raw(doc(t, text))
				require.Equal(t, want.String(), commands[i].String())
				require.Equal(t, want, commands[i])
			}
		})
	}
}

func TestABulkOfOneCommandTellsWhatBecameOfEach(t *testing.T) {
	result := func(i int, more ...bson.E) bson.D {
		return append(bson.D{{Key: "ok", Value: 1.0}, {Key: "idx", Value: i}}, more...)
	}
	results := []any{
		result(0, bson.E{Key: "n", Value: 1}),
		result(1, bson.E{Key: "n", Value: 1}, bson.E{Key: "nModified", Value: 0}),
		result(2, bson.E{Key: "n", Value: 1}, bson.E{Key: "nModified", Value: 0}, bson.E{Key: "upserted", Value: bson.D{{Key: "_id", Value: 7}}}),
		bson.D{
			{Key: "ok", Value: 0.0}, {Key: "idx", Value: 3}, {Key: "code", Value: 11000}, {Key: "errmsg", Value: "E11000 duplicate key"},
			{Key: "keyPattern", Value: bson.D{{Key: "_id", Value: 1}}}, {Key: "keyValue", Value: bson.D{{Key: "_id", Value: 1}}}, {Key: "n", Value: 0},
		},
		result(4, bson.E{Key: "n", Value: 1}),
	}
	for _, ordered := range []bool{true, false} {
		r := openRelayed(t, func(command bson.Raw) any {
			switch {
			case mongotest.NameOf(command) != "bulkWrite":
				return answers(command)
			case ordered:
				return append(cursorOf(results[:4]...), bson.E{Key: "nErrors", Value: 1})
			}
			return append(cursorOf(results...), bson.E{Key: "nErrors", Value: 1})
		})
		insert := taskdb.Insert{Doc: doc(t, `{_id: 1}`)}
		update := taskdb.Update{Filter: `{_id: 1}`, Update: `{$set: {a: 1}}`}
		outcomes, err := r.db.Bulk(t.Context(), ordered, insert, update, update, insert, taskdb.Delete{})
		require.NoError(t, err)
		require.Equal(t, told{}, tell(outcomes[0]))
		require.Equal(t, told{matched: 1}, tell(outcomes[1]))
		require.Equal(t, told{upserted: `{"$numberInt":"7"}`}, tell(outcomes[2]))
		var duplicate *taskdb.DuplicateKeyError
		require.ErrorAs(t, outcomes[3].Err, &duplicate)
		require.Equal(t, "lab.things", duplicate.Collection)
		require.Equal(t, `{"_id": {"$numberInt":"1"}}`, duplicate.KeyValue.String())
		if ordered {
			require.ErrorIs(t, outcomes[4].Err, taskdb.ErrNotTried)
		} else {
			require.Equal(t, told{matched: 1}, tell(outcomes[4]))
		}
	}
}

// A server can refuse a command, as of a user who may not write. Then it has done none
// of it.
func TestARefusedCommandIsTheOutcomeOfAllItsChanges(t *testing.T) {
	r := openRelayed(t, func(command bson.Raw) any {
		switch mongotest.NameOf(command) {
		case "bulkWrite", "insert":
			return bson.D{{Key: "ok", Value: 0.0}, {Key: "code", Value: 13}, {Key: "errmsg", Value: "not authorized"}}
		}
		return answers(command)
	})
	insert := taskdb.Insert{Doc: doc(t, `{_id: 1}`)}
	for _, operations := range [][]taskdb.Operation{{insert, insert}, {insert, taskdb.Delete{}}} {
		outcomes, err := r.db.Bulk(t.Context(), false, operations...)
		require.NoError(t, err)
		for _, outcome := range outcomes {
			require.ErrorContains(t, outcome.Err, "not authorized")
		}
	}
}

package main

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// asking asks a store one question.
type asking[Store any] func(ctx context.Context, store Store, out sink) error

// of is the question asked of one store.
func (ask asking[Store]) of(store Store) asker {
	return func(ctx context.Context, out sink) error { return ask(ctx, store, out) }
}

// question is what is asked of all.
type question struct {
	name    string
	ordered bool // the answer is a sequence, not a set
	extra   bool // no figure is asked for beside what is written by hand
	// The answers of both are the same bytes.
	raw    asking[*taskdb.DB]
	byHand asking[handStore]
	// What IPython can be asked, too; nil where it cannot. Both answer with whole
	// records in the language's own types, of which the msg_ids are compared.
	decoded asking[*taskdb.DB]
	python  *pythonRequest
}

// handStore is a store written by hand for these questions.
type handStore interface {
	get(ctx context.Context, msgID string, out sink) error
	incomplete(ctx context.Context, out sink) error
	incompleteWithoutBuffers(ctx context.Context, out sink) error
	since(ctx context.Context, from int64, out sink) error
	sinceOfOthers(ctx context.Context, from int64, client string, out sink) error
	onEngines(ctx context.Context, engines []string, out sink) error
	byIDs(ctx context.Context, msgIDs []string, out sink) error
	newest(ctx context.Context, n int, out sink) error
	ofUser(ctx context.Context, user string, out sink) error
	countStates(ctx context.Context, out sink) error
	history(ctx context.Context, out sink) error
	add(ctx context.Context, doc bson.Raw) error
	// forget empties the page caches of all connections in the process.
	forget(ctx context.Context) error

	// finish sets the result of a task.
	finish(ctx context.Context, msgID string, r result) error
	// claim gives the task that waits longest to an engine, and returns it.
	claim(ctx context.Context, engine string) (bson.Raw, error)
	// print appends to a task's stdout.
	print(ctx context.Context, msgID, text string) error
	// purge removes the finished tasks that were submitted before a time.
	purge(ctx context.Context, before int64) (int64, error)
	// finishAll is finish of many at once.
	finishAll(ctx context.Context, msgIDs []string, r result) error
}

// questionsOf returns what is asked of the tasks.
func questionsOf(set taskSet) []question {
	from := set.submitted(set.size - set.size/20)
	me, engines, user := set.clients[2], set.engines[3:5], set.user(1)
	some, ids := set.spread(500), set.spread(100)

	incomplete := bson.D{{Key: "completed", Value: nil}}
	since := bson.E{Key: "submitted", Value: bson.D{{Key: "$gte", Value: from}}}
	notMe := bson.E{Key: "client_uuid", Value: bson.D{{Key: "$ne", Value: me}}}
	onEngines := bson.D{{Key: "engine_uuid", Value: bson.D{{Key: "$in", Value: engines}}}}
	byIDs := bson.D{{Key: "msg_id", Value: bson.D{{Key: "$in", Value: ids}}}}

	return []question{
		{
			name:    "get",
			ordered: true,
			raw:     getRaw(some),
			byHand: func(ctx context.Context, hand handStore, out sink) error {
				return each(some, func(id string) error { return hand.get(ctx, id, out) })
			},
			decoded: get(some),
			python:  &pythonRequest{Do: "get", IDs: some},
		},
		finding("unfinished", incomplete, func(ctx context.Context, hand handStore, out sink) error {
			return hand.incomplete(ctx, out)
		}),
		finding("last 5 % by submitted", bson.D{since}, func(ctx context.Context, hand handStore, out sink) error {
			return hand.since(ctx, from.UnixMilli(), out)
		}),
		finding("that, and not my client", bson.D{since, notMe}, func(ctx context.Context, hand handStore, out sink) error {
			return hand.sinceOfOthers(ctx, from.UnixMilli(), me, out)
		}),
		finding("two engines of sixteen", onEngines, func(ctx context.Context, hand handStore, out sink) error {
			return hand.onEngines(ctx, engines, out)
		}),
		finding("100 ids", byIDs, func(ctx context.Context, hand handStore, out sink) error {
			return hand.byIDs(ctx, ids, out)
		}),
		{
			name:    "newest 50 by completed",
			ordered: true,
			raw:     findRaw(taskdb.Query{Sort: must(query.ParseSortValue(`{completed: -1}`)), Limit: 50, Projection: whole}),
			byHand: func(ctx context.Context, hand handStore, out sink) error {
				return hand.newest(ctx, 50, out)
			},
		},
		{
			name: "nested path by scan",
			raw:  findRaw(taskdb.Query{Filter: query.MustParse(bson.D{{Key: "header.username", Value: user}}), Projection: whole}),
			byHand: func(ctx context.Context, hand handStore, out sink) error {
				return hand.ofUser(ctx, user, out)
			},
		},
		{
			name: "count by state",
			raw:  countStates,
			byHand: func(ctx context.Context, hand handStore, out sink) error {
				return hand.countStates(ctx, out)
			},
		},
		{
			name:  "unfinished, without buffers",
			extra: true,
			raw:   findRaw(taskdb.Query{Filter: query.MustParse(incomplete), Projection: withoutBuffers}),
			byHand: func(ctx context.Context, hand handStore, out sink) error {
				return hand.incompleteWithoutBuffers(ctx, out)
			},
		},
		{
			name:    "history",
			ordered: true,
			extra:   true,
			raw:     history,
			byHand: func(ctx context.Context, hand handStore, out sink) error {
				return hand.history(ctx, out)
			},
			decoded: history,
			python:  &pythonRequest{Do: "history"},
		},
	}
}

// finding is a question for whole records that IPython can be asked as well.
func finding(name string, filter bson.D, byHand asking[handStore]) question {
	q := taskdb.Query{Filter: query.MustParse(filter), Projection: whole}
	return question{
		name:    name,
		raw:     findRaw(q),
		byHand:  byHand,
		decoded: find(q),
		python:  &pythonRequest{Do: "find", Check: must(jsonOf(filter))},
	}
}

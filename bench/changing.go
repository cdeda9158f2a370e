package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

const (
	// changedByOne is how many changes a lone writer makes in a round, and
	// changedByEach how many each of many writers does.
	changedByOne  = 400
	changedByEach = 50
	// printedByOne is how many lines a task prints in a round, each in a fraction of a
	// microsecond.
	printedByOne = 2000
	// bulkSize is how many tasks are changed at once.
	bulkSize = 1000
	// printedBefore is how much a task has printed that goes on to print.
	printedBefore = 1 << 20
)

// changing is what is done to the records of a store.
type changing struct {
	finish    func(ctx context.Context, msgID string, r result) error
	claim     func(ctx context.Context, engine string) (bson.Raw, error)
	print     func(ctx context.Context, msgID, text string) error
	purge     func(ctx context.Context, before int64) (int64, error)
	finishAll func(ctx context.Context, msgIDs []string, r result) error
}

// result is what finishing a task sets, and the update that does.
type result struct {
	set    bson.Raw
	update *query.Update
}

func changingByHand(h handStore) changing {
	return changing{h.finish, h.claim, h.print, h.purge, h.finishAll}
}

// changingOf changes a store by operations that were parsed beforehand, but for the
// msg_id.
func changingOf(db *taskdb.DB, set taskSet) (changing, error) {
	claims, err := claimsOf(set)
	if err != nil {
		return changing{}, err
	}
	whole, err := query.ParseProjectionValue(bson.D{})
	if err != nil {
		return changing{}, err
	}
	return changing{
		finish: func(ctx context.Context, msgID string, r result) error { return db.UpdateRecord(ctx, msgID, r.update) },
		claim: func(ctx context.Context, engine string) (bson.Raw, error) {
			claimed, err := db.FindAndModify(ctx, claims[engine], taskdb.Found{After: true, Projection: whole})
			return claimed.Doc, err
		},
		print: func(ctx context.Context, msgID, text string) error { return db.AppendText(ctx, msgID, "stdout", text) },
		purge: func(ctx context.Context, before int64) (int64, error) {
			old := bson.D{
				{Key: "submitted", Value: bson.D{{Key: "$lt", Value: bson.DateTime(before)}}},
				{Key: "completed", Value: bson.D{{Key: "$ne", Value: nil}}},
			}
			purged, err := db.Purge(ctx, taskdb.Purge{Filter: old})
			return purged.Records, err
		},
		finishAll: func(ctx context.Context, msgIDs []string, r result) error {
			updates := make([]taskdb.Operation, len(msgIDs))
			for i, id := range msgIDs {
				updates[i] = taskdb.Update{Filter: bson.D{{Key: "msg_id", Value: id}}, Update: r.update}
			}
			outcomes, err := db.Bulk(ctx, false, updates...)
			for _, o := range outcomes {
				err = errors.Join(err, o.Err)
			}
			return err
		},
	}, nil
}

// claimsOf returns the operation by which each engine claims a task.
func claimsOf(set taskSet) (map[string]taskdb.Update, error) {
	waits, err := query.Parse(bson.D{{Key: "completed", Value: nil}, {Key: "engine_uuid", Value: nil}})
	if err != nil {
		return nil, err
	}
	oldest, err := query.ParseSortValue(bson.D{{Key: "submitted", Value: 1}})
	if err != nil {
		return nil, err
	}
	claims := map[string]taskdb.Update{}
	for _, engine := range set.engines {
		update, err := query.ParseUpdate(setting(engineKey(engine)), nil)
		if err != nil {
			return nil, err
		}
		claims[engine] = taskdb.Update{Filter: waits, Sort: oldest, Update: update}
	}
	return claims, nil
}

// setting is the update that sets what a document has.
func setting(set bson.Raw) bson.Raw {
	return document(bsoncore.NewDocumentBuilder().AppendDocument("$set", bsoncore.Document(set)))
}

func engineKey(engine string) bson.Raw {
	return document(bsoncore.NewDocumentBuilder().AppendString("engine_uuid", engine))
}

// withKeys returns a document with the values that another has for some of its
// keys.
func withKeys(doc, set bson.Raw) bson.Raw {
	start, dst := bsoncore.AppendDocumentStart(make([]byte, 0, len(doc)+len(set)))
	for rest := []byte(doc[4:]); len(rest) > 1; {
		element, next, _ := bsoncore.ReadElement(rest)
		rest = next
		if v, err := set.LookupErr(element.Key()); err == nil {
			dst = bsoncore.AppendValueElement(dst, element.Key(), bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value})
			continue
		}
		dst = append(dst, element...)
	}
	return bson.Raw(bsoncore.UpdateLength(append(dst, 0), start, int32(len(dst)+1)))
}

// result is what finishing the i-th task sets.
func (s taskSet) result(i int) (result, error) {
	record := s.requested(i)
	s.finish(i, record)
	whole, err := record.MarshalBSON()
	if err != nil {
		return result{}, err
	}
	set := bsoncore.NewDocumentBuilder()
	for _, key := range []string{"started", "completed", "received", "result_header", "result_metadata", "result_content", "result_buffers"} {
		v := bson.Raw(whole).Lookup(key)
		set.AppendValue(key, bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value})
	}
	keys := document(set)
	update, err := query.ParseUpdate(setting(keys), nil)
	return result{keys, update}, err
}

// pace has writers do something again and again, and tells how long it took each
// time.
func pace(ctx context.Context, writers, each int, do func(i int) error) (time.Duration, error) {
	failures := make(chan error, writers)
	start := time.Now()
	for w := range writers {
		go func() {
			var err error
			for i := w * each; i < (w+1)*each && err == nil; i++ {
				err = do(i)
			}
			failures <- err
		}()
	}
	var failed error
	for range writers {
		failed = errors.Join(failed, <-failures)
	}
	return time.Since(start) / time.Duration(writers*each), errors.Join(failed, ctx.Err())
}

// finishing times the finishing of tasks that were requested before.
func (a *arena) finishing(c changing, add func(ctx context.Context, doc bson.Raw) error, next *int, writers, each int) timer {
	return func(ctx context.Context) (time.Duration, error) {
		first := *next
		*next += writers * each
		results := make([]result, writers*each)
		for i := range results {
			requested, err := a.set.requested(first + i).MarshalBSON()
			if err != nil {
				return 0, err
			}
			if err := add(ctx, withID(a.set.msgID(first+i), requested)); err != nil {
				return 0, err
			}
			if results[i], err = a.set.result(first + i); err != nil {
				return 0, err
			}
		}
		runtime.GC() // what was prepared, in this process alone, is not collected while the clock runs
		return pace(ctx, writers, each, func(i int) error { return c.finish(ctx, a.set.msgID(first+i), results[i]) })
	}
}

// changeAll races changes of the stores, which then must have the same.
func (a *arena) changeAll(ctx context.Context) error {
	ours, err := changingOf(a.db, a.set)
	if err != nil {
		return err
	}
	theirs := changingByHand(a.hand)
	addRaw := func(ctx context.Context, doc bson.Raw) error { return a.db.AddRaw(ctx, doc) }
	const first = 10_000_000 // no task of the set, or of those that were added
	nextOurs, nextTheirs := first, first
	contests := []struct {
		figure       string
		ours, theirs timer
	}{
		{"finish one at a time, to by hand", a.finishing(ours, addRaw, &nextOurs, 1, changedByOne), a.finishing(theirs, a.hand.add, &nextTheirs, 1, changedByOne)},
		{"finish from 32 writers, to by hand", a.finishing(ours, addRaw, &nextOurs, manyWriters, changedByEach), a.finishing(theirs, a.hand.add, &nextTheirs, manyWriters, changedByEach)},
		{"claim, to by hand", a.claiming(ours), a.claiming(theirs)},
		{"append a line to 1 MiB, to by hand", a.printing(ours), a.printing(theirs)},
		{"bulk of 1,000 updates, to by hand", a.bulk(ours), a.bulk(theirs)},
	}
	for _, c := range contests {
		if !a.wants(c.figure) {
			continue
		}
		ratio, err := race(ctx, a.rounds, c.ours, c.theirs)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", a.kind, c.figure, err)
		}
		a.report.add(c.figure, a.kind, ratio, a.limits.changes)
	}
	if err := a.changeBesideIPython(ctx, ours, addRaw, &nextOurs); err != nil {
		return err
	}
	return a.purgeAll(ctx, ours, theirs)
}

// claiming times engines that claim a task each. Each of them finishes its task
// before the next round, so that no more tasks are running than there are engines.
func (a *arena) claiming(c changing) timer {
	started := false
	return func(ctx context.Context) (time.Duration, error) {
		if !started {
			if err := a.finishRunning(ctx, c); err != nil {
				return 0, err
			}
			started = true
		}
		claimed := make([]bson.Raw, engineCount)
		took, err := pace(ctx, 1, engineCount, func(i int) (err error) {
			claimed[i], err = c.claim(ctx, a.set.engines[i])
			if err == nil && claimed[i] == nil {
				err = taskdb.ErrNotFound
			}
			return err
		})
		for i := range claimed {
			if err == nil {
				err = a.finishClaimed(ctx, c, claimed[i], i)
			}
		}
		return took, err
	}
}

func (a *arena) finishClaimed(ctx context.Context, c changing, claimed bson.Raw, i int) error {
	r, err := a.set.result(i)
	if err != nil {
		return err
	}
	return c.finish(ctx, claimed.Lookup("msg_id").StringValue(), r)
}

// finishRunning finishes the tasks of the set that are running.
func (a *arena) finishRunning(ctx context.Context, c changing) error {
	return a.set.each(func(doc bson.Raw) error {
		if taskdb.StateOf(doc) != taskdb.StateRunning {
			return nil
		}
		return a.finishClaimed(ctx, c, doc, 0)
	})
}

// printing times a task that goes on to print lines.
func (a *arena) printing(c changing) timer {
	const line = "epoch 17 of 100: loss 0.02817, accuracy 0.9931, 12.8 s, 1024 samples/s\n"
	begun := false
	return func(ctx context.Context) (time.Duration, error) {
		task := a.set.msgID(1)
		if !begun {
			if err := c.print(ctx, task, strings.Repeat(line, printedBefore/len(line))); err != nil {
				return 0, err
			}
			begun = true
		}
		return pace(ctx, 1, printedByOne, func(int) error { return c.print(ctx, task, line) })
	}
}

// bulk times many changes at once, and tells the time of one.
func (a *arena) bulk(c changing) timer {
	round := 0
	return func(ctx context.Context) (time.Duration, error) {
		round++
		ids := a.set.spread(bulkSize)
		set, err := a.set.result(round)
		if err != nil {
			return 0, err
		}
		start := time.Now()
		err = c.finishAll(ctx, ids, set)
		return time.Since(start) / bulkSize, err
	}
}

// changeBesideIPython races the finishing of tasks.
func (a *arena) changeBesideIPython(ctx context.Context, ours changing, add func(ctx context.Context, doc bson.Raw) error, next *int) error {
	const figure = "finish from 32 writers, IPython's time to ours"
	if a.ipython == nil || !a.wants(figure) {
		return nil
	}
	nextTheirs := *next
	theirs := func(context.Context) (time.Duration, error) {
		first := nextTheirs
		nextTheirs += manyWriters * addedBesideIPython
		return a.ipython.finish(a.set, first, manyWriters*addedBesideIPython)
	}
	ratio, err := race(ctx, ipythonRounds, theirs, a.finishing(ours, add, next, manyWriters, addedBesideIPython))
	if err != nil {
		return fmt.Errorf("%s, %s: %w", a.kind, figure, err)
	}
	a.report.add(figure, a.kind, ratio, a.limits.ipythonChanges)
	return nil
}

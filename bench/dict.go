package main

import (
	"context"
	"runtime"

	"go.mongodb.org/mongo-driver/v2/bson"

	_ "github.com/taskdb/taskdb/backends/dict"
	"github.com/taskdb/taskdb/taskdb"
)

var dictLimits = limits{
	reads:          atMost(1.5, ""),
	adds:           atMost(2, ""),
	ipythonReads:   atLeast(50, "×"),
	ipythonHistory: atLeast(5, "×"),
}

func benchDict(ctx context.Context, o options, r *report) error {
	a := &arena{kind: "dict", limits: dictLimits, set: newTaskSet(o.records), rounds: o.rounds, only: o.only, report: r}
	db, err := taskdb.Open(ctx, "dict:")
	if err != nil {
		return err
	}
	defer db.Close()
	a.db = db

	before := heap()
	stored, err := load(ctx, db, a.set)
	if err != nil {
		return err
	}
	perRecord := float64(heap()-before-stored) / float64(o.records)
	r.add("memory a record over its BSON bytes, all indexes", a.kind, exactly(perRecord), atMost(400, "B"))

	hand := newHandDict()
	if err := a.set.each(func(doc bson.Raw) error { return hand.add(ctx, doc) }); err != nil {
		return err
	}
	a.hand = hand
	if o.python != "" {
		if a.ipython, err = startIPython(ctx, o.python, a.kind, o.dir, a.set); err != nil {
			return err
		}
		defer a.ipython.Close()
	}
	return a.run(ctx, o)
}

// heap returns how many bytes of the heap are in use.
func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// loadBatch is how many records are added at once to a store that is loaded.
const loadBatch = 1000

// load adds all records to a store, and returns how many bytes of BSON they are.
func load(ctx context.Context, db *taskdb.DB, set taskSet) (stored int64, err error) {
	batch := make([]bson.Raw, 0, loadBatch)
	err = set.each(func(doc bson.Raw) error {
		stored += int64(len(doc))
		if batch = append(batch, doc); len(batch) < loadBatch {
			return nil
		}
		err := db.AddRaw(ctx, batch...)
		batch = batch[:0]
		return err
	})
	if err != nil {
		return 0, err
	}
	return stored, db.AddRaw(ctx, batch...)
}

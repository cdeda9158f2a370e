package main

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	_ "github.com/taskdb/taskdb/backends/dict"
	"github.com/taskdb/taskdb/taskdb"
)

var dictLimits = limits{
	reads:          atMost(1.5, ""),
	adds:           atMost(2, ""),
	ipythonReads:   atLeast(50, "×"),
	ipythonHistory: atLeast(5, "×"),
	changes:        atMost(2, ""),
	ipythonChanges: atLeast(1, "×"),
	ipythonPurge:   atLeast(20, "×"),
}

func benchDict(ctx context.Context, o options, r *report) error {
	a := newArena("dict", dictLimits, o, r)
	db, err := taskdb.Open(ctx, "dict:?max_bytes=0")
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
	return a.run(ctx, o)
}

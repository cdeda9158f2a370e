package taskdb_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	_ "github.com/taskdb/taskdb/backends/dict"
	"github.com/taskdb/taskdb/taskdb"
)

// A hub stores tasks, and a client asks about them.
func Example() {
	ctx := context.Background()
	db, err := taskdb.Open(ctx, "dict:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	morning := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	err = db.Add(ctx,
		&taskdb.TaskRecord{MsgID: "a1", Label: "sweep", Submitted: morning, EngineUUID: "e3", Completed: morning.Add(2 * time.Minute)},
		&taskdb.TaskRecord{MsgID: "a2", Label: "sweep", Submitted: morning.Add(time.Second), EngineUUID: "e3"},
		&taskdb.TaskRecord{MsgID: "b1", Label: "plot", Submitted: morning.Add(-time.Hour)},
	)
	if err != nil {
		log.Fatal(err)
	}

	for record, err := range db.Find(ctx, taskdb.Query{Filter: `{completed: null, engine_uuid: "e3"}`}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("running on e3:", record.MsgID)
	}

	unfinished, err := db.Count(ctx, taskdb.Query{Filter: `{completed: null}`})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("unfinished:", unfinished)

	for id, err := range db.History(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(id)
	}
	// Output:
	// running on e3: a2
	// unfinished: 2
	// b1
	// a1
	// a2
}

// A msg_id is there once. The record that has it stays as it is.
func ExampleDB_Add() {
	ctx := context.Background()
	db, err := taskdb.Open(ctx, "dict:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	if err := db.Add(ctx, &taskdb.TaskRecord{MsgID: "a1", Label: "first"}); err != nil {
		log.Fatal(err)
	}
	err = db.Add(ctx, &taskdb.TaskRecord{MsgID: "a2"}, &taskdb.TaskRecord{MsgID: "a1", Label: "second"})
	fmt.Println("exists already:", errors.Is(err, taskdb.ErrExists))

	_, err = db.Get(ctx, "a2")
	fmt.Println("not stored either:", errors.Is(err, taskdb.ErrNotFound))
	record, err := db.Get(ctx, "a1")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(record.Label)
	// Output:
	// exists already: true
	// not stored either: true
	// first
}

// Filters may be text or Go values, and keys say what to show.
func ExampleDB_FindRaw() {
	ctx := context.Background()
	db, err := taskdb.Open(ctx, "dict:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	morning := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for i, label := range []string{"sweep/1", "sweep/2", "plot/1"} {
		record := &taskdb.TaskRecord{MsgID: label, Label: label, Submitted: morning.Add(time.Duration(i) * time.Minute)}
		if err := db.Add(ctx, record); err != nil {
			log.Fatal(err)
		}
	}

	q := taskdb.Query{
		Filter: bson.M{"label": bson.M{"$glob": "sweep/*"}, "submitted": bson.M{"$gte": morning}},
		Keys:   []string{"submitted"},
		Sort:   "{submitted: -1}",
		Limit:  10,
	}
	for doc, err := range db.FindRaw(ctx, q) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(doc)
	}
	// Output:
	// {"msg_id": "sweep/2","submitted": {"$date":{"$numberLong":"1795338060000"}}}
	// {"msg_id": "sweep/1","submitted": {"$date":{"$numberLong":"1795338000000"}}}
}

// A query that is wrong says what and where.
func ExampleDB_Count() {
	ctx := context.Background()
	db, err := taskdb.Open(ctx, "dict:")
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	_, err = db.Count(ctx, taskdb.Query{Filter: `{submitted: {$after: ISODate("2026-11-22T09:00:00Z")}}`})
	fmt.Println(err)
	// Output:
	// count: unknown operator: $after (code 2 BadValue, at submitted.$after)
}

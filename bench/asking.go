package main

import (
	"context"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// Queries are parsed beforehand: what is written by hand has nothing to parse.
var (
	whole          = must(query.ParseProjectionValue(`{}`))
	withoutBuffers = must(query.ParseProjectionValue(`{_id: 0, buffers: 0, result_buffers: 0}`))
)

// must is for what is wrong only if the program is.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func each(ids []string, do func(id string) error) error {
	for _, id := range ids {
		if err := do(id); err != nil {
			return err
		}
	}
	return nil
}

func getRaw(ids []string) asking[*taskdb.DB] {
	return func(ctx context.Context, db *taskdb.DB, out sink) error {
		return each(ids, func(id string) error {
			doc, err := db.GetRaw(ctx, id)
			out(doc)
			return err
		})
	}
}

func get(ids []string) asking[*taskdb.DB] {
	return func(ctx context.Context, db *taskdb.DB, out sink) error {
		return each(ids, func(id string) error {
			record, err := db.Get(ctx, id)
			if err != nil {
				return err
			}
			out([]byte(record.MsgID))
			return nil
		})
	}
}

func findRaw(q taskdb.Query) asking[*taskdb.DB] {
	return func(ctx context.Context, db *taskdb.DB, out sink) error {
		for doc, err := range db.FindRaw(ctx, q) {
			if err != nil {
				return err
			}
			out(doc)
		}
		return nil
	}
}

func find(q taskdb.Query) asking[*taskdb.DB] {
	return func(ctx context.Context, db *taskdb.DB, out sink) error {
		for record, err := range db.Find(ctx, q) {
			if err != nil {
				return err
			}
			out([]byte(record.MsgID))
		}
		return nil
	}
}

func countStates(ctx context.Context, db *taskdb.DB, out sink) error {
	counts := map[taskdb.State]int64{}
	for _, state := range countedStates {
		n, err := db.Count(ctx, taskdb.Query{Filter: state.Filter()})
		if err != nil {
			return err
		}
		counts[state] = n
	}
	writeCounts(counts, out)
	return nil
}

func history(ctx context.Context, db *taskdb.DB, out sink) error {
	for id, err := range db.History(ctx) {
		if err != nil {
			return err
		}
		out([]byte(id))
	}
	return nil
}

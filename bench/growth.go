package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

const (
	smallStore = 10_000
	// windowSize is how many records an indexed query finds, windowCount how many
	// such queries a round asks, each for others, so that the processor's caches
	// help neither store.
	windowSize  = 50
	windowCount = 200
)

// benchGrowth compares an indexed query in a large store to one in a small store.
func benchGrowth(ctx context.Context, o options, r *report) error {
	figure := fmt.Sprintf("an indexed query of %d in %d records to one in %d", windowSize, o.growth, smallStore)
	for _, kind := range []struct {
		name  string
		limit float64
	}{{"dict", 1.5}, {"sqlite", 2}} {
		if o.growth == 0 || !o.only.MatchString(kind.name+"/"+figure) {
			continue
		}
		ratio, err := growthOf(ctx, o, kind.name)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", kind.name, figure, err)
		}
		r.add(figure, kind.name, ratio, atMost(kind.limit, ""))
	}
	return nil
}

func growthOf(ctx context.Context, o options, kind string) (ratio spread, err error) {
	var windows []timer
	for _, size := range []int{o.growth, smallStore} {
		path := filepath.Join(o.dir, fmt.Sprintf("growth-%d.db", size))
		url := "dict:?max_bytes=0"
		if kind == "sqlite" {
			url = "sqlite://" + path
			defer func() { err = errors.Join(err, os.Remove(path)) }()
		}
		db, err := taskdb.Open(ctx, url)
		if err != nil {
			return spread{}, err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		set := newTaskSet(size)
		if _, err := load(ctx, db, set); err != nil {
			return spread{}, err
		}
		windows = append(windows, windowsOf(set).of(db).timer(1))
	}
	return race(ctx, o.rounds, windows[0], windows[1])
}

// windowsOf asks for tasks that were submitted one after another, at many places
// of the set.
func windowsOf(set taskSet) asking[*taskdb.DB] {
	queries := make([]taskdb.Query, windowCount)
	for i := range queries {
		first := int(set.draw(i, 0) % uint64(set.size-windowSize))
		from, to := set.submitted(first), set.submitted(first+windowSize)
		window := bson.D{{Key: "$gte", Value: from}, {Key: "$lt", Value: to}}
		queries[i] = taskdb.Query{Filter: query.MustParse(bson.D{{Key: "submitted", Value: window}}), Projection: whole}
	}
	return func(ctx context.Context, db *taskdb.DB, out sink) error {
		for _, q := range queries {
			if err := findRaw(q)(ctx, db, out); err != nil {
				return err
			}
		}
		return nil
	}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

const (
	// manyWriters is how many add at once, addedByEach how many records each of
	// them adds in a round, and addedByOne how many a lone writer does.
	manyWriters = 32
	addedByEach = 100
	addedByOne  = 400
	// addedBesideIPython is more, so that IPython's commits, every two seconds,
	// fall into the rounds.
	addedBesideIPython = 625
)

// adding is a store that records are added to, one after another of the set.
type adding struct {
	add  func(ctx context.Context, doc bson.Raw) error
	set  taskSet
	next int // the first record that the store does not have
}

// records makes the next records of the set.
func (a *adding) records(n int) ([]bson.Raw, error) {
	docs := make([]bson.Raw, n)
	for i := range docs {
		doc, err := a.set.doc(a.next)
		if err != nil {
			return nil, err
		}
		docs[i] = doc
		a.next++
	}
	return docs, nil
}

// timer times writers that add at once, each waiting for one record to be stored
// before it adds the next. It tells the time a record.
func (a *adding) timer(writers, each int) timer {
	return func(ctx context.Context) (time.Duration, error) {
		docs, err := a.records(writers * each)
		if err != nil {
			return 0, err
		}
		failures := make([]error, writers)
		var running sync.WaitGroup
		start := time.Now()
		for w := range writers {
			running.Go(func() { failures[w] = a.addEach(ctx, docs[w*each:(w+1)*each]) })
		}
		running.Wait()
		return time.Since(start) / time.Duration(len(docs)), errors.Join(failures...)
	}
}

func (a *adding) addEach(ctx context.Context, docs []bson.Raw) error {
	for _, doc := range docs {
		if err := a.add(ctx, doc); err != nil {
			return err
		}
	}
	return nil
}

// ipythonTimer times IPython adding the next records, as its hub does: one after
// another.
func (a *adding) ipythonTimer(p *ipython, n int) timer {
	return func(context.Context) (time.Duration, error) {
		docs, err := a.records(n)
		if err != nil {
			return 0, err
		}
		records := make([]json.RawMessage, n)
		for i, doc := range docs {
			if records[i], err = jsonOf(doc); err != nil {
				return 0, err
			}
		}
		answer, err := p.ask(pythonRequest{Do: "add", Records: records})
		return time.Duration(answer.Seconds * float64(time.Second) / float64(n)), err
	}
}

// addAll races adding to the stores, which then must have the same.
func (a *arena) addAll(ctx context.Context) error {
	addRaw := func(ctx context.Context, doc bson.Raw) error { return a.db.AddRaw(ctx, doc) }
	ours := &adding{addRaw, a.set, a.set.size}
	theirs := &adding{a.hand.add, a.set, a.set.size}
	for _, contest := range []struct {
		figure        string
		writers, each int
	}{
		{"add one at a time, to by hand", 1, addedByOne},
		{"add from 32 writers, to by hand", manyWriters, addedByEach},
	} {
		if !a.wants(contest.figure) {
			continue
		}
		ratio, err := race(ctx, a.rounds, ours.timer(contest.writers, contest.each), theirs.timer(contest.writers, contest.each))
		if err != nil {
			return fmt.Errorf("%s, %s: %w", a.kind, contest.figure, err)
		}
		a.report.add(contest.figure, a.kind, ratio, a.limits.adds)
	}
	if err := compare(ctx, asking[*taskdb.DB](history).of(a.db), a.hand.history, true); err != nil {
		return fmt.Errorf("%s, what was added: %w", a.kind, err)
	}
	return a.addBesideIPython(ctx, ours)
}

func (a *arena) addBesideIPython(ctx context.Context, ours *adding) error {
	const figure = "add from 32 writers, IPython's time to ours"
	if a.ipython == nil || !a.wants(figure) {
		return nil
	}
	theirs := &adding{set: a.set, next: a.set.size}
	ratio, err := race(ctx, ipythonRounds, theirs.ipythonTimer(a.ipython, manyWriters*addedBesideIPython), ours.timer(manyWriters, addedBesideIPython))
	if err != nil {
		return fmt.Errorf("%s, %s: %w", a.kind, figure, err)
	}
	a.report.add(figure, a.kind, ratio, a.limits.ipythonAdds)
	return nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/taskdb/taskdb/taskdb"
)

// arena is where the stores of one kind meet, all with the same records.
type arena struct {
	kind    string // "dict" or "sqlite"
	limits  limits
	set     taskSet
	db      *taskdb.DB
	hand    handStore
	ipython *ipython // nil: not asked
	rounds  int
	only    *regexp.Regexp
	report  *report
}

// limits are the ratios that are asked for.
type limits struct {
	reads, adds, changes                      target // to by hand
	ipythonReads, ipythonHistory, ipythonAdds target // IPython's to ours
	ipythonChanges, ipythonPurge              target
}

func (a *arena) wants(figure string) bool { return a.only.MatchString(a.kind + "/" + figure) }

func newArena(kind string, l limits, o options, r *report) *arena {
	return &arena{kind: kind, limits: l, set: newTaskSet(o.records), rounds: o.rounds, only: o.only, report: r}
}

// run races all, under the profiler if that is wanted.
func (a *arena) run(ctx context.Context, o options) error {
	if o.python != "" {
		p, err := startIPython(ctx, o.python, a.kind, o.dir, a.set)
		if err != nil {
			return err
		}
		defer p.Close()
		a.ipython = p
		a.report.note(fmt.Sprintf("IPython's %s store: %s.", a.kind, p.versions))
	}
	stop, err := o.startProfile()
	if err != nil {
		return err
	}
	if err := a.askAll(ctx); err != nil {
		return errors.Join(err, stop())
	}
	if err := a.addAll(ctx); err != nil {
		return errors.Join(err, stop())
	}
	return errors.Join(a.changeAll(ctx), stop())
}

// askAll races all questions: against what is written by hand, then against
// IPython.
func (a *arena) askAll(ctx context.Context) error {
	for _, q := range questionsOf(a.set) {
		if err := a.ask(ctx, q); err != nil {
			return fmt.Errorf("%s, %s: %w", a.kind, q.name, err)
		}
	}
	if a.ipython == nil {
		return nil
	}
	for _, q := range questionsOf(a.set) {
		if q.python == nil {
			continue
		}
		if err := a.askIPython(ctx, q); err != nil {
			return fmt.Errorf("%s, %s of IPython: %w", a.kind, q.name, err)
		}
	}
	return nil
}

func (a *arena) ask(ctx context.Context, q question) error {
	figure := q.name + ", to by hand"
	if !a.wants(figure) {
		return nil
	}
	ours, theirs := q.raw.of(a.db), q.byHand.of(a.hand)
	if err := compare(ctx, ours, theirs, q.ordered); err != nil {
		return err
	}
	times, err := theirs.times(ctx)
	if err != nil {
		return err
	}
	ratio, err := race(ctx, a.rounds, a.alike(ours.timer(times)), a.alike(theirs.timer(times)))
	if err != nil {
		return err
	}
	limit := a.limits.reads
	if q.extra {
		limit = target{}
	}
	a.report.add(figure, a.kind, ratio, limit)
	return nil
}

// alike returns a timer that begins, whoever had the turn before, with no page
// cached.
func (a *arena) alike(t timer) timer {
	return func(ctx context.Context) (time.Duration, error) {
		if err := a.hand.forget(ctx); err != nil {
			return 0, err
		}
		return t(ctx)
	}
}

func compare(ctx context.Context, a, b asker, ordered bool) error {
	answerA, err := a.answer(ctx)
	if err != nil {
		return err
	}
	answerB, err := b.answer(ctx)
	if err != nil {
		return err
	}
	return sameAnswers(answerA, answerB, ordered)
}

// ipythonRounds are few: a round may take IPython seconds.
const ipythonRounds = 5

// askIPython races IPython and taskdb twice: with answers as taskdb stores them, as
// IPython's are that it copies or reads, and decoded to TaskRecords.
func (a *arena) askIPython(ctx context.Context, q question) error {
	figure := q.name + ", IPython's time to ours"
	if !a.wants(figure) {
		return nil
	}
	decoded, theirs := q.decoded.of(a.db), a.ipython.timer(*q.python)
	if err := compare(ctx, decoded, a.ipython.asker(*q.python), q.ordered); err != nil {
		return err
	}
	limit := a.limits.ipythonReads
	if q.name == "history" {
		limit = a.limits.ipythonHistory
	}
	if err := a.raceIPython(ctx, figure, theirs, q.raw.of(a.db), limit); err != nil || q.name == "history" {
		return err
	}
	return a.raceIPython(ctx, q.name+", IPython's time to ours decoded", theirs, decoded, target{})
}

func (a *arena) raceIPython(ctx context.Context, figure string, theirs timer, ours asker, limit target) error {
	times, err := ours.times(ctx)
	if err != nil {
		return err
	}
	ratio, err := race(ctx, ipythonRounds, theirs, ours.timer(times))
	if err == nil {
		a.report.add(figure, a.kind, ratio, limit)
	}
	return err
}

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// sink takes one item of an answer: a document, a msg_id or a number.
type sink func(item []byte)

// asker answers one question. The items are the sink's.
type asker func(ctx context.Context, out sink) error

// answer returns what a question is answered with.
func (ask asker) answer(ctx context.Context) (items [][]byte, err error) {
	err = ask(ctx, func(item []byte) { items = append(items, item) })
	return items, err
}

// sameAnswers compares two answers byte for byte: as sequences if the question
// promises an order, else as sets.
func sameAnswers(a, b [][]byte, ordered bool) error {
	if !ordered {
		a, b = slices.Clone(a), slices.Clone(b)
		slices.SortFunc(a, bytes.Compare)
		slices.SortFunc(b, bytes.Compare)
	}
	switch {
	case len(a) == 0:
		return errors.New("the answer is empty")
	case len(a) != len(b):
		return fmt.Errorf("one answer has %d items, the other %d", len(a), len(b))
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return fmt.Errorf("item %d of %d differs:\n%q\n%q", i+1, len(a), a[i], b[i])
		}
	}
	return nil
}

// timer does some work and tells how long one piece of it took.
type timer func(ctx context.Context) (time.Duration, error)

// leastTime is how long a round is at the least: shorter work is repeated.
const leastTime = 20 * time.Millisecond

// times returns how often a question is to be asked in one round.
func (ask asker) times(ctx context.Context) (int, error) {
	once, err := ask.timer(1)(ctx)
	return max(1, int(leastTime/max(once, time.Microsecond))), err
}

// timer times the question asked many times.
func (ask asker) timer(times int) timer {
	return func(ctx context.Context) (time.Duration, error) {
		size := 0
		start := time.Now()
		for range times {
			if err := ask(ctx, func(item []byte) { size += len(item) }); err != nil {
				return 0, err
			}
		}
		return time.Since(start) / time.Duration(times), nil
	}
}

// race times two in turn, a round for each, and returns how the times of the
// first relate to those of the second.
func race(ctx context.Context, rounds int, a, b timer) (spread, error) {
	ratios := make([]float64, rounds)
	for i := range ratios {
		timeA, err := a(ctx)
		if err != nil {
			return spread{}, err
		}
		timeB, err := b(ctx)
		if err != nil {
			return spread{}, err
		}
		ratios[i] = float64(timeA) / float64(timeB)
	}
	return spreadOf(ratios), nil
}

// spread is the median of what rounds measured, with its quartiles.
type spread struct{ low, median, high float64 }

func spreadOf(values []float64) spread {
	slices.Sort(values)
	at := func(part float64) float64 { return values[int(part*float64(len(values)-1)+0.5)] }
	return spread{at(0.25), at(0.5), at(0.75)}
}

// exactly is what is measured once.
func exactly(value float64) spread { return spread{value, value, value} }

func (s spread) String() string {
	if s.low == s.high {
		return number(s.median)
	}
	return fmt.Sprintf("%s (%s–%s)", number(s.median), number(s.low), number(s.high))
}

// number writes a figure with no more digits than it is good for.
func number(x float64) string {
	if x < 10 {
		return fmt.Sprintf("%.2f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

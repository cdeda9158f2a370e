// Package backendtest is the conformance suite of taskdb's backends: what every
// store answers, whatever keeps it. A backend's own test calls Run:
//
//	func TestConformance(t *testing.T) {
//		backendtest.Run(t, func(t *testing.T) *taskdb.DB {
//			db, err := taskdb.Open(t.Context(), "dict:")
//			require.NoError(t, err)
//			t.Cleanup(func() { require.NoError(t, db.Close()) })
//			return db
//		})
//	}
//
// A backend whose records somebody else's server keeps says in which behaviours that
// departs from a store's; Departures tests that it does. Each file holds one area, and begins with the list of its
// behaviours. Beside them, Bounds is the suite of what stores do that have bounds,
// and Differential compares the answers of stores to random queries.
package backendtest

import (
	"testing"

	"github.com/taskdb/taskdb/taskdb"
)

// Opener opens an empty store without bounds for one test and has it closed when that test
// ends. The test may have closed it by then: closing it again is no error.
type Opener func(t *testing.T) *taskdb.DB

// area is one part of what a store does.
type area struct {
	name       string
	behaviours []behaviour
}

// behaviour is one thing that users rely on: a sentence that says it, and a test
// of it on an empty store.
type behaviour struct {
	sentence string
	test     func(t *testing.T, db *taskdb.DB)
}

// areas are all that stores do, but for MongoDB's answer key.
var areas = []area{
	adding, addingEach, identity, getting, fidelity, buffering, finding, operators, keys, sorting, windows, paging, scanning,
	counting, statistics, history, appending, askingAboutBuffers, expressions, indexing, uniqueness, explaining, budgets, collections,
	isolation,
	updating, replacing, upserting, deleting, findingAndModifying, bulking, purging, walking, followingIndexes,
	concurrency, contexts, failures, closing, ipythonTests, realRecords, properties,
}

// Run tests that the stores that open returns behave as every store has to, but for
// some departures. Each behaviour gets a store of its own.
func Run(t *testing.T, open Opener, list ...Departure) {
	departures := newDepartures(t, list)
	for _, area := range areas {
		t.Run(area.name, func(t *testing.T) {
			for _, b := range area.behaviours {
				departures.run(t, area.name+"/"+b.sentence, b.sentence, func(t *testing.T) { b.test(t, open(t)) })
			}
		})
	}
	departures.run(t, answerKeyName, answerKeyName, func(t *testing.T) {
		AnswerKey(t, inModule(t, "../shared/data/mongodb-cases"), open)
	})
}

const answerKeyName = "answer key"

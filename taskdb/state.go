package taskdb

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// State is what has become of a task. It is no key of a record: a record is in a
// state if the state's filter selects it, whichever hub wrote it. The filters
// stand here and nowhere else.
type State string

// The states. Every record is incomplete or finished. An incomplete one is
// pending or running; a finished one is ok, failed, aborted, or of a status that
// IPython does not know.
const (
	// StateIncomplete has no result yet: {completed: null}.
	StateIncomplete State = "incomplete"
	// StatePending waits for an engine.
	StatePending State = "pending"
	// StateRunning was given to an engine. Whether it began to run cannot be told
	// from every record: IPython's hub sets started with the result.
	StateRunning State = "running"
	// StateFinished has a result, or word that there will be none.
	StateFinished State = "finished"
	// StateOK finished with the status "ok".
	StateOK State = "ok"
	// StateFailed finished with the status "error".
	StateFailed State = "failed"
	// StateAborted finished with the status "aborted".
	StateAborted State = "aborted"
)

var stateFilters = map[State]*query.Filter{
	StateIncomplete: query.MustParse(`{completed: null}`),
	StatePending:    query.MustParse(`{completed: null, engine_uuid: null, started: null}`),
	StateRunning:    query.MustParse(`{completed: null, $or: [{engine_uuid: {$ne: null}}, {started: {$ne: null}}]}`),
	StateFinished:   query.MustParse(`{completed: {$ne: null}}`),
	StateOK:         query.MustParse(`{completed: {$ne: null}, 'result_content.status': 'ok'}`),
	StateFailed:     query.MustParse(`{completed: {$ne: null}, 'result_content.status': 'error'}`),
	StateAborted:    query.MustParse(`{completed: {$ne: null}, 'result_content.status': 'aborted'}`),
}

var noRecord = query.MustParse(`{$nor: [{}]}`)

// Filter returns the filter that selects the records in a state. That of a state
// that does not exist selects none.
func (s State) Filter() *query.Filter {
	if filter, ok := stateFilters[s]; ok {
		return filter
	}
	return noRecord
}

// Has tells whether a record is in the state.
func (s State) Has(doc bson.Raw) bool {
	ok, _ := s.Filter().Match(doc) // it fails only on regular expressions, of which there are none
	return ok
}

// StateOf returns the state of a record, the narrowest that there is: never
// StateIncomplete, and StateFinished only for an unknown status.
func StateOf(doc bson.Raw) State {
	for _, s := range []State{StateOK, StateFailed, StateAborted, StateFinished, StateRunning} {
		if s.Has(doc) {
			return s
		}
	}
	return StatePending
}

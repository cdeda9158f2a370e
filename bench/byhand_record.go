package main

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/taskdb"
)

// handRecord is a record with what is asked about, as one would write it by hand:
// read in one pass over the record's bytes, for exactly these keys and types.
type handRecord struct {
	doc                                         bson.Raw
	seq                                         uint64
	submitted, started, completed               int64 // milliseconds, or noTime
	msgID, client, engine, queue, label, status string
}

const noTime = math.MinInt64

func newHandRecord(doc bson.Raw) (*handRecord, error) {
	r := &handRecord{doc: doc, submitted: noTime, started: noTime, completed: noTime}
	for rest := []byte(doc[4:]); len(rest) > 1; {
		element, next, ok := bsoncore.ReadElement(rest)
		if !ok {
			return nil, fmt.Errorf("broken record %q", r.msgID)
		}
		rest = next
		r.read(element)
	}
	return r, nil
}

func (r *handRecord) read(element bsoncore.Element) {
	switch string(element.KeyBytes()) {
	case "msg_id":
		r.msgID = element.Value().StringValue()
	case "submitted":
		r.submitted = milliseconds(element.Value())
	case "started":
		r.started = milliseconds(element.Value())
	case "completed":
		r.completed = milliseconds(element.Value())
	case "client_uuid":
		r.client = text(element.Value())
	case "engine_uuid":
		r.engine = text(element.Value())
	case "queue":
		r.queue = text(element.Value())
	case "label":
		r.label = text(element.Value())
	case "result_content":
		if content, ok := element.Value().DocumentOK(); ok {
			r.status = text(content.Lookup("status"))
		}
	}
}

func milliseconds(v bsoncore.Value) int64 {
	if at, ok := v.DateTimeOK(); ok {
		return at
	}
	return noTime
}

func text(v bsoncore.Value) string {
	s, _ := v.StringValueOK()
	return s
}

func (r *handRecord) state() taskdb.State {
	switch {
	case r.completed == noTime && r.engine == "" && r.started == noTime:
		return taskdb.StatePending
	case r.completed == noTime:
		return taskdb.StateRunning
	case r.status == "ok":
		return taskdb.StateOK
	case r.status == "error":
		return taskdb.StateFailed
	case r.status == "aborted":
		return taskdb.StateAborted
	}
	return taskdb.StateFinished
}

// countedStates are the states that a record is in one of.
var countedStates = []taskdb.State{
	taskdb.StatePending, taskdb.StateRunning, taskdb.StateOK, taskdb.StateFailed, taskdb.StateAborted,
}

func writeCounts(counts map[taskdb.State]int64, out sink) {
	for _, state := range countedStates {
		out(strconv.AppendInt([]byte(state+" "), counts[state], 10))
	}
}

// withoutKeys copies a document but for some of its top-level keys.
func withoutKeys(doc bson.Raw, keys ...string) []byte {
	start, shown := bsoncore.AppendDocumentStart(make([]byte, 0, len(doc)))
	for rest := []byte(doc[4:]); len(rest) > 1; {
		element, next, _ := bsoncore.ReadElement(rest)
		if key := element.KeyBytes(); !slices.ContainsFunc(keys, func(k string) bool { return k == string(key) }) {
			shown = append(shown, element...)
		}
		rest = next
	}
	shown = append(shown, 0)
	return bsoncore.UpdateLength(shown, start, int32(len(shown)))
}

package taskdb

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// TaskRecord is the Go model of a task as stored: what a client asked, what became of it, and what
// came back. Its keys are those of IPython parallel's task database.
//
// The zero value of a field means that the task has no such value yet, and is stored as null (Stdout
// and Stderr: as the empty string). All 23 keys of IPython's present schema are always stored, in
// IPython's order; Pyin, Pyout and Pyerr only when they are set.
//
// A key without a field here, or with a value that its field cannot hold, is in Extra, so that a
// record of another program survives being decoded and encoded. Records decode whatever the types of
// their keys are; only broken BSON is an error.
//
// A record shares no memory with the bytes it was decoded from, nor with those it was encoded to. It
// may be read by many goroutines at a time, but not while one changes it.
type TaskRecord struct {
	// MsgID, key "msg_id", names the task: the msg_id of the request's header, unique in a task
	// collection. IPython's look like <session>_<process>_<number>, but any text will do. Set by the
	// hub at the request.
	MsgID string
	// Header, key "header", is the request's header: msg_id, msg_type, username, session, date and
	// version. Set by the hub at the request.
	Header bson.Raw
	// Metadata, key "metadata", is the request's metadata: label, and for load-balanced tasks after,
	// follow, timeout, targets and retries. Set by the hub at the request; IPython leaves it an
	// empty document in a resubmitted task.
	Metadata bson.Raw
	// Content, key "content", is the request's content: the code of an execute request; for an apply
	// request, whose function is in Buffers, an empty document. Set by the hub at the request.
	Content bson.Raw
	// Buffers, key "buffers", are the request's binary parts: the serialized function and its
	// arguments. Set by the hub at the request.
	Buffers [][]byte
	// Submitted, key "submitted", is when the client sent the request, by the client's clock: the
	// date of Header. Set by the hub at the request; zero in a record that output came for before
	// the request did.
	Submitted time.Time
	// ClientUUID, key "client_uuid", is the session of the client that asked. Set by the hub at the
	// request.
	ClientUUID string
	// EngineUUID, key "engine_uuid", is the engine that runs the task. Set by the hub: at the request
	// if the client chose the engine, else when the scheduler did; and again with the result.
	EngineUUID string
	// Started, key "started", is when the engine began, by the engine's clock. IPython's hub sets it
	// only with the result.
	Started time.Time
	// Completed, key "completed", is when the engine was done, by the engine's clock: the date of
	// ResultHeader. Set by the hub with the result; when the engine died, by the hub's clock. Zero
	// means that the task is not finished.
	Completed time.Time
	// Resubmitted, key "resubmitted", is the MsgID of the task's newest resubmission. Set by the hub
	// on the old record.
	Resubmitted string
	// Received, key "received", is when the hub got the result, by the hub's clock. IPython's hub
	// does not set it when the engine died.
	Received time.Time
	// ResultHeader, key "result_header", is the reply's header. Set by the hub with the result.
	ResultHeader bson.Raw
	// ResultMetadata, key "result_metadata", is the reply's metadata: started, engine, status,
	// dependencies_met and others. Set by the hub with the result, but not when the engine died.
	ResultMetadata bson.Raw
	// ResultContent, key "result_content", is the reply's content. Its status is "ok"; or "error",
	// with ename, evalue and traceback; or "aborted". Set by the hub with the result.
	ResultContent bson.Raw
	// ResultBuffers, key "result_buffers", are the reply's binary parts: the serialized result. Set
	// by the hub with the result.
	ResultBuffers [][]byte
	// Queue, key "queue", is "mux" if the client chose the engine and "task" if the scheduler did.
	// Set by the hub at the request; IPython leaves it out of resubmitted tasks.
	Queue string
	// ExecuteInput, key "execute_input", is the code that the engine reported to run. Set by the hub
	// from the engine's output.
	ExecuteInput string
	// ExecuteResult, key "execute_result", is the displayed result, in all the formats the engine
	// gave. Set by the hub from the engine's output.
	ExecuteResult bson.Raw
	// Error, key "error", is the error the engine reported: ename, evalue and traceback. Set by the
	// hub from the engine's output.
	Error bson.Raw
	// Stdout and Stderr, keys "stdout" and "stderr", are what the task wrote, as far as it has come.
	// Appended to by the hub with each piece of the engine's output.
	Stdout, Stderr string
	// Label, key "label", is the client's name for the task, from Metadata. Set by the hub at the
	// request, by IPython since 9.1.
	Label string

	// Pyin, Pyout and Pyerr, keys "pyin", "pyout" and "pyerr", are what ExecuteInput, ExecuteResult
	// and Error were called before IPython 3.
	Pyin         string
	Pyout, Pyerr bson.Raw

	// Extra holds every other key of the record, in order: keys that IPython's schema does not know,
	// such as "display_data" or the hub's own "hub", and keys above whose value is of another type.
	// Extra takes the place of a field's null, and so may not name a field that is set; nor "_id",
	// which belongs to the store and is dropped when a record is decoded.
	Extra bson.Raw
}

// recordKeys are the keys of the fields, in the order of IPython's table and then the old spellings.
var recordKeys = [...]string{
	"msg_id", "header", "metadata", "content", "buffers", "submitted", "client_uuid", "engine_uuid",
	"started", "completed", "resubmitted", "received",
	"result_header", "result_metadata", "result_content", "result_buffers",
	"queue", "execute_input", "execute_result", "error", "stdout", "stderr", "label",
	"pyin", "pyout", "pyerr",
}

// field returns a pointer to the field of a key: *string, *time.Time, *bson.Raw or *[][]byte; or nil.
func (r *TaskRecord) field(key string) any {
	switch key {
	case "msg_id":
		return &r.MsgID
	case "header":
		return &r.Header
	case "metadata":
		return &r.Metadata
	case "content":
		return &r.Content
	case "buffers":
		return &r.Buffers
	case "submitted":
		return &r.Submitted
	case "client_uuid":
		return &r.ClientUUID
	case "engine_uuid":
		return &r.EngineUUID
	case "started":
		return &r.Started
	case "completed":
		return &r.Completed
	case "resubmitted":
		return &r.Resubmitted
	case "received":
		return &r.Received
	case "result_header":
		return &r.ResultHeader
	case "result_metadata":
		return &r.ResultMetadata
	case "result_content":
		return &r.ResultContent
	case "result_buffers":
		return &r.ResultBuffers
	case "queue":
		return &r.Queue
	case "execute_input":
		return &r.ExecuteInput
	case "execute_result":
		return &r.ExecuteResult
	case "error":
		return &r.Error
	case "stdout":
		return &r.Stdout
	case "stderr":
		return &r.Stderr
	case "label":
		return &r.Label
	case "pyin":
		return &r.Pyin
	case "pyout":
		return &r.Pyout
	case "pyerr":
		return &r.Pyerr
	}
	return nil
}

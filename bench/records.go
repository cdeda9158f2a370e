package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/taskdb"
)

const (
	engineCount     = 16
	clientCount     = 8
	userCount       = 100
	bufferSize      = 512 // bytes
	unfinishedEvery = 100 // one of so many tasks
	// A client submits every slot. The tasks of a block finish in the block after
	// it, in another order, no two at once, so that every order by a time is the
	// only one.
	slot  = 50 * time.Millisecond
	block = 64
)

var firstSubmitted = time.Date(2026, 11, 22, 0, 51, 18, 0, time.UTC)

// taskSet makes the records: as ipyparallel 7.1 stores them, the same in every
// run. The i-th of them can be made at any time, beyond the end as well.
type taskSet struct {
	size             int
	engines, clients []string
}

func newTaskSet(size int) taskSet {
	random := rand.New(rand.NewPCG(1, 1))
	session := func() string { return fmt.Sprintf("%08x-%016x%08x", random.Uint32(), random.Uint64(), random.Uint32()) }
	set := taskSet{size: size}
	for range engineCount {
		set.engines = append(set.engines, session())
	}
	for range clientCount {
		set.clients = append(set.clients, session())
	}
	return set
}

// msgID returns the msg_id of the i-th task.
func (s taskSet) msgID(i int) string {
	client := s.draw(i, 0) % clientCount
	return fmt.Sprintf("%s_%d_%d", s.clients[client], 27085+client, i)
}

// draw returns a number that looks random, one of several of the i-th task.
func (s taskSet) draw(i, n int) uint64 {
	x := uint64(i)*8 + uint64(n) + 1
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (s taskSet) submitted(i int) time.Time { return firstSubmitted.Add(time.Duration(i) * slot) }

func (s taskSet) completed(i int) time.Time {
	place := (i/block+1)*block + (i*37+11)%block
	return firstSubmitted.Add(time.Duration(place)*slot + slot/2)
}

// doc returns the i-th task as it is stored.
func (s taskSet) doc(i int) (bson.Raw, error) {
	record := s.requested(i)
	if i%unfinishedEvery == unfinishedEvery/2 {
		if s.draw(i, 1)%2 == 0 {
			record.EngineUUID = "" // it waits
		}
	} else {
		s.finish(i, record)
	}
	doc, err := record.MarshalBSON()
	if err != nil {
		return nil, fmt.Errorf("make record %d: %w", i, err)
	}
	return withID(record.MsgID, doc), nil
}

// requested returns the task as a hub knows it when it was given to an engine.
func (s taskSet) requested(i int) *taskdb.TaskRecord {
	client, engine := s.clients[s.draw(i, 0)%clientCount], s.engines[s.draw(i, 2)%engineCount]
	queue := "task"
	if s.draw(i, 3)%64 == 0 {
		queue = "mux"
	}
	return &taskdb.TaskRecord{
		MsgID: s.msgID(i),
		Header: document(bsoncore.NewDocumentBuilder().
			AppendDateTime("date", s.submitted(i).UnixMilli()).
			AppendString("msg_id", s.msgID(i)).
			AppendString("msg_type", "apply_request").
			AppendString("session", client).
			AppendString("username", s.user(i)).
			AppendString("version", "5.3")),
		Metadata: document(bsoncore.NewDocumentBuilder().
			AppendArray("after", emptyArray()).
			AppendArray("follow", emptyArray()).
			AppendInt32("retries", 0).
			AppendArray("targets", emptyArray()).
			AppendDouble("timeout", 0)),
		Content:    document(bsoncore.NewDocumentBuilder()),
		Buffers:    [][]byte{s.buffer(i, 4)},
		Submitted:  s.submitted(i),
		ClientUUID: client,
		EngineUUID: engine,
		Queue:      queue,
	}
}

func (s taskSet) user(i int) string { return fmt.Sprintf("user%02d", s.draw(i, 5)%userCount) }

// finish adds the result.
func (s taskSet) finish(i int, record *taskdb.TaskRecord) {
	record.Started = s.submitted(i).Add(3 * time.Millisecond)
	record.Completed = s.completed(i)
	record.Received = s.completed(i).Add(9 * time.Millisecond)
	content := bsoncore.NewDocumentBuilder()
	status := "ok"
	switch draw := s.draw(i, 6) % 200; {
	case draw < 14:
		status = "error"
		content.AppendString("ename", "ZeroDivisionError").AppendString("evalue", "division by zero")
	case draw < 15:
		status = "aborted"
	}
	record.ResultContent = document(content.AppendString("status", status))
	record.ResultHeader = document(bsoncore.NewDocumentBuilder().
		AppendDateTime("date", s.completed(i).UnixMilli()).
		AppendString("msg_id", fmt.Sprintf("%s_27053_%d", record.EngineUUID, i)).
		AppendString("msg_type", "apply_reply").
		AppendString("session", record.EngineUUID).
		AppendString("username", s.user(i)).
		AppendString("version", "5.3"))
	record.ResultMetadata = document(bsoncore.NewDocumentBuilder().
		AppendBoolean("dependencies_met", true).
		AppendString("engine", record.EngineUUID).
		AppendBoolean("is_broadcast", false).
		AppendBoolean("is_coalescing", false).
		AppendString("original_msg_id", "").
		AppendDateTime("started", record.Started.UnixMilli()).
		AppendString("status", status))
	record.ResultBuffers = [][]byte{s.buffer(i, 7)}
}

// buffer returns bytes that do not compress.
func (s taskSet) buffer(i, n int) []byte {
	buffer := make([]byte, 0, bufferSize)
	random := rand.NewPCG(uint64(i), uint64(n))
	for len(buffer) < bufferSize {
		buffer = binary.LittleEndian.AppendUint64(buffer, random.Uint64())
	}
	return buffer
}

func document(b *bsoncore.DocumentBuilder) bson.Raw { return bson.Raw(b.Build()) }

func emptyArray() bsoncore.Array { return bsoncore.NewArrayBuilder().Build() }

// withID puts an _id before a record's keys, where taskdb stores it.
func withID(id string, record bson.Raw) bson.Raw {
	start, doc := bsoncore.AppendDocumentStart(make([]byte, 0, len(record)+len(id)+16))
	doc = bsoncore.AppendStringElement(doc, "_id", id)
	doc = append(doc, record[4:]...)
	return bson.Raw(bsoncore.UpdateLength(doc, start, int32(len(doc))))
}

// spread returns the msg_ids of n tasks from all over the set.
func (s taskSet) spread(n int) []string {
	ids := make([]string, n)
	stride := s.size / n
	for i := range ids {
		ids[i] = s.msgID(i*stride + int(s.draw(i, 7)%uint64(stride)))
	}
	return ids
}

// each makes all the records of the set.
func (s taskSet) each(use func(doc bson.Raw) error) error {
	for i := range s.size {
		doc, err := s.doc(i)
		if err != nil {
			return err
		}
		if err := use(doc); err != nil {
			return err
		}
	}
	return nil
}

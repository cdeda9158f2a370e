package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Task is a task to submit. All of it is optional.
type Task struct {
	// MsgID names the task. Empty is that of Header or, if it has none, a new one: a
	// UUID of version 7, so that such ids sort by the time at which they were made.
	MsgID string
	// Header, Metadata, Content and Buffers are the request, as in a TaskRecord. A
	// header without msg_id or date gets them. Its date is the client's; the record's
	// submitted, by which tasks are claimed, is by the hub's clock.
	Header, Metadata, Content bson.Raw
	Buffers                   [][]byte
	// ClientUUID says who asks. Empty is the session of Header.
	ClientUUID string
	// Queue is the queue to wait in. Empty is a queue too.
	Queue string
	// Label is a name for people. Empty is the label of Metadata.
	Label string
	// Priority says who is claimed first: the higher.
	Priority int64
	// After are the tasks that must be ok before this one is claimed: stored ones, or
	// others of the same submission.
	After []string
	// NotBefore is when it may be claimed; zero is at once.
	NotBefore time.Time
	// TimeLimit is how long one attempt may take, in whole milliseconds or rounded up
	// to them; 0 is no limit. One that takes longer ends the task with an error,
	// whatever its retries.
	TimeLimit time.Duration
	// Retries is how often the task is tried again after it failed or was lost, 1,000
	// times at most.
	Retries int64
}

// Submitted is the answer to one task that was submitted.
type Submitted struct {
	MsgID string
	// Existed tells that the same task had been submitted before, and is unchanged.
	Existed bool
}

// Submit stores tasks, all of them or none, and answers each in its place. A task
// whose msg_id is stored with the same request is there already: to submit again
// what may have been stored is safe. With another request the error is a
// *ConflictError; for a dependency that does not exist, a *DependencyError; when
// the hub is drained, a *DrainedError. A record has 2 MiB of its 16 left for what becomes
// of the task: a request that does not leave them is taskdb.ErrTooLarge.
func (h *Hub) Submit(ctx context.Context, tasks ...Task) ([]Submitted, error) {
	answers, err := h.submit(ctx, tasks)
	if err != nil {
		return nil, fmt.Errorf("submit: %w", err)
	}
	return answers, nil
}

func (h *Hub) submit(ctx context.Context, tasks []Task) ([]Submitted, error) {
	if err := h.admit(ctx); err != nil {
		return nil, err
	}
	b, err := newBatch(tasks)
	if err != nil {
		return nil, err
	}
	if err := h.store(ctx, b); err != nil {
		return nil, err
	}
	return b.answers(), nil
}

// store stores the tasks of a batch that are not there, and does so again if
// somebody else has stored one of them meanwhile.
func (h *Hub) store(ctx context.Context, b *batch) error {
	if err := h.findKnown(ctx, b); err != nil {
		return err
	}
	for {
		known := len(b.known)
		err := h.add(ctx, b)
		if !errors.Is(err, taskdb.ErrExists) {
			return err
		}
		if err := h.findKnown(ctx, b); err != nil {
			return err
		}
		if len(b.known) == known {
			return err // it is another key that exists
		}
	}
}

var digestKeys = keys("msg_id", "hub.digest")

// findKnown notes which tasks of a batch are stored already, and fails if one of
// them is with another request.
func (h *Hub) findKnown(ctx context.Context, b *batch) error {
	return h.eachOf(ctx, b.given, digestKeys, func(msgID string, doc bson.Raw) error {
		_, digest, ok := doc.Lookup("hub", "digest").BinaryOK()
		if !ok || !slices.Equal(digest, b.digests[msgID]) {
			return &ConflictError{msgID}
		}
		b.known[msgID] = true
		return nil
	})
}

// add stores the tasks of a batch that are not there, those that others come after
// first: whoever sees a task sees what it waits for.
func (h *Hub) add(ctx context.Context, b *batch) error {
	order, outside, err := b.inOrder()
	if err != nil {
		return err
	}
	stored := h.coming.begin(outside)
	defer stored()
	if err := h.lead(ctx, outside); err != nil {
		return err
	}
	states, err := h.states(ctx, outside) // of which no purge removes what is not finished yet
	if err != nil {
		return err
	}
	var records []*taskdb.TaskRecord
	led := b.led()
	for _, msgID := range order {
		unmet, err := b.unmet(b.tasks[msgID], states)
		if err != nil {
			return err
		}
		record, err := h.record(b.tasks[msgID], b.digests[msgID], unmet, led[msgID])
		if err != nil {
			return fmt.Errorf("task %q: %w", msgID, err)
		}
		records = append(records, record)
	}
	if err := h.db.Add(ctx, records...); err != nil {
		h.repairIfUnanswered(err)
		return err
	}
	for _, record := range records {
		h.ready.tell(record.Queue)
		h.happened(submission(record))
	}
	// What they wait for may have finished before they were there to be told.
	unmet := slices.DeleteFunc(slices.Clone(outside), func(msgID string) bool { return states[msgID] == taskdb.StateOK })
	ends, err := h.endsOf(ctx, unmet)
	if err == nil {
		_, err = h.settleWhole(ctx, ends)
	}
	if err != nil {
		h.repairSoon()
	}
	return nil
}

// record is what a task is stored as, with the digest of its request, that comes after
// some that are not ok, and may lead others.
func (h *Hub) record(task *Task, digest []byte, unmet []string, leads bool) (*taskdb.TaskRecord, error) {
	now := h.now()
	ready := len(unmet) == 0 && !task.NotBefore.After(now)
	notes := Notes{
		Digest:    digest,
		Priority:  task.Priority,
		Ready:     &ready,
		After:     unmet,
		Awaits:    anyOf(unmet),
		Leads:     leads,
		NotBefore: task.NotBefore,
		TimeLimit: (task.TimeLimit + time.Millisecond - 1).Milliseconds(),
		Retries:   task.Retries,
		Attempts:  []Attempt{},
	}
	header, err := withIdentity(task.Header, task.MsgID, now, false)
	if err != nil {
		return nil, err
	}
	record := &taskdb.TaskRecord{
		MsgID:      task.MsgID,
		Header:     header,
		Metadata:   orEmpty(task.Metadata),
		Content:    orEmpty(task.Content),
		Buffers:    task.Buffers,
		Submitted:  now,
		ClientUUID: task.ClientUUID,
		Queue:      task.Queue,
		Label:      task.Label,
	}
	return record, notes.put(record)
}

// submission is the event of a task that was stored.
func submission(record *taskdb.TaskRecord) Event {
	return Event{
		Kind: EventSubmitted, MsgID: record.MsgID, State: taskdb.StatePending,
		Client: record.ClientUUID, Queue: record.Queue,
	}
}

// withIdentity returns a header with a msg_id and a date: in the place of those
// that it has, if renew is set, else at its end if it has none.
func withIdentity(header bson.Raw, msgID string, now time.Time, renew bool) (bson.Raw, error) {
	elements, _ := header.Elements() // it was checked, or is absent
	own := d("msg_id", msgID, "date", now)
	var doc bson.D
	for _, element := range elements {
		entry := bson.E{Key: element.Key(), Value: element.Value()}
		if i := slices.IndexFunc(own, func(e bson.E) bool { return e.Key == entry.Key }); i >= 0 {
			if renew {
				entry = own[i]
			}
			own = slices.Delete(own, i, i+1)
		}
		doc = append(doc, entry)
	}
	return bson.Marshal(append(doc, own...))
}

// orEmpty is the document that an absent one is stored as, as IPython does it.
func orEmpty(doc bson.Raw) bson.Raw {
	if len(doc) == 0 {
		return bson.Raw("\x05\x00\x00\x00\x00")
	}
	return doc
}

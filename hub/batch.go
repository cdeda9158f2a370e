package hub

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// batch are the tasks of one submission, each msg_id once.
type batch struct {
	msgIDs  []string // as they were submitted
	given   []string // those that were not made here
	tasks   map[string]*Task
	digests map[string][]byte
	known   map[string]bool // those that are stored already
}

func newBatch(tasks []Task) (*batch, error) {
	b := &batch{tasks: map[string]*Task{}, digests: map[string][]byte{}, known: map[string]bool{}}
	for _, task := range tasks {
		if err := b.take(task); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// take adds a task to the batch, or fails if it is wrong in itself.
func (b *batch) take(task Task) error {
	digest := task.digest()
	if err := task.complete(); err != nil {
		return err
	}
	if task.MsgID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return fmt.Errorf("make a msg_id: %w", err)
		}
		task.MsgID = id.String()
	} else {
		b.given = append(b.given, task.MsgID)
	}
	b.msgIDs = append(b.msgIDs, task.MsgID)
	switch other, ok := b.digests[task.MsgID]; {
	case !ok:
		b.tasks[task.MsgID], b.digests[task.MsgID] = &task, digest
	case !slices.Equal(other, digest):
		return &ConflictError{task.MsgID}
	}
	return nil
}

// complete fills in what the header and the metadata say, or fails if the task is
// wrong in itself.
func (t *Task) complete() error {
	if err := checkDocuments(map[string]bson.Raw{"header": t.Header, "metadata": t.Metadata, "content": t.Content}); err != nil {
		return err
	}
	msgID, _ := t.Header.Lookup("msg_id").StringValueOK()
	switch {
	case t.Retries < 0:
		return wrong("retries", "the retries are negative: %d", t.Retries)
	case t.Retries > maxRetries:
		return wrong("retries", "the retries are more than %d: %d", maxRetries, t.Retries)
	case t.TimeLimit < 0:
		return wrong("time_limit", "the time limit is negative: %s", t.TimeLimit)
	case t.MsgID == "":
		t.MsgID = msgID
	case msgID != "" && msgID != t.MsgID:
		return wrong("header.msg_id", "the header is that of %q, and not of %q", msgID, t.MsgID)
	}
	if t.ClientUUID == "" {
		t.ClientUUID, _ = t.Header.Lookup("session").StringValueOK()
	}
	if t.Label == "" {
		t.Label, _ = t.Metadata.Lookup("label").StringValueOK()
	}
	return t.checkSize()
}

// digest tells requests apart, whatever their msg_ids.
func (t *Task) digest() []byte {
	sum := sha256.New()
	write := func(part []byte) { fmt.Fprintf(sum, "%d:%s", len(part), part) }
	for _, part := range []bson.Raw{t.Header, t.Metadata, t.Content} {
		write(part)
	}
	for _, text := range append([]string{t.ClientUUID, t.Queue, t.Label}, t.After...) {
		write([]byte(text))
	}
	fmt.Fprintf(sum, "|%d %d %d %d|", t.Priority, t.NotBefore.UnixMilli(), t.TimeLimit.Milliseconds(), t.Retries)
	for _, buffer := range t.Buffers {
		write(buffer)
	}
	return sum.Sum(nil)
}

// answers answers each task in its place.
func (b *batch) answers() []Submitted {
	answers := make([]Submitted, len(b.msgIDs))
	for i, msgID := range b.msgIDs {
		answers[i] = Submitted{MsgID: msgID, Existed: b.known[msgID]}
	}
	return answers
}

// inOrder returns the msg_ids of the tasks that are not stored, each behind those of
// the batch that it comes after, and what they come after outside of it.
func (b *batch) inOrder() (order, outside []string, err error) {
	const entered, left = 1, 2
	visited := map[string]int{}
	var visit func(msgID string) error
	visit = func(msgID string) error {
		visited[msgID] = entered
		for _, after := range b.tasks[msgID].After {
			switch _, inside := b.tasks[after]; {
			case !inside || b.known[after]:
				outside = append(outside, after)
			case visited[after] == entered:
				return &DependencyError{MsgID: msgID, After: after, Cycle: true}
			case visited[after] != left:
				if err := visit(after); err != nil {
					return err
				}
			}
		}
		visited[msgID] = left
		order = append(order, msgID)
		return nil
	}
	for _, msgID := range b.msgIDs {
		if visited[msgID] != left && !b.known[msgID] {
			if err := visit(msgID); err != nil {
				return nil, nil, err
			}
		}
	}
	slices.SortFunc(outside, strings.Compare)
	return order, slices.Compact(outside), nil
}

// led are the tasks that others of the batch come after.
func (b *batch) led() map[string]bool {
	led := map[string]bool{}
	for _, task := range b.tasks {
		for _, after := range task.After {
			led[after] = true
		}
	}
	return led
}

// unmet returns those that a task comes after and that are not ok, given the states of
// the stored ones.
func (b *batch) unmet(task *Task, states map[string]taskdb.State) ([]string, error) {
	unmet := []string{}
	for _, msgID := range distinct(task.After) {
		_, inside := b.tasks[msgID]
		state, stored := states[msgID]
		switch {
		case !inside && !stored:
			return nil, &DependencyError{MsgID: task.MsgID, After: msgID}
		case state != taskdb.StateOK:
			unmet = append(unmet, msgID)
		}
	}
	return unmet, nil
}

package hub

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Resubmitted tells which task repeats which.
type Resubmitted struct {
	Old, New string // msg_ids
}

// Resubmit submits tasks again, whatever has become of them, as new ones: with the
// header, but for its msg_id and date, metadata, content, buffers, client, queue and
// label of the old ones, and their priority, time limit and retries as they were
// submitted. The new tasks wait for nobody. Each of the selection is resubmitted
// once, however often it is named, and the old record's resubmitted names the new
// one. If one that is named does not exist, none is resubmitted, with
// taskdb.ErrNotFound.
//
// The tasks are stored some at a time, each time all or none. If it fails between,
// what is returned was resubmitted.
func (h *Hub) Resubmit(ctx context.Context, s Selection) ([]Resubmitted, error) {
	done, err := h.resubmit(ctx, s)
	if err != nil {
		return done, fmt.Errorf("resubmit: %w", err)
	}
	return done, nil
}

func (h *Hub) resubmit(ctx context.Context, s Selection) (done []Resubmitted, err error) {
	if err := h.admit(ctx); err != nil {
		return nil, err
	}
	filter, err := s.filter()
	if err != nil {
		return nil, err
	}
	unknown, err := h.unknown(ctx, s.MsgIDs)
	switch {
	case err != nil:
		return nil, err
	case len(unknown) > 0:
		return nil, h.absent(ctx, unknown[0])
	}
	msgIDs, err := h.selected(ctx, filter)
	if err != nil {
		return nil, err
	}
	msgIDs = inOrderOf(s.MsgIDs, msgIDs)
	for len(msgIDs) > 0 {
		var some []Resubmitted
		if some, msgIDs, err = h.resubmitSome(ctx, msgIDs); err != nil {
			return done, err
		}
		done = append(done, some...)
	}
	return done, nil
}

// Bounds of what is held in memory and stored at a time.
const (
	maxTogether      = 1_000
	maxTogetherBytes = 16 << 20
)

// resubmitSome resubmits the first of some tasks, and returns which are left. Those
// that have gone meanwhile are left out.
func (h *Hub) resubmitSome(ctx context.Context, msgIDs []string) (done []Resubmitted, left []string, err error) {
	var records []*taskdb.TaskRecord
	size := 0
	for len(msgIDs) > 0 && len(records) < maxTogether && size < maxTogetherBytes {
		old, err := h.db.GetRaw(ctx, msgIDs[0])
		switch {
		case ignore(err, taskdb.ErrNotFound) != nil:
			return nil, nil, err
		case err == nil:
			record, err := h.again(old)
			if err != nil {
				return nil, nil, fmt.Errorf("task %q: %w", msgIDs[0], err)
			}
			records = append(records, record)
			done = append(done, Resubmitted{Old: msgIDs[0], New: record.MsgID})
			size += len(old)
		}
		msgIDs = msgIDs[1:]
	}
	if err := h.db.Add(ctx, records...); err != nil {
		h.repairIfUnanswered(err)
		return nil, nil, err
	}
	for _, record := range records {
		h.happened(submission(record))
	}
	h.ready.tellEach()
	for i, pair := range done {
		if err := h.mend(ctx, pair, nil); err != nil {
			h.repairSoon()
			break
		}
		h.happened(Event{Kind: EventResubmitted, MsgID: pair.Old, Client: records[i].ClientUUID})
	}
	return done, msgIDs, nil
}

// again returns a new task with the request of an old one.
func (h *Hub) again(doc bson.Raw) (*taskdb.TaskRecord, error) {
	var old taskdb.TaskRecord
	if err := old.UnmarshalBSON(doc); err != nil {
		return nil, err
	}
	was, err := NotesOf(&old)
	if err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("make a msg_id: %w", err)
	}
	now, msgID, ready := h.now(), id.String(), true
	header, err := withIdentity(old.Header, msgID, now, true)
	if err != nil {
		return nil, err
	}
	notes := Notes{
		Priority:   was.Priority,
		Ready:      &ready,
		After:      []string{},
		TimeLimit:  was.TimeLimit,
		Retries:    min(was.Retries, maxRetries),
		Attempts:   []Attempt{},
		ResubmitOf: old.MsgID,
		Mending:    true,
	}
	record := &taskdb.TaskRecord{
		MsgID:      msgID,
		Header:     header,
		Metadata:   old.Metadata,
		Content:    old.Content,
		Buffers:    old.Buffers,
		Submitted:  now,
		ClientUUID: old.ClientUUID,
		Queue:      old.Queue,
		Label:      old.Label,
	}
	return record, notes.put(record)
}

// mend has the old task name the new one that repeats it, if a condition holds for
// the old one, and then notes on the new one that this is done.
func (h *Hub) mend(ctx context.Context, pair Resubmitted, condition bson.D) error {
	outcomes, err := h.db.Bulk(ctx, true,
		taskdb.Update{
			Filter: append(d("msg_id", pair.Old), condition...),
			Update: d("$set", d("resubmitted", pair.New)),
		},
		taskdb.Update{
			Filter: d("msg_id", pair.New),
			Update: d("$unset", d("hub.mending", "")),
		},
	)
	for _, outcome := range outcomes {
		if err == nil {
			err = outcome.Err
		}
	}
	return err
}

var mendingKeys = keys("msg_id", "hub.resubmit_of")

// mendAll mends the resubmissions that a crash left half done, but for old tasks
// that were resubmitted once more since, and returns how many there were.
func (h *Hub) mendAll(ctx context.Context) (mended int, err error) {
	q := taskdb.Query{Filter: d("hub.mending", true), Projection: mendingKeys}
	for doc, err := range h.db.FindRaw(ctx, q) {
		if err != nil {
			return mended, err
		}
		var pair Resubmitted
		pair.New, _ = doc.Lookup("msg_id").StringValueOK()
		pair.Old, _ = doc.Lookup("hub", "resubmit_of").StringValueOK()
		older := d("$or", bson.A{d("resubmitted", nil), d("resubmitted", d("$lt", pair.New))})
		if err := h.mend(ctx, pair, older); err != nil {
			return mended, err
		}
		mended++
	}
	return mended, nil
}

var linkKeys = keys("hub.resubmit_of", "resubmitted")

// Chain returns the resubmissions that a task is part of, the oldest first: those
// that it repeats, itself, and, of those that repeat it, the newest each time. The
// links of other hubs' records are known forwards only.
func (h *Hub) Chain(ctx context.Context, msgID string) ([]string, error) {
	chain := []string{msgID}
	for _, direction := range []struct {
		path []string
		add  func(msgID string)
	}{
		{[]string{"hub", "resubmit_of"}, func(older string) { chain = slices.Insert(chain, 0, older) }},
		{[]string{"resubmitted"}, func(newer string) { chain = append(chain, newer) }},
	} {
		if err := h.follow(ctx, msgID, direction.path, direction.add); err != nil {
			return nil, fmt.Errorf("chain of %q: %w", msgID, err)
		}
	}
	return chain, nil
}

// follow calls add for the tasks that a path leads to from one, which must exist,
// until the end, or one that has been purged.
func (h *Hub) follow(ctx context.Context, msgID string, path []string, add func(msgID string)) error {
	seen := map[string]bool{}
	for at := msgID; !seen[at]; {
		seen[at] = true
		doc, err := h.look(ctx, at, linkKeys)
		if err != nil {
			if at == msgID {
				return err
			}
			return ignore(err, taskdb.ErrNotFound)
		}
		if at != msgID {
			add(at)
		}
		at, _ = doc.Lookup(path...).StringValueOK()
		if at == "" {
			return nil
		}
	}
	return nil
}

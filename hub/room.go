package hub

import (
	"context"
	"fmt"
	"strconv"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// A task must come to an end, however large its record has become. So a request leaves
// room in it for all that the hub notes, which has its bounds; and if what the task gave
// out has filled that, the end of it is cut off.

// Bytes of a record: what a request leaves, and the largest result that output gives way
// to.
const (
	room        = 2 << 20
	roomyResult = room / 2
)

// maxCuts is how often room is made for one step: by each of the three parts of what a
// task gave out, and by somebody else.
const maxCuts = 4

// The bounds of what is noted of attempts: of 2,000 in the room of a record.
const (
	maxRetries = 1_000
	maxEngine  = 255 // bytes
	maxReason  = 500 // bytes
)

// checkSize refuses a request that does not leave the room in a record.
func (t *Task) checkSize() error {
	size := len(t.Header) + len(t.Metadata) + len(t.Content)
	for _, msgID := range t.After {
		size += len(msgID)
	}
	if size > taskdb.MaxRecordSize-room {
		return fmt.Errorf("task %q: a request of %d bytes, of %d: %w", t.MsgID, size, taskdb.MaxRecordSize-room, taskdb.ErrTooLarge)
	}
	return nil
}

// size is how many bytes the update adds to a record, buffers not counted.
func (u update) size() (n int) {
	for _, e := range u.set {
		if e.Key != "result_buffers" {
			doc, _ := bson.Marshal(bson.D{e}) // it was written, or tried to be
			n += len(doc)
		}
	}
	return n
}

// makeRoom cuts off the end of what a task gave out, in a record that has become too
// large: of the longest part. If there is none the error is the one that told so.
func (h *Hub) makeRoom(ctx context.Context, msgID string, tooLarge error) error {
	doc, err := h.look(ctx, msgID, withoutBuffers)
	if err != nil || len(doc) <= taskdb.MaxRecordSize-room { // somebody else has made it, or it would not help
		return err
	}
	longest, size := "", 0
	for _, key := range []string{"stdout", "stderr", "display_data"} {
		if n := len(doc.Lookup(key).Value); n > size {
			longest, size = key, n
		}
	}
	left, some := shortened(doc.Lookup(longest), size-room)
	if !some {
		return tooLarge
	}
	set := d(longest, left)
	if !doc.Lookup("hub").IsZero() { // with a note it would be another hub's no more
		set = append(set, bson.E{Key: "hub.cut", Value: true})
	}
	_, err = h.db.Update(ctx, taskdb.Update{Filter: d("msg_id", msgID, "completed", nil), Update: d("$set", set)})
	return err
}

var withoutBuffers = projection(d("_id", 0, "buffers", 0, "result_buffers", 0))

// makeRoomInFirst is makeRoom for the first of the tasks that a filter selects.
func (h *Hub) makeRoomInFirst(ctx context.Context, filter bson.D, sort *query.Sort, tooLarge error) error {
	q := taskdb.Query{Filter: filter, Sort: sort, Projection: nameKeys, Limit: 1}
	for doc, err := range h.db.FindRaw(ctx, q) {
		if err != nil {
			return err
		}
		msgID, _ := doc.Lookup("msg_id").StringValueOK()
		return h.makeRoom(ctx, msgID, tooLarge)
	}
	return nil // somebody has it
}

// shortened returns the beginning of a text, or of a list, of so many bytes or less. It
// tells whether there was anything to cut off.
func shortened(value bson.RawValue, bytes int) (left any, some bool) {
	bytes = max(bytes, 0)
	if text, ok := value.StringValueOK(); ok {
		return cut(text, bytes), text != ""
	}
	list, _ := value.ArrayOK()
	elements, _ := list.Values() // those of a stored record
	some = len(elements) > 0
	size := 0
	for i, element := range elements {
		if size += len(element.Value) + len(strconv.Itoa(i)) + 2; size > bytes { // its place is its key
			elements = elements[:i]
			break
		}
	}
	return elements, some
}

// cut returns the beginning of a text, of so many bytes or less.
func cut(text string, bytes int) string {
	if len(text) <= bytes {
		return text
	}
	for bytes > 0 && !utf8.RuneStart(text[bytes]) {
		bytes--
	}
	return text[:bytes]
}

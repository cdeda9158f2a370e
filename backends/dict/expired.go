package dict

import (
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/internal/bounds"
	"github.com/taskdb/taskdb/taskdb"
)

// expired are the documents that made room: how many, and the last of them by
// their msg_ids.
type expired struct {
	count int64
	byID  map[string]tombstone
	ids   []expiredID // the oldest first
}

// tombstone is what is left of a document that made room.
type tombstone struct {
	n     int64 // of all that did, from 1
	state taskdb.State
	rule  string
	at    time.Time
}

// expiredID is the msg_id of the n-th document that made room. Its tombstone may be
// gone, or be that of a later one.
type expiredID struct {
	n     int64
	msgID string
}

// add notes that a document makes room. Whichever is the oldest is forgotten if there
// are too many.
func (e *expired) add(doc bson.Raw, rule string, at time.Time) {
	e.count++
	msgID := msgIDOf(doc)
	if msgID == "" {
		return
	}
	if e.byID == nil {
		e.byID = map[string]tombstone{}
	}
	e.byID[msgID] = tombstone{e.count, taskdb.StateOf(doc), rule, at}
	e.ids = append(e.ids, expiredID{e.count, msgID})
	if len(e.ids) > bounds.MaxExpired {
		oldest := e.ids[0]
		e.ids = e.ids[1:]
		if e.byID[oldest.msgID].n == oldest.n {
			delete(e.byID, oldest.msgID)
		}
	}
}

// forget removes a tombstone: another document with its msg_id was there, and was
// removed by somebody.
func (e *expired) forget(msgID string) { delete(e.byID, msgID) }

// absent is the error of a document that is not there.
func (c *collection) absent(msgID string) error {
	if c == nil {
		return taskdb.ErrNotFound
	}
	if t, ok := c.expired.byID[msgID]; ok {
		return &taskdb.ExpiredError{MsgID: msgID, State: t.state, Rule: t.rule, At: t.at}
	}
	return taskdb.ErrNotFound
}

package dict

import (
	"errors"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// collection holds documents and their keys. A document's id is its place in the
// order of insertion.
type collection struct {
	name    string
	bounds  taskdb.Bounds
	docs    pages
	expired expired
	// touched is when the unfinished tasks were stored last, if that counts.
	touched map[uint64]time.Time
	lost    int64    // how many became so
	indexes []*index // the standard ones first, of which the first is on _id
	msgIDs  *index   // the standard one of a collection of tasks
	// definitions are what the planner knows of the indexes; replaced, never
	// changed.
	definitions []*query.Index
	keys        *query.IndexSet
	places      []int               // of all indexes
	tails       map[uint64][]growth // of documents, by their ids
	// moves counts the documents that got other keys, and turns how often an
	// index came to hold what the planner must know of: see execute.Changes.
	moves, turns atomic.Uint64
	watches      execute.Watches
	room         room
}

// room is memory that changes use in turn.
type room struct {
	keys        query.KeyRoom
	differences query.DifferenceRoom
	spelled     []string
	lent        []byte // see target.Lend
}

func newCollection(name string, bounds taskdb.Bounds) *collection {
	c := &collection{name: name, bounds: bounds, tails: map[uint64][]growth{}, touched: map[uint64]time.Time{}}
	for _, definition := range taskdb.StandardIndexes(name) {
		c.indexes = append(c.indexes, newIndex(definition, true))
	}
	c.msgIDs = c.index("msg_id_1")
	c.noteIndexes()
	return c
}

// addAll stores copies of documents, all or none, and drops what they leave no
// room for.
func (c *collection) addAll(docs []bson.Raw) error {
	first, before := c.docs.nextID(), c.held()
	for _, doc := range docs {
		if err := c.add(doc); err != nil {
			c.takeBack(first)
			return err
		}
	}
	if err := c.makeRoom(before, func(id uint64) bool { return id < first }); err != nil {
		c.takeBack(first)
		return err
	}
	for id := first; id < c.docs.nextID(); id++ {
		c.touch(id)
	}
	return nil
}

// takeBack removes the documents from an id on.
func (c *collection) takeBack(first uint64) {
	for id := first; id < c.docs.nextID(); id++ {
		c.remove(id)
	}
	if first == 1 {
		c.docs = pages{} // as if there never was a document
	}
}

// add stores a copy of a document.
func (c *collection) add(doc bson.Raw) error {
	id := c.docs.nextID()
	if err := c.enterAll(doc, id); err != nil {
		return err
	}
	c.docs.add(doc)
	c.watches.Note(int64(id))
	return nil
}

// enterAll adds a document to all indexes, or, with an error, to none.
func (c *collection) enterAll(doc bson.Raw, id uint64) error {
	keys, err := c.keys.Keys(&c.room.keys, doc)
	if err != nil {
		return err
	}
	for i, x := range c.indexes {
		if key, taken := c.taken(x, keys[i], doc); taken {
			return c.duplicate(x.definition, key, doc)
		}
	}
	c.enter(c.places, keys, id)
	return nil
}

// duplicate is the error of a document one of whose keys is taken.
func (c *collection) duplicate(x *query.Index, key []byte, doc bson.Raw) error {
	return &taskdb.DuplicateKeyError{
		Collection: c.name,
		Index:      x.Name,
		KeyPattern: x.KeyPattern(),
		KeyValue:   x.KeyValue(key, doc),
	}
}

// taken returns the first of a document's keys that no other document may have
// and that one has.
func (c *collection) taken(x *index, keys query.Keys, doc bson.Raw) (key []byte, taken bool) {
	stringsOnly := x.definition.Unique == query.UniqueStrings
	if stringsOnly && keys.Multikey {
		return nil, false
	}
	for _, key := range keys.List {
		if !x.definition.Guards(key) {
			continue
		}
		p, ok := x.find(key)
		certain := !keys.Cut && !(stringsOnly && x.definition.Multikey)
		if ok && (certain || c.shares(x, p, doc)) {
			return key, true
		}
	}
	return nil, false
}

// shares tells whether one of a posting's documents has the same values as doc,
// where the key does not tell: it may have been cut, or be that of a string in an
// array where only strings by themselves are unique.
func (c *collection) shares(x *index, p posting, doc bson.Raw) bool {
	valueOf := func(doc bson.Raw) bson.RawValue {
		return bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: x.definition.KeyValue([]byte(p.key), doc)}
	}
	value := valueOf(doc)
	return !x.each(p, nil, false, func(id uint64) bool {
		other := c.docs.get(id)
		return !x.guards(other) || query.Compare(value, valueOf(other)) != 0
	})
}

// change stores a copy of after in place of a document, whose id it keeps, and
// drops what that leaves no room for; before is what after was made of, with the
// document's tails or without. With an error nothing is changed.
func (c *collection) change(id uint64, before, after bson.Raw) error {
	old, tails, held := c.docs.get(id), c.tails[id], c.held()
	if err := c.rewrite(id, before, after); err != nil {
		return err
	}
	if err := c.makeRoom(held, func(other uint64) bool { return other != id }); err != nil {
		err = errors.Join(err, c.replace(id, old))
		c.setTails(id, tails)
		return err
	}
	c.touch(id)
	return nil
}

// rewrite is change without making room.
func (c *collection) rewrite(id uint64, before, after bson.Raw) error {
	kept, after := c.keepTails(id, before, after)
	if len(after) > len(c.docs.get(id)) {
		if err := taskdb.CheckSize(after, bytesOf(kept), query.CodeUpdateTooLarge); err != nil {
			return err
		}
	}
	if err := c.replace(id, after); err != nil {
		return err
	}
	c.setTails(id, kept)
	return nil
}

// replace stores a copy of a document in place of another. Only the indexes are
// touched in which they have different keys.
func (c *collection) replace(id uint64, doc bson.Raw) error {
	changed, before, after, err := c.keys.Differences(&c.room.differences, c.docs.get(id), doc)
	if err != nil {
		return err
	}
	c.leave(changed, before, id)
	for i, place := range changed {
		if key, taken := c.taken(c.indexes[place], after[i], doc); taken {
			c.enter(changed, before, id)
			return c.duplicate(c.indexes[place].definition, key, doc)
		}
	}
	c.enter(changed, after, id)
	c.docs.replace(id, doc)
	c.watches.Note(int64(id))
	if len(changed) > 0 {
		c.moves.Add(1)
	}
	return nil
}

// enter adds a document's keys to the indexes at some places.
func (c *collection) enter(places []int, keys []query.Keys, id uint64) {
	for i, place := range places {
		if c.indexes[place].enter(keys[i], id, &c.room.spelled) {
			c.noteDefinitions()
			c.turns.Add(1)
		}
	}
	clear(c.room.spelled)
	c.room.spelled = c.room.spelled[:0]
}

// leave removes a document's keys from the indexes at some places.
func (c *collection) leave(places []int, keys []query.Keys, id uint64) {
	for i, place := range places {
		for _, key := range keys[i].List {
			c.indexes[place].remove(key, id)
		}
	}
}

// roomForID is how many bytes the key of a msg_id may have to need no allocation.
const roomForID = 96

// idOf returns the id of the document that was stored first with a msg_id.
// Collections other than those of tasks have no index to find it by.
func (c *collection) idOf(msgID string) (id uint64, ok bool) {
	switch {
	case c == nil:
		return 0, false
	case c.msgIDs == nil:
		return c.firstOf(msgID, c.docs.each)
	}
	x := c.msgIDs
	var room [roomForID]byte
	p, ok := x.find(x.definition.AppendTextKey(room[:0], msgID))
	if !ok || !x.definition.Multikey && !x.definition.Unordered { // who has the key has the msg_id
		return p.ids, ok
	}
	return c.firstOf(msgID, func(visit func(id uint64) bool) { x.each(p, nil, false, visit) })
}

// firstOf returns the first of some documents that has a msg_id.
func (c *collection) firstOf(msgID string, candidates func(visit func(id uint64) bool)) (id uint64, ok bool) {
	for candidate := range candidates {
		if found, isString := c.docs.get(candidate).Lookup("msg_id").StringValueOK(); isString && found == msgID {
			return candidate, true
		}
	}
	return 0, false
}

// byMsgID returns the whole document that was stored first with a msg_id, or nil.
func (c *collection) byMsgID(msgID string) bson.Raw {
	if id, ok := c.idOf(msgID); ok {
		return c.whole(id)
	}
	return nil
}

package dict

import (
	"errors"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// collection holds documents and their keys. A document's id is its place in the
// order of insertion.
type collection struct {
	name    string
	bounds  Bounds
	docs    pages
	indexes []*index // the standard ones first, of which the first is on _id
	keys    *query.IndexSet
}

func newCollection(name string, bounds Bounds) *collection {
	c := &collection{name: name, bounds: bounds}
	for _, definition := range taskdb.StandardIndexes(name) {
		c.indexes = append(c.indexes, newIndex(definition, true))
	}
	c.noteIndexes()
	return c
}

// addAll stores copies of documents, all or none, and drops what they leave no
// room for.
func (c *collection) addAll(docs []bson.Raw) error {
	first := c.docs.nextID()
	for _, doc := range docs {
		if err := c.add(doc); err != nil {
			c.removeFrom(first)
			return err
		}
	}
	if err := c.makeRoom(first); err != nil {
		c.removeFrom(first)
		return err
	}
	return nil
}

// removeFrom takes back the documents from an id on.
func (c *collection) removeFrom(first uint64) {
	for id := first; id < c.docs.nextID(); id++ {
		c.remove(id)
	}
}

// add stores a copy of a document.
func (c *collection) add(doc bson.Raw) error {
	if err := c.enterAll(doc, c.docs.nextID()); err != nil {
		return err
	}
	c.docs.add(doc)
	return nil
}

// enterAll adds a document to all indexes, or, with an error, to none.
func (c *collection) enterAll(doc bson.Raw, id uint64) error {
	keys, err := c.keys.Keys(doc)
	if err != nil {
		return err
	}
	for i, x := range c.indexes {
		if key, taken := c.taken(x, keys[i], doc); taken {
			return c.duplicate(x.definition, key, doc)
		}
	}
	var spelled []string
	for i, x := range c.indexes {
		x.enter(keys[i], id, &spelled)
	}
	return nil
}

// remove takes a document back.
func (c *collection) remove(id uint64) {
	if doc := c.docs.get(id); doc != nil {
		c.removeKeys(id, doc)
		c.docs.remove(id)
	}
}

func (c *collection) removeKeys(id uint64, doc bson.Raw) {
	for _, x := range c.indexes {
		keys, err := x.definition.Keys(doc)
		if err != nil {
			continue // it could not have been added
		}
		for _, key := range keys.List {
			x.remove(key, id)
		}
	}
}

// duplicate is the error of a document one of whose keys is taken.
func (c *collection) duplicate(x *query.Index, key []byte, doc bson.Raw) error {
	return &taskdb.DuplicateKeyError{
		Collection: c.name,
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

// replace stores a copy of a document in place of another, whose id it keeps.
func (c *collection) replace(id uint64, doc bson.Raw) error {
	old := c.docs.get(id)
	c.removeKeys(id, old)
	if err := c.enterAll(doc, id); err != nil {
		return errors.Join(err, c.enterAll(old, id))
	}
	c.docs.replace(id, doc)
	return nil
}

// idOf returns the id of the document that was stored first with a msg_id.
// Collections other than those of tasks have no index to find it by.
func (c *collection) idOf(msgID string) (id uint64, ok bool) {
	wanted := bson.RawValue{Type: bson.TypeString, Value: bsoncore.AppendString(nil, msgID)}
	has := func(candidate uint64) bool {
		id, ok = candidate, c.docs.get(candidate).Lookup("msg_id").Equal(wanted)
		return !ok
	}
	switch {
	case c == nil:
	case taskdb.IsTasks(c.name):
		x := c.index("msg_id_1")
		x.eachOf(x.definition.Key(wanted), has)
	default:
		for candidate := range c.docs.next {
			if !has(candidate) {
				break
			}
		}
	}
	return id, ok
}

// byMsgID returns the document that was stored first with a msg_id, or nil.
func (c *collection) byMsgID(msgID string) bson.Raw {
	if id, ok := c.idOf(msgID); ok {
		return c.docs.get(id)
	}
	return nil
}

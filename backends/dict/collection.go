package dict

import (
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// collection holds documents and their keys. A document's id is its place in the
// order of insertion.
type collection struct {
	name    string
	docs    pages
	indexes []*index // the standard ones first, of which the first is on _id
}

func newCollection(name string) *collection {
	c := &collection{name: name}
	for _, definition := range taskdb.StandardIndexes(name) {
		c.indexes = append(c.indexes, newIndex(definition, true))
	}
	return c
}

// addAll stores copies of documents, all or none.
func (c *collection) addAll(docs []bson.Raw) error {
	ids := make([]uint64, 0, len(docs))
	for _, doc := range docs {
		id, err := c.add(doc)
		if err != nil {
			for _, id := range ids {
				c.remove(id)
			}
			return err
		}
		ids = append(ids, id)
	}
	return nil
}

// add stores a copy of a document.
func (c *collection) add(doc bson.Raw) (id uint64, err error) {
	keys := make([]indexKeys, len(c.indexes))
	var spelled []string
	for i, x := range c.indexes {
		if keys[i], err = x.keysOf(doc, &spelled); err != nil {
			return 0, err
		}
		if key, taken := x.taken(keys[i].list); taken {
			return 0, c.duplicate(x.definition, key, doc)
		}
	}
	id = c.docs.add(doc)
	for i, x := range c.indexes {
		x.note(keys[i])
		for _, key := range keys[i].list {
			x.add(key, id)
		}
	}
	return id, nil
}

// remove takes a document back.
func (c *collection) remove(id uint64) {
	doc := c.docs.get(id)
	for _, x := range c.indexes {
		keys, err := x.definition.Keys(doc)
		if err != nil {
			continue // it could not have been added
		}
		for _, key := range keys.List {
			x.remove(string(key), id)
		}
	}
	c.docs.remove(id)
}

// duplicate is the error of a document one of whose keys is taken.
func (c *collection) duplicate(x *query.Index, key string, doc bson.Raw) error {
	return &taskdb.DuplicateKeyError{
		Collection: c.name,
		KeyPattern: x.KeyPattern(),
		KeyValue:   x.KeyValue([]byte(key), doc),
	}
}

// byMsgID returns the document that was stored first with a msg_id, or nil.
func (c *collection) byMsgID(msgID string) bson.Raw {
	if c == nil {
		return nil
	}
	key := query.AppendKey(nil, bson.RawValue{Type: bson.TypeString, Value: bsoncore.AppendString(nil, msgID)})
	var found bson.Raw
	if x := c.index("msg_id_1"); x != nil {
		if p, ok := x.tree.Get(posting{key: string(key)}); ok {
			x.each(p, nil, false, func(id uint64) bool {
				found = c.docs.get(id)
				return false
			})
		}
	}
	return found
}

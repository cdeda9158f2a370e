package dict

import (
	"bytes"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// collection holds documents in the order of their insertion. A document is
// never changed: whoever holds one may go on reading it without the store's lock.
type collection struct {
	name  string
	docs  []bson.Raw
	byID  map[string]bson.Raw // by the key of the _id
	byMsg map[string]bson.Raw // by msg_id, where that is a string
}

func newCollection(name string) *collection {
	return &collection{name: name, byID: map[string]bson.Raw{}, byMsg: map[string]bson.Raw{}}
}

// add stores copies of documents, all or none.
func (c *collection) add(docs []bson.Raw) error {
	for i, doc := range docs {
		if err := c.addOne(bytes.Clone(doc)); err != nil {
			c.takeBack(i)
			return err
		}
	}
	return nil
}

func (c *collection) addOne(doc bson.Raw) error {
	id := idKey(doc)
	if _, taken := c.byID[id]; taken {
		return c.duplicate("_id", doc)
	}
	msgID, isString := msgIDOf(doc)
	if isString {
		if _, taken := c.byMsg[msgID]; taken && taskdb.IsTasks(c.name) {
			return c.duplicate("msg_id", doc)
		}
		c.byMsg[msgID] = doc
	}
	c.byID[id] = doc
	c.docs = append(c.docs, doc)
	return nil
}

// takeBack undoes the last n calls of addOne that succeeded.
func (c *collection) takeBack(n int) {
	kept := len(c.docs) - n
	for _, doc := range c.docs[kept:] {
		delete(c.byID, idKey(doc))
		if msgID, isString := msgIDOf(doc); isString {
			delete(c.byMsg, msgID)
		}
	}
	c.docs = c.docs[:kept]
}

func (c *collection) duplicate(key string, doc bson.Raw) error {
	v := doc.Lookup(key)
	return &taskdb.DuplicateKeyError{
		Collection: c.name,
		KeyPattern: bson.Raw(bsoncore.NewDocumentBuilder().AppendInt32(key, 1).Build()),
		KeyValue: bson.Raw(bsoncore.NewDocumentBuilder().
			AppendValue(key, bsoncore.Value{Type: bsoncore.Type(v.Type), Data: v.Value}).Build()),
	}
}

func idKey(doc bson.Raw) string { return string(query.AppendKey(nil, doc.Lookup("_id"))) }

func msgIDOf(doc bson.Raw) (string, bool) { return doc.Lookup("msg_id").StringValueOK() }

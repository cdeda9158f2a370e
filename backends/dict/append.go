package dict

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/backends/internal/bounds"
	"github.com/taskdb/taskdb/backends/internal/execute"
	"github.com/taskdb/taskdb/backends/internal/tail"
	"github.com/taskdb/taskdb/taskdb"
)

// growth is what was appended to a value of a document since that was written.
type growth struct {
	key  string
	kind bson.Type
	data []byte // see tail.Bytes
}

// Append is taskdb.Backend's. A document that is small is written anew. What is
// appended to others is kept beside them, until a change leaves them finished.
func (s *Store) Append(ctx context.Context, name, msgID, key string, added bson.RawValue) error {
	return s.write(ctx, name, func(c *collection) error {
		id, ok := c.idOf(msgID)
		if !ok {
			return c.absent(msgID)
		}
		return c.append(id, key, added)
	})
}

func (c *collection) append(id uint64, key string, added bson.RawValue) error {
	doc, tails := c.docs.get(id), c.tails[id]
	if size := ownSize(doc) + bytesOf(tails) + len(added.Value); size > taskdb.MaxRecordSize {
		return fmt.Errorf("%d bytes, of %d: %w", size, taskdb.MaxRecordSize, taskdb.ErrTooLarge)
	}
	at := slices.IndexFunc(tails, func(g growth) bool { return g.key == key })
	if at < 0 {
		if c.asksAbout(key) || len(doc)+len(added.Value) <= tail.Small {
			return c.appendWritten(id, doc, key, added)
		}
		return c.startTail(id, doc, key, added)
	}
	if tails[at].kind != added.Type {
		return tail.Check(doc, key, added.Type)
	}
	return c.grow(id, &tails[at], tail.Bytes(added), c.held())
}

// ownSize returns how many bytes of a document MaxRecordSize bounds.
func ownSize(doc bson.Raw) int {
	if len(doc) <= taskdb.MaxRecordSize {
		return len(doc)
	}
	rest, _ := taskdb.Lift(doc)
	return len(rest)
}

func bytesOf(tails []growth) (n int) {
	for _, g := range tails {
		n += len(g.data)
	}
	return n
}

// asksAbout tells whether the keys in an index may depend on a top-level key.
func (c *collection) asksAbout(key string) bool {
	return slices.ContainsFunc(c.indexes, func(x *index) bool { return x.definition.Needs(key) })
}

// appendWritten writes a document, which has the key's tail, anew.
func (c *collection) appendWritten(id uint64, doc bson.Raw, key string, added bson.RawValue) error {
	after, err := tail.Append(doc, key, added)
	if err != nil {
		return err
	}
	return c.change(id, doc, after)
}

// startTail gives a document its first tail under a key, whose value is an empty
// one at the least.
func (c *collection) startTail(id uint64, doc bson.Raw, key string, added bson.RawValue) error {
	if err := tail.Check(doc, key, added.Type); err != nil {
		return err
	}
	held := c.held()
	if doc.Lookup(key).Type != added.Type {
		if err := c.replace(id, tail.Join(doc, key, added.Type, nil)); err != nil {
			return err
		}
	}
	before := c.tails[id]
	tails := append(slices.Clone(before), growth{key: key, kind: added.Type})
	c.tails[id] = tails
	err := c.grow(id, &tails[len(before)], tail.Bytes(added), held)
	if err != nil {
		c.setTails(id, before)
		err = errors.Join(err, c.replace(id, doc))
	}
	return err
}

// grow adds to a tail, and drops what that leaves no room for; held is what the
// collection held before.
func (c *collection) grow(id uint64, g *growth, data []byte, held bounds.Size) error {
	before := len(g.data)
	g.data = append(g.data, data...)
	c.docs.bytes += int64(len(data))
	if err := c.makeRoom(held, func(other uint64) bool { return other != id }); err != nil {
		g.data = g.data[:before]
		c.docs.bytes -= int64(len(data))
		return err
	}
	c.touch(id)
	c.watches.Note(int64(id))
	return nil
}

// whole returns a document with its tails, or nil.
func (c *collection) whole(id uint64) bson.Raw {
	doc := c.docs.get(id)
	for _, g := range c.tails[id] {
		doc = tail.Join(doc, g.key, g.kind, g.data)
	}
	return doc
}

// entryOf returns a document as a walk shows it.
func (c *collection) entryOf(id uint64) execute.Entry {
	e := execute.Entry{ID: int64(id), Doc: c.docs.get(id)}
	for _, g := range c.tails[id] {
		e.Apart = append(e.Apart, g.key)
	}
	return e
}

// keepTails returns after with the values that the document itself has for the
// keys whose tails it keeps: those whose values are the same in before, of which
// it was made, as long as the document is unfinished. The others are let go.
func (c *collection) keepTails(id uint64, before, after bson.Raw) (kept []growth, _ bson.Raw) {
	tails := c.tails[id]
	if len(tails) == 0 {
		return nil, after
	}
	doc, whole := c.docs.get(id), bson.Raw(nil)
	finished := taskdb.StateFinished.Has(after)
	for _, g := range tails {
		switch same := before.Lookup(g.key).Equal(after.Lookup(g.key)); {
		case !same:
		case finished:
			if whole == nil {
				whole = c.whole(id)
			}
			after = tail.WithValue(after, g.key, whole.Lookup(g.key))
		default:
			kept = append(kept, g)
			after = tail.WithValue(after, g.key, doc.Lookup(g.key))
		}
	}
	return kept, after
}

// setTails replaces the tails of a document.
func (c *collection) setTails(id uint64, tails []growth) {
	c.docs.bytes += int64(bytesOf(tails) - bytesOf(c.tails[id]))
	if len(tails) == 0 {
		delete(c.tails, id)
		return
	}
	c.tails[id] = tails
}

// endTails makes all tails part of their documents.
func (c *collection) endTails() error {
	for id := range c.tails {
		if err := c.replace(id, c.whole(id)); err != nil {
			return err
		}
		c.setTails(id, nil)
	}
	return nil
}

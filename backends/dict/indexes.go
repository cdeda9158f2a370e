package dict

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// index returns the index of a name, or nil.
func (c *collection) index(name string) *index {
	if i := c.find(name); i >= 0 {
		return c.indexes[i]
	}
	return nil
}

func (c *collection) find(name string) int {
	return slices.IndexFunc(c.indexes, func(x *index) bool { return x.definition.Name == name })
}

// noteIndexes is called when there is one more index, or one fewer.
func (c *collection) noteIndexes() {
	c.noteDefinitions()
	c.keys = query.NewIndexSet(c.definitions)
	c.room.spelled = make([]string, 0, len(c.indexes))
	c.places = c.places[:0]
	for i := range c.indexes {
		c.places = append(c.places, i)
	}
}

// noteDefinitions is called when the planner has to know something else of an index.
func (c *collection) noteDefinitions() {
	c.definitions = make([]*query.Index, len(c.indexes))
	for i, x := range c.indexes {
		c.definitions[i] = x.definition
	}
}

func (c *collection) indexInfos() []taskdb.IndexInfo {
	infos := make([]taskdb.IndexInfo, len(c.indexes))
	for i, x := range c.indexes {
		infos[i] = taskdb.InfoOf(x.definition, x.standard)
	}
	return infos
}

// createIndex adds an index of the documents that are there.
func (c *collection) createIndex(definition *query.Index) error {
	for _, x := range c.indexes {
		switch {
		case taskdb.SameIndex(x.definition, definition):
			return nil
		case x.definition.Name == definition.Name:
			return fmt.Errorf("index %q: another has the name: %w", definition.Name, taskdb.ErrIndexConflict)
		case bytes.Equal(x.definition.KeyPattern(), definition.KeyPattern()) && x.definition.Partial == nil && definition.Partial == nil:
			return fmt.Errorf("index %q: %q has the same keys: %w", definition.Name, x.definition.Name, taskdb.ErrIndexConflict)
		}
	}
	if err := c.endTails(); err != nil {
		return err
	}
	x := newIndex(definition, false)
	for id := range c.docs.each {
		doc := c.docs.get(id)
		keys, err := definition.Keys(doc)
		if err != nil {
			return err
		}
		if key, taken := c.taken(x, keys, doc); taken {
			return c.duplicate(x.definition, key, doc)
		}
		x.enter(keys, id, new([]string))
	}
	c.indexes = append(c.indexes, x)
	c.noteIndexes()
	return nil
}

func (c *collection) dropIndex(name string) error {
	i := c.find(name)
	switch {
	case i < 0:
		return fmt.Errorf("index %q: %w", name, taskdb.ErrNotFound)
	case c.indexes[i].standard:
		return fmt.Errorf("index %q is a standard one: %w", name, taskdb.ErrIndexConflict)
	}
	c.indexes = slices.Delete(c.indexes, i, i+1)
	c.noteIndexes()
	return nil
}

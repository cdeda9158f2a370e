package mongo

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// serverIndex is an index as the server lists it.
type serverIndex struct {
	Name    string   `bson:"name"`
	Keys    bson.Raw `bson:"key"`
	Unique  bool     `bson:"unique"`
	Partial bson.Raw `bson:"partialFilterExpression"`
}

// serverIndexes returns a collection's indexes, none if it does not exist.
func (s *Store) serverIndexes(ctx context.Context, name string) (list []serverIndex, err error) {
	cursor, err := s.collection(name).Indexes().List(ctx)
	if err == nil {
		err = cursor.All(ctx, &list)
	}
	if hasCode(err, codeNamespaceNotFound) {
		return nil, nil
	}
	return list, err
}

// Indexes is taskdb.Backend's. Whether an index is multikey the server does not tell.
func (s *Store) Indexes(ctx context.Context, name string) (infos []taskdb.IndexInfo, err error) {
	err = s.call(ctx, func() error {
		list, err := s.serverIndexes(ctx, name)
		if err != nil {
			return err
		}
		for _, definition := range taskdb.StandardIndexes(name) {
			isIt := func(x serverIndex) bool { return x.serves(definition) }
			if slices.ContainsFunc(list, isIt) {
				infos = append(infos, taskdb.InfoOf(definition, true))
				list = slices.DeleteFunc(list, isIt)
			}
		}
		for _, x := range list {
			infos = append(infos, taskdb.IndexInfo{Name: x.Name, Keys: x.keys(), Unique: x.Unique, Partial: x.Partial})
		}
		return nil
	})
	return infos, err
}

// keys are the index's paths and directions, as 1 and -1 where they are numbers of
// another type.
func (x serverIndex) keys() bson.Raw {
	index, err := query.NewIndex(x.Name, x.Keys)
	if err != nil {
		return x.Keys // one of MongoDB's other kinds
	}
	return index.KeyPattern()
}

// CreateIndex is taskdb.Backend's.
func (s *Store) CreateIndex(ctx context.Context, name string, index *query.Index) error {
	return about(name, s.call(ctx, func() error {
		if err := s.prepare(ctx, name); err != nil {
			return err
		}
		if isStandard, err := besideStandard(name, index); isStandard || err != nil {
			return err
		}
		return s.createIndexes(ctx, name, modelOf(index))
	}))
}

// besideStandard tells whether an index is one of the standard ones, and fails if
// it has the name or the keys of one.
func besideStandard(name string, index *query.Index) (isStandard bool, err error) {
	for _, standard := range taskdb.StandardIndexes(name) {
		switch {
		case taskdb.SameIndex(standard, index):
			return true, nil
		case standard.Name == index.Name:
			return false, fmt.Errorf("index %q: a standard one has the name: %w", index.Name, taskdb.ErrIndexConflict)
		case bytes.Equal(standard.KeyPattern(), index.KeyPattern()) && standard.Partial == nil && index.Partial == nil:
			return false, fmt.Errorf("index %q: %q has the same keys: %w", index.Name, standard.Name, taskdb.ErrIndexConflict)
		}
	}
	return false, nil
}

func modelOf(index *query.Index) mongo.IndexModel {
	settings := options.Index().SetName(index.Name)
	if index.Unique != query.NotUnique {
		settings.SetUnique(true)
	}
	if index.Partial != nil {
		settings.SetPartialFilterExpression(index.Partial.MongoDB())
	}
	return mongo.IndexModel{Keys: index.KeyPattern(), Options: settings}
}

func (s *Store) createIndexes(ctx context.Context, name string, models ...mongo.IndexModel) error {
	_, err := s.collection(name).Indexes().CreateMany(ctx, models)
	return err
}

// DropIndex is taskdb.Backend's.
func (s *Store) DropIndex(ctx context.Context, name, index string) error {
	return s.call(ctx, func() error {
		if index == "" || index == "*" { // to the server all of them
			return fmt.Errorf("index %q: %w", index, taskdb.ErrNotFound)
		}
		if err := s.keepStandard(ctx, name, index); err != nil {
			return err
		}
		err := s.collection(name).Indexes().DropOne(ctx, index)
		if hasCode(err, query.CodeIndexNotFound, codeNamespaceNotFound) {
			return fmt.Errorf("index %q: %w", index, taskdb.ErrNotFound)
		}
		return err
	})
}

// keepStandard fails if an index, by its name, is a standard one that the collection
// has.
func (s *Store) keepStandard(ctx context.Context, name, index string) error {
	for _, definition := range taskdb.StandardIndexes(name) {
		if index != definition.Name && index != onServer(definition).Name {
			continue
		}
		list, err := s.serverIndexes(ctx, name)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(list, func(x serverIndex) bool { return x.serves(definition) }) {
			return fmt.Errorf("index %q is a standard one: %w", index, taskdb.ErrIndexConflict)
		}
	}
	return nil
}

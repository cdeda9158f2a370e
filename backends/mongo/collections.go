package mongo

import (
	"context"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ownDatabases are those that a server keeps for itself.
var ownDatabases = []string{"admin", "config", "local"}

// Collections is taskdb.Backend's.
func (s *Store) Collections(ctx context.Context) (names []string, err error) {
	err = s.call(ctx, func() error {
		databases, err := s.client.ListDatabaseNames(ctx, bson.D{})
		if err != nil {
			return err
		}
		for _, database := range databases {
			if slices.Contains(ownDatabases, database) {
				continue
			}
			list, err := s.client.Database(database).ListCollectionNames(ctx, bson.D{{Key: "type", Value: "collection"}})
			if err != nil {
				return err
			}
			for _, collection := range list {
				if !strings.HasPrefix(collection, "system.") && !isOfBucket(collection) {
					names = append(names, database+"."+collection)
				}
			}
		}
		slices.Sort(names)
		return nil
	})
	return names, err
}

// Drop is taskdb.Backend's.
func (s *Store) Drop(ctx context.Context, name string) error {
	return s.call(ctx, func() error {
		s.prepared.Delete(name)
		if err := s.collection(name).Drop(ctx); err != nil {
			return err
		}
		return s.bucket(name).Drop(ctx)
	})
}

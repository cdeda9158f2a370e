package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// Stats is taskdb.Backend's, by the server's own figures: its bytes are without the
// buffers that are in GridFS.
func (s *Store) Stats(ctx context.Context, name string) (stats taskdb.Stats, err error) {
	collection := s.collection(name)
	err = s.call(ctx, func() error {
		told, err := collection.Database().RunCommand(ctx, bson.D{{Key: "collStats", Value: collection.Name()}}).Raw()
		if err != nil {
			return err
		}
		stats.Records, _ = told.Lookup("count").AsInt64OK()
		stats.Bytes, _ = told.Lookup("size").AsInt64OK()
		return nil
	})
	return stats, err
}

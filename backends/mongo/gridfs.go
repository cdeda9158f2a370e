package mongo

import (
	"context"
	"io"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/taskdb/taskdb/taskdb"
)

// bucketSuffix is what the name of a collection's bucket has behind the collection's.
const bucketSuffix = ".buffers"

// chunkSize is GridFS's usual one.
const chunkSize = int64(mongo.DefaultGridFSChunkSize)

// bucket returns a collection's GridFS bucket.
func (s *Store) bucket(name string) *mongo.GridFSBucket {
	database, rest, _ := strings.Cut(name, ".")
	return s.client.Database(database).GridFSBucket(options.GridFSBucket().SetName(rest + bucketSuffix))
}

// isOfBucket tells whether a collection, by its name in the database, is one of those
// that make a bucket.
func isOfBucket(collection string) bool {
	return strings.HasSuffix(collection, bucketSuffix+".files") || strings.HasSuffix(collection, bucketSuffix+".chunks")
}

// place is where a buffer belongs.
type place struct {
	collection string
	id         bson.RawValue // of the record
	key        string
}

// upload stores what a reader gives as a file and returns its reference. It is to be
// in the record soon after, or is removed as an orphan.
func (s *Store) upload(ctx context.Context, at place, subtype byte, r io.Reader) (reference, error) {
	ref := reference{subtype: subtype, file: bson.NewObjectID()}
	metadata := bson.D{{Key: "record", Value: at.id}, {Key: "key", Value: at.key}, {Key: "subtype", Value: int32(subtype)}}
	stream, err := s.bucket(at.collection).OpenUploadStreamWithID(ctx, ref.file, at.key, options.GridFSUpload().SetMetadata(metadata))
	if err != nil {
		return ref, err
	}
	if ref.size, err = io.Copy(stream, r); err != nil {
		_ = stream.Abort() // what it leaves is an orphan
		return ref, err
	}
	return ref, stream.Close()
}

// chunks reads chunks of a file, from one on.
func (s *Store) chunks(ctx context.Context, collection string, file bson.ObjectID, first int64, n int64, use func(data []byte)) error {
	filter := bson.D{{Key: "files_id", Value: file}, {Key: "n", Value: bson.D{{Key: "$gte", Value: first}}}}
	inOrder := options.Find().SetSort(bson.D{{Key: "n", Value: 1}}).SetLimit(n)
	cursor, err := s.bucket(collection).GetChunksCollection().Find(ctx, filter, inOrder)
	if err != nil {
		return err
	}
	defer func() { _ = cursor.Close(context.WithoutCancel(ctx)) }()
	for cursor.Next(ctx) {
		_, data, _ := cursor.Current.Lookup("data").BinaryOK()
		use(data)
	}
	return cursor.Err()
}

// download appends a buffer's bytes to dst, or fails with taskdb.ErrNotFound.
func (s *Store) download(ctx context.Context, collection string, ref reference, dst []byte) ([]byte, error) {
	end := int64(len(dst)) + ref.size
	err := s.chunks(ctx, collection, ref.file, 0, 0, func(data []byte) { dst = append(dst, data...) })
	if err == nil && int64(len(dst)) != end {
		err = taskdb.ErrNotFound
	}
	return dst, err
}

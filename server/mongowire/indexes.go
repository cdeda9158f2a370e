package mongowire

import (
	"context"
	"errors"
	"iter"
	"math"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/command"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// createIndexes carries out the command of this name.
func createIndexes(ctx context.Context, r *request) (bson.D, error) {
	f := r.read("indexes", "commitQuorum", "ignoreUnknownIndexOptions")
	db, err := r.collection(f.Collection())
	if err != nil {
		return nil, err
	}
	f.Required("indexes")
	var indexes []taskdb.Index
	for _, doc := range f.Documents("indexes") {
		index, err := indexOf(doc)
		if err != nil {
			return nil, err
		}
		indexes = append(indexes, index)
	}
	if len(indexes) == 0 {
		f.Refuse(query.CodeBadValue, "indexes", "Must specify at least one index to create")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return makeIndexes(ctx, db, indexes)
}

// makeIndexes makes the indexes that there are not.
func makeIndexes(ctx context.Context, db *taskdb.DB, indexes []taskdb.Index) (bson.D, error) {
	existed, err := exists(ctx, db)
	if err != nil {
		return nil, err
	}
	before, err := db.Indexes(ctx)
	if err != nil {
		return nil, err
	}
	for _, index := range indexes {
		if isStandard(db, index) {
			continue
		}
		if _, err := db.CreateIndex(ctx, index); err != nil {
			return nil, conflict(before, index, err)
		}
	}
	after, err := db.Indexes(ctx)
	if err != nil {
		return nil, err
	}
	numBefore := max(1, len(before)) // a collection that is made has the one on _id
	reply := bson.D{
		{Key: "numIndexesBefore", Value: int32(numBefore)},
		{Key: "numIndexesAfter", Value: int32(max(1, len(after)))},
		{Key: "createdCollectionAutomatically", Value: !existed},
	}
	if len(after) == len(before) {
		reply = append(reply, bson.E{Key: "note", Value: "all indexes already exist"})
	}
	return reply, nil
}

// indexOptions are those of an index that are understood; ignored are those that say
// how an index is made or kept, and change no answer.
var indexOptions = []string{"key", "name", "unique", "partialFilterExpression", "sparse", "hidden", "collation", "expireAfterSeconds",
	"background", "v", "ns", "dropDups", "weights", "default_language", "language_override", "textIndexVersion", "2dsphereIndexVersion",
	"bits", "min", "max", "bucketSize", "storageEngine", "wildcardProjection", "clustered", "prepareUnique"}

var refusedIndexOptions = []string{"expireAfterSeconds", "weights", "wildcardProjection", "clustered", "prepareUnique"}

// indexOf reads what index to make.
func indexOf(doc bson.Raw) (taskdb.Index, error) {
	f := command.ReadStatement("createIndexes.indexes", doc, indexOptions...)
	f.Required("key")
	f.Required("name")
	f.CheckCollation()
	index := taskdb.Index{Name: f.Text("name"), Keys: f.Document("key"), Unique: f.LooseFlag("unique")}
	if f.Has("partialFilterExpression") {
		index.Partial = query.MongoFilter(f.Document("partialFilterExpression"))
	}
	if f.LooseFlag("sparse") {
		if index.Partial = sparse(f); index.Partial == nil {
			f.Refuse(query.CodeNotImplemented, "sparse", "a sparse index of several keys is not implemented")
		}
	}
	for _, key := range refusedIndexOptions {
		if f.Has(key) {
			f.Refuse(query.CodeNotImplemented, key, "the option "+key+" of an index is not implemented")
		}
	}
	keys, _ := f.Document("key").Elements()
	for _, e := range keys {
		if kind, isText := e.Value().StringValueOK(); isText {
			f.Refuse(query.CodeNotImplemented, "key", "an index of the kind "+kind+" is not implemented")
		}
	}
	return index, f.Err()
}

// sparse is the partial filter that a sparse index of one key stands for, or nil.
func sparse(f *command.Fields) any {
	keys, _ := f.Document("key").Elements()
	if len(keys) != 1 || f.Has("partialFilterExpression") {
		return nil
	}
	return bson.D{{Key: keys[0].Key(), Value: bson.D{{Key: "$exists", Value: true}}}}
}

// isStandard tells whether a collection of tasks has an index by itself that does what
// the one on its keys is asked for. So does IPython's unique one on msg_id.
func isStandard(db *taskdb.DB, index taskdb.Index) bool {
	keys := bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: index.Keys.(bson.Raw)}
	for _, x := range taskdb.StandardIndexes(db.Collection()) {
		info := taskdb.InfoOf(x, true)
		if info.Partial == nil && index.Partial == nil && isHinted(info, keys) && (info.Unique || !index.Unique) {
			return true
		}
	}
	return false
}

// conflict says in MongoDB's terms how an index is in another's way.
func conflict(existing []taskdb.IndexInfo, index taskdb.Index, err error) error {
	if !errors.Is(err, taskdb.ErrIndexConflict) {
		return err
	}
	code := codeIndexOptionsConflict
	if slices.ContainsFunc(existing, func(x taskdb.IndexInfo) bool { return x.Name == index.Name }) {
		code = codeIndexKeysConflict
	}
	return &query.Error{Code: code, Message: err.Error(), Cause: err}
}

// listIndexes carries out the command of this name.
func listIndexes(ctx context.Context, r *request) (bson.D, error) {
	f := r.read("cursor", "includeBuildUUIDs", "includeIndexBuildInfo")
	db, err := r.collection(f.Collection())
	if err != nil {
		return nil, err
	}
	size := batchSize(f)
	if err := f.Err(); err != nil {
		return nil, err
	}
	infos, err := indexesOf(ctx, db)
	if err != nil {
		return nil, err
	}
	docs := make([]bson.D, len(infos))
	for i, info := range infos {
		docs[i] = describeIndex(info)
	}
	return r.list(ctx, db.Collection(), size, docs)
}

// indexesOf returns the indexes of a collection, which must exist.
func indexesOf(ctx context.Context, db *taskdb.DB) ([]taskdb.IndexInfo, error) {
	found, err := exists(ctx, db)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, noCollection(db)
	}
	return db.Indexes(ctx)
}

// batchSize reads how many documents the first batch of a list is to have.
func batchSize(f *command.Fields) int64 {
	cursor := command.ReadStatement("cursor", f.Document("cursor"), "batchSize")
	size := int64(math.MaxInt64)
	if cursor.Has("batchSize") {
		size = cursor.Count("batchSize", math.MaxInt64)
	}
	f.Inherit(cursor)
	return size
}

// list answers a list of documents by a cursor.
func (r *request) list(ctx context.Context, namespace string, size int64, docs []bson.D) (bson.D, error) {
	return r.answer(ctx, namespace, size, false, func(context.Context) iter.Seq2[bson.Raw, error] {
		return func(yield func(bson.Raw, error) bool) {
			for _, doc := range docs {
				raw, err := bson.Marshal(doc)
				if !yield(raw, err) || err != nil {
					return
				}
			}
		}
	})
}

// describeIndex is an index as listIndexes tells of it.
func describeIndex(info taskdb.IndexInfo) bson.D {
	doc := bson.D{{Key: "v", Value: int32(2)}, {Key: "key", Value: info.Keys}, {Key: "name", Value: info.Name}}
	if info.Unique && info.Name != idIndex {
		doc = append(doc, bson.E{Key: "unique", Value: true})
	}
	if info.Partial != nil {
		doc = append(doc, bson.E{Key: "partialFilterExpression", Value: info.Partial})
	}
	return doc
}

// idIndex is the name of the index on _id.
const idIndex = "_id_"

// dropIndexes carries out the command of this name.
func dropIndexes(ctx context.Context, r *request) (bson.D, error) {
	f := r.read("index")
	db, err := r.collection(f.Collection())
	if err != nil {
		return nil, err
	}
	f.Required("index")
	if err := f.Err(); err != nil {
		return nil, err
	}
	infos, err := indexesOf(ctx, db)
	if err != nil {
		return nil, err
	}
	names, err := chosen(infos, f.Value("index"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := db.DropIndex(ctx, name); err != nil {
			return nil, dropFailure(name, err)
		}
	}
	return bson.D{{Key: "nIndexesWas", Value: int32(len(infos))}}, nil
}

// chosen returns the names of the indexes that a drop is of: by name, by keys, by a
// list of names, or "*", which are those that can be dropped.
func chosen(infos []taskdb.IndexInfo, choice bson.RawValue) (names []string, err error) {
	if list, ok := choice.ArrayOK(); ok {
		values, _ := list.Values()
		for _, v := range values {
			some, err := chosen(infos, v)
			if err != nil {
				return nil, err
			}
			names = append(names, some...)
		}
		return names, nil
	}
	name, _ := choice.StringValueOK()
	for _, info := range infos {
		if name == "*" && !info.Standard || isHinted(info, choice) {
			names = append(names, info.Name)
		}
	}
	switch {
	case names != nil || name == "*":
	case choice.Type == bson.TypeEmbeddedDocument:
		return nil, &query.Error{Code: query.CodeIndexNotFound, Message: "can't find index with key: " + choice.String()}
	default:
		return nil, &query.Error{Code: query.CodeIndexNotFound, Message: "index not found with name [" + name + "]"}
	}
	return names, nil
}

func dropFailure(name string, err error) error {
	if errors.Is(err, taskdb.ErrIndexConflict) {
		return &query.Error{Code: codeInvalidOptions, Message: "cannot drop the index " + name + ": the store has it of every collection of its kind", Cause: err}
	}
	return err
}

const codeInvalidOptions = command.CodeInvalidOptions

package mongowire

import (
	"context"
	"iter"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/command"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// firstBatch is how many documents come at first if a client does not say how many.
const firstBatch = 101

var findFields = []string{
	"filter", "projection", "sort", "skip", "limit", "batchSize", "singleBatch", "hint", "let", "collation", "allowDiskUse",
	"noCursorTimeout", "allowPartialResults", "tailable", "awaitData", "oplogReplay", "min", "max", "returnKey", "showRecordId", "readOnce", "term",
}

// find carries out the command find.
func find(ctx context.Context, r *request) (bson.D, error) {
	f := r.read(findFields...)
	db, q, err := r.findQuery(ctx, f)
	if err != nil {
		return nil, err
	}
	size := int64(firstBatch)
	if f.Has("batchSize") {
		size = f.Count("batchSize", math.MaxInt64)
	}
	single := f.Flag("singleBatch")
	if err := f.Err(); err != nil {
		return nil, err
	}
	return r.answer(ctx, db.Collection(), size, single, func(ctx context.Context) iter.Seq2[bson.Raw, error] { return db.FindRaw(ctx, q) })
}

// findQuery reads what a find command asks for, and of which collection.
func (r *request) findQuery(ctx context.Context, f *command.Fields) (*taskdb.DB, taskdb.Query, error) {
	db, err := r.collection(f.Collection())
	if err != nil {
		return nil, taskdb.Query{}, err
	}
	refuseTailing(f)
	f.CheckCollation()
	f.Flag("noCursorTimeout")
	f.Flag("allowDiskUse")
	f.Flag("allowPartialResults")
	if f.Value("filter").Type == bson.TypeNull { // unlike in other commands
		f.Refuse(query.CodeTypeMismatch, "filter", "BSON field 'find.filter' is the wrong type 'null', expected type 'object'")
	}
	let := f.Let()
	filter, err := r.filter(f, "filter", let)
	if err != nil {
		return nil, taskdb.Query{}, err
	}
	q := taskdb.Query{
		Filter:     filter,
		Projection: let.Projection(f.Document("projection")),
		Sort:       f.Document("sort"),
		Skip:       f.Whole("skip"),
		Limit:      f.Whole("limit"),
	}
	hint := f.Hint()
	if err := f.Err(); err != nil {
		return nil, q, err
	}
	return db, q, checkHint(ctx, db, hint)
}

// refuseTailing refuses what a find of MongoDB does that takes a capped collection, or
// shows more than documents.
func refuseTailing(f *command.Fields) {
	if f.Flag("tailable") {
		f.Refuse(query.CodeBadValue, "tailable", "error processing query: tailable cursor requested on non capped collection")
	}
	if f.Flag("awaitData") {
		f.Refuse(query.CodeFailedToParse, "awaitData", "Cannot set 'awaitData' without also setting 'tailable'")
	}
	for _, key := range []string{"returnKey", "showRecordId"} {
		if f.Flag(key) {
			f.Refuse(query.CodeNotImplemented, key, key+" is not implemented")
		}
	}
	for _, key := range []string{"min", "max"} {
		if len(f.Document(key)) > len(emptyDocument) {
			f.Refuse(query.CodeNotImplemented, key, key+" is not implemented")
		}
	}
}

var emptyDocument = bson.Raw{5, 0, 0, 0, 0}

// filter reads a filter in MongoDB's language, with the variables of let. Of a user who is bound to a client it
// selects that client's records only.
func (r *request) filter(f *command.Fields, key string, let *query.Let) (*query.Filter, error) {
	doc := let.Filter(f.Document(key))
	if err := f.Err(); err != nil {
		return nil, err
	}
	filter, err := query.ParseMongoFilter(doc)
	if err != nil || r.user.Client == "" {
		return filter, err
	}
	both, err := bson.Marshal(bson.D{{Key: "$and", Value: bson.A{ownRecords(r.user.Client), filter.Source()}}})
	if err != nil {
		return nil, err
	}
	return query.ParseMongoFilter(both)
}

// ownRecords is the filter of a client's records.
func ownRecords(client string) bson.D {
	return bson.D{{Key: "client_uuid", Value: bson.D{{Key: "$eq", Value: client}}}}
}

// answer opens a cursor over documents and returns the reply with its first batch: so
// many documents, and all that fit if single says that there is no other.
func (r *request) answer(ctx context.Context, namespace string, size int64, single bool,
	docs func(ctx context.Context) iter.Seq2[bson.Raw, error]) (bson.D, error) {
	c := r.newCursor(ctx, namespace, docs)
	batch, done, err := emptyArray, false, error(nil)
	if size > 0 {
		batch, done, err = c.batch(ctx, size)
	}
	id := int64(0)
	if err != nil || done || single {
		c.close()
	} else {
		id = r.server.cursors.keep(c)
	}
	if err != nil {
		return nil, err
	}
	return cursorReply("firstBatch", batch, id, namespace), nil
}

var emptyArray = bson.RawValue{Type: bson.TypeArray, Value: emptyDocument}

func cursorReply(key string, batch bson.RawValue, id int64, namespace string) bson.D {
	return bson.D{{Key: "cursor", Value: bson.D{{Key: key, Value: batch}, {Key: "id", Value: id}, {Key: "ns", Value: namespace}}}}
}

// getMore carries out the command of this name.
func getMore(ctx context.Context, r *request) (bson.D, error) {
	f := r.read("collection", "batchSize", "term", "lastKnownCommittedOpTime")
	f.Required("collection")
	namespace := r.database + "." + f.Text("collection")
	size := f.Count("batchSize", math.MaxInt64)
	id, isInt64 := f.Value("getMore").Int64OK()
	if !isInt64 {
		f.Refuse(query.CodeTypeMismatch, "getMore", "BSON field 'getMore.getMore' is the wrong type, expected type 'long'")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	c, err := r.server.cursors.use(id, r.user.Name)
	if err != nil {
		return nil, err
	}
	if c.namespace != namespace {
		r.server.cursors.release(id, false)
		return nil, &query.Error{Code: codeUnauthorized,
			Message: "Requested getMore on namespace '" + namespace + "', but cursor belongs to a different namespace " + c.namespace}
	}
	batch, done, err := c.batch(ctx, size)
	r.server.cursors.release(id, done || err != nil)
	if err != nil {
		return nil, err
	}
	if done {
		id = 0
	}
	return cursorReply("nextBatch", batch, id, namespace), nil
}

// killCursors carries out the command of this name.
func killCursors(_ context.Context, r *request) (bson.D, error) {
	f := r.read("cursors")
	f.Required("cursors")
	_ = f.Collection()
	killed, notFound := bson.A{}, bson.A{}
	for _, v := range f.Array("cursors") {
		id, ok := v.Int64OK()
		switch {
		case !ok:
			f.Refuse(query.CodeTypeMismatch, "cursors", "a cursor's id has the wrong type, expected type 'long'")
		case f.Err() != nil:
		case r.server.cursors.kill(id, r.user.Name):
			killed = append(killed, id)
		default:
			notFound = append(notFound, id)
		}
	}
	return bson.D{
		{Key: "cursorsKilled", Value: killed}, {Key: "cursorsNotFound", Value: notFound},
		{Key: "cursorsAlive", Value: bson.A{}}, {Key: "cursorsUnknown", Value: bson.A{}},
	}, f.Err()
}

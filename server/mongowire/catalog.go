package mongowire

import (
	"context"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/command"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// listDatabases carries out the command of this name. How large a database is a user
// who is bound to a client is not told.
func listDatabases(ctx context.Context, r *request) (bson.D, error) {
	if err := r.onlyAdmin(); err != nil {
		return nil, err
	}
	f := r.read("filter", "nameOnly", "authorizedDatabases")
	namesOnly := f.LooseFlag("nameOnly")
	filter, err := query.ParseMongoFilter(f.Document("filter"))
	if f.Err() != nil || err != nil {
		return nil, firstOf(f.Err(), err)
	}
	names, err := r.collections(ctx)
	if err != nil {
		return nil, err
	}
	list, total := bson.A{}, int64(0)
	for _, database := range databasesOf(names) {
		size := int64(0)
		if !namesOnly && r.user.Client == "" {
			stats, err := r.databaseStats(ctx, database, names)
			if err != nil {
				return nil, err
			}
			size = stats.Bytes
		}
		doc := bson.D{{Key: "name", Value: database}, {Key: "sizeOnDisk", Value: size}, {Key: "empty", Value: false}}
		if namesOnly {
			doc = doc[:1]
		}
		if selected, err := selects(filter, doc); err != nil {
			return nil, err
		} else if selected {
			list, total = append(list, doc), total+size
		}
	}
	reply := bson.D{{Key: "databases", Value: list}}
	if !namesOnly {
		reply = append(reply, bson.E{Key: "totalSize", Value: total}, bson.E{Key: "totalSizeMb", Value: total >> 20})
	}
	return reply, nil
}

// collections returns the full names of the collections that the user may see.
func (r *request) collections(ctx context.Context) ([]string, error) {
	if r.user.Client != "" {
		return []string{r.server.db.Collection()}, nil
	}
	return r.server.db.Collections(ctx)
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// selects tells whether a filter selects a document.
func selects(filter *query.Filter, doc bson.D) (bool, error) {
	raw, err := bson.Marshal(doc)
	if err != nil {
		return false, err
	}
	return filter.Match(raw)
}

// databasesOf returns the databases that collections are in, each once.
func databasesOf(collections []string) (databases []string) {
	for _, name := range collections {
		database, _, _ := strings.Cut(name, ".")
		databases = append(databases, database)
	}
	slices.Sort(databases)
	return slices.Compact(databases)
}

// listCollections carries out the command of this name.
func listCollections(ctx context.Context, r *request) (bson.D, error) {
	f := r.read("filter", "nameOnly", "authorizedCollections", "cursor")
	namesOnly := f.Flag("nameOnly")
	size := batchSize(f)
	filter, err := query.ParseMongoFilter(f.Document("filter"))
	if f.Err() != nil || err != nil {
		return nil, firstOf(f.Err(), err)
	}
	names, err := r.collections(ctx)
	if err != nil {
		return nil, err
	}
	var docs []bson.D
	for _, full := range names {
		name, ours := strings.CutPrefix(full, r.database+".")
		if !ours {
			continue
		}
		doc := describeCollection(name)
		selected, err := selects(filter, doc)
		if err != nil {
			return nil, err
		}
		if namesOnly {
			doc = doc[:2]
		}
		if selected {
			docs = append(docs, doc)
		}
	}
	return r.list(ctx, r.database+".$cmd.listCollections", size, docs)
}

// describeCollection is a collection as listCollections tells of it, its name and its
// type first.
func describeCollection(name string) bson.D {
	return bson.D{
		{Key: "name", Value: name},
		{Key: "type", Value: "collection"},
		{Key: "options", Value: bson.D{}},
		{Key: "info", Value: bson.D{{Key: "readOnly", Value: false}}},
		{Key: "idIndex", Value: bson.D{
			{Key: "v", Value: int32(2)}, {Key: "key", Value: bson.D{{Key: "_id", Value: int32(1)}}}, {Key: "name", Value: idIndex},
		}},
	}
}

// create carries out the command of this name. The collection is there when its index
// on _id is.
func create(ctx context.Context, r *request) (bson.D, error) {
	f := r.read("capped", "size", "max", "timeseries", "viewOn", "pipeline", "validator", "validationLevel", "validationAction",
		"collation", "clusteredIndex", "changeStreamPreAndPostImages", "expireAfterSeconds", "encryptedFields", "storageEngine",
		"indexOptionDefaults", "autoIndexId", "idIndex")
	db, err := r.collection(f.Collection())
	if err != nil {
		return nil, err
	}
	f.CheckCollation()
	for _, key := range []string{"timeseries", "viewOn", "validator", "clusteredIndex", "changeStreamPreAndPostImages", "expireAfterSeconds", "encryptedFields"} {
		if f.Has(key) {
			f.Refuse(query.CodeNotImplemented, key, "the option "+key+" of a collection is not implemented")
		}
	}
	if f.LooseFlag("capped") {
		f.Refuse(query.CodeNotImplemented, "capped", "capped collections are not implemented")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	switch found, err := exists(ctx, db); {
	case err != nil:
		return nil, err
	case found:
		return nil, &query.Error{Code: codeNamespaceExists, Message: "Collection " + db.Collection() + " already exists."}
	}
	_, err = db.CreateIndex(ctx, taskdb.Index{Name: idIndex, Keys: bson.D{{Key: "_id", Value: 1}}, Unique: true})
	return nil, err
}

// drop carries out the command of this name.
func drop(ctx context.Context, r *request) (bson.D, error) {
	f := r.read()
	db, err := r.collection(f.Collection())
	if f.Err() != nil || err != nil {
		return nil, firstOf(f.Err(), err)
	}
	found, err := exists(ctx, db)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, nil // since MongoDB 7
	}
	indexes, err := db.Indexes(ctx)
	if err != nil {
		return nil, err
	}
	if err := db.DropCollection(ctx); err != nil {
		return nil, err
	}
	return bson.D{{Key: "nIndexesWas", Value: int32(len(indexes))}, {Key: "ns", Value: db.Collection()}}, nil
}

// dropDatabase carries out the command of this name: it drops the collections of a
// database one by one.
func dropDatabase(ctx context.Context, r *request) (bson.D, error) {
	f := r.read()
	if err := f.Err(); err != nil {
		return nil, err
	}
	if slices.Contains(ownDatabases, r.database) {
		return nil, &query.Error{Code: command.CodeIllegalOperation, Message: "Dropping the '" + r.database + "' database is prohibited."}
	}
	names, err := r.server.db.Collections(ctx)
	if err != nil {
		return nil, err
	}
	dropped := 0
	for _, full := range names {
		if !strings.HasPrefix(full, r.database+".") {
			continue
		}
		if err := r.server.db.In(full).DropCollection(ctx); err != nil {
			return nil, err
		}
		dropped++
	}
	if dropped == 0 {
		return nil, nil
	}
	return bson.D{{Key: "dropped", Value: r.database}}, nil
}

// databaseStats adds up the figures of a database's collections.
func (r *request) databaseStats(ctx context.Context, database string, names []string) (sum taskdb.Stats, err error) {
	for _, full := range names {
		if !strings.HasPrefix(full, database+".") {
			continue
		}
		stats, err := r.server.db.In(full).Totals(ctx)
		if err != nil {
			return sum, err
		}
		sum.Records, sum.Bytes = sum.Records+stats.Records, sum.Bytes+stats.Bytes
		sum.FileBytes, sum.FreeBytes = stats.FileBytes, stats.FreeBytes
	}
	return sum, nil
}

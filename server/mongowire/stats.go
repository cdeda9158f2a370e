package mongowire

import (
	"context"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/taskdb"
)

// collStats carries out the command of this name.
func collStats(ctx context.Context, r *request) (bson.D, error) {
	f := r.read("scale")
	db, err := r.collection(f.Collection())
	scale := scaleOf(f.Whole("scale"))
	if f.Err() != nil || err != nil {
		return nil, firstOf(f.Err(), err)
	}
	figures, err := storageStats(ctx, db, scale)
	if err != nil {
		return nil, err
	}
	return append(bson.D{{Key: "ns", Value: db.Collection()}}, figures...), nil
}

// storageStats are the figures about a collection, whose sizes are divided by scale.
func storageStats(ctx context.Context, db *taskdb.DB, scale int64) (bson.D, error) {
	stats, err := db.Totals(ctx)
	if err != nil {
		return nil, err
	}
	indexes, err := db.Indexes(ctx)
	if err != nil {
		return nil, err
	}
	figures := bson.D{
		{Key: "size", Value: stats.Bytes / scale},
		{Key: "count", Value: number(stats.Records)},
		{Key: "storageSize", Value: stats.Bytes / scale},
		{Key: "totalSize", Value: stats.Bytes / scale},
		{Key: "nindexes", Value: int32(len(indexes))},
		{Key: "totalIndexSize", Value: int64(0)},
		{Key: "indexSizes", Value: bson.D{}},
		{Key: "scaleFactor", Value: scale},
		{Key: "capped", Value: false},
	}
	if stats.Records > 0 {
		figures = append(figures, bson.E{Key: "avgObjSize", Value: stats.Bytes / stats.Records})
	}
	return figures, nil
}

// scaleOf is what sizes are divided by.
func scaleOf(scale int64) int64 { return max(1, scale) }

// dbStats carries out the command of this name.
func dbStats(ctx context.Context, r *request) (bson.D, error) {
	f := r.read("scale", "freeStorage")
	scale := scaleOf(f.Whole("scale"))
	if err := f.Err(); err != nil {
		return nil, err
	}
	names, err := r.server.db.Collections(ctx)
	if err != nil {
		return nil, err
	}
	stats, err := r.databaseStats(ctx, r.database, names)
	if err != nil {
		return nil, err
	}
	collections, indexes := 0, 0
	for _, full := range names {
		if !strings.HasPrefix(full, r.database+".") {
			continue
		}
		list, err := r.server.db.In(full).Indexes(ctx)
		if err != nil {
			return nil, err
		}
		collections, indexes = collections+1, indexes+len(list)
	}
	reply := bson.D{
		{Key: "db", Value: r.database},
		{Key: "collections", Value: int32(collections)},
		{Key: "views", Value: int32(0)},
		{Key: "objects", Value: number(stats.Records)},
		{Key: "dataSize", Value: float64(stats.Bytes / scale)},
		{Key: "storageSize", Value: float64(stats.Bytes / scale)},
		{Key: "indexes", Value: int32(indexes)},
		{Key: "indexSize", Value: float64(0)},
		{Key: "totalSize", Value: float64(stats.Bytes / scale)},
		{Key: "scaleFactor", Value: scale},
		{Key: "fsUsedSize", Value: float64(stats.FileBytes / scale)},
	}
	return reply, nil
}

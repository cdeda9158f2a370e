package taskdb

import (
	"bytes"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
)

// StandardIndexes returns new indexes, of the kinds that a collection always
// has: by _id, and, if it is one of tasks, by msg_id (unique where that is a
// string), submitted, started, completed, client_uuid, engine_uuid, queue, label
// and result_content.status, and of unfinished records by submitted.
func StandardIndexes(collection string) []*query.Index {
	id := standardIndex("_id")
	id.Name = "_id_" // as MongoDB calls it
	id.Unique = query.UniqueKeys
	if !IsTasks(collection) {
		return []*query.Index{id}
	}
	msgID := standardIndex("msg_id")
	msgID.Unique = query.UniqueStrings
	unfinished := standardIndex("submitted")
	unfinished.Name = "unfinished"
	unfinished.Partial = StateIncomplete.Filter()
	return []*query.Index{
		id, msgID, standardIndex("submitted"), standardIndex("started"), standardIndex("completed"),
		standardIndex("client_uuid"), standardIndex("engine_uuid"), standardIndex("queue"), standardIndex("label"),
		standardIndex("result_content.status"), unfinished,
	}
}

func standardIndex(path string) *query.Index {
	index, err := query.NewIndex("", bson.Raw(bsoncore.NewDocumentBuilder().AppendInt32(path, 1).Build()))
	if err != nil {
		panic(fmt.Sprintf("taskdb: the standard index on %s: %v", path, err))
	}
	return index
}

// InfoOf describes an index.
func InfoOf(index *query.Index, standard bool) IndexInfo {
	info := IndexInfo{
		Name:     index.Name,
		Keys:     index.KeyPattern(),
		Unique:   index.Unique != query.NotUnique,
		Multikey: index.Multikey,
		Standard: standard,
	}
	if index.Partial != nil {
		info.Partial = index.Partial.Source()
	}
	return info
}

// SameIndex tells whether two indexes have the same name, keys and options.
func SameIndex(a, b *query.Index) bool {
	return a.Name == b.Name && a.Unique == b.Unique && bytes.Equal(a.KeyPattern(), b.KeyPattern()) &&
		bytes.Equal(InfoOf(a, false).Partial, InfoOf(b, false).Partial)
}

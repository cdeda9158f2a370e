package command

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// FindAndModify is a findAndModify command, for taskdb.DB.FindAndModify.
type FindAndModify struct {
	Collection string // without the database
	Operation  taskdb.Operation
	Found      taskdb.Found
}

// ParseFindAndModify reads a findAndModify command.
func ParseFindAndModify(command bson.Raw) (FindAndModify, error) {
	f, collection := readCommand(command, "query", "sort", "fields", "update", "remove", "new", "upsert", "arrayFilters")
	remove, upsert, after, hasUpdate := f.looseFlag("remove"), f.looseFlag("upsert"), f.looseFlag("new"), !isNull(f.values["update"])
	filter, sort := f.document("query"), f.document("sort")
	arrayFilters := anyOf(f.documents("arrayFilters"))
	m := FindAndModify{Collection: collection, Found: taskdb.Found{After: after, Projection: f.document("fields")}}
	switch {
	case !remove && !hasUpdate:
		f.refuse(query.CodeFailedToParse, "update", "Either an update or remove=true must be specified")
	case !remove:
		m.Operation = taskdb.Update{Filter: filter, Sort: sort, Update: f.update("update"), ArrayFilters: arrayFilters, Upsert: upsert}
	case hasUpdate:
		f.refuse(query.CodeFailedToParse, "update", "Cannot specify both an update and remove=true")
	case upsert:
		f.refuse(query.CodeFailedToParse, "upsert", "Cannot specify both upsert=true and remove=true ")
	default:
		m.Operation = taskdb.Delete{Filter: filter, Sort: sort}
	}
	if f.err != nil {
		return FindAndModify{}, f.err
	}
	return m, nil
}

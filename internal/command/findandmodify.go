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
	Hint       bson.RawValue // the index to use, by name or keys, or zero
}

// ParseFindAndModify reads a findAndModify command.
func ParseFindAndModify(c Command) (FindAndModify, error) {
	f := Read(c, "query", "sort", "fields", "update", "remove", "new", "upsert", "arrayFilters",
		"bypassDocumentValidation", "collation", "hint", "let")
	remove, upsert, after := f.LooseFlag("remove"), f.LooseFlag("upsert"), f.LooseFlag("new")
	let := f.Let()
	filter, sort := f.filter("query", let), f.Document("sort")
	arrayFilters := anyOf(f.Documents("arrayFilters"))
	m := FindAndModify{
		Collection: f.Collection(),
		Found:      taskdb.Found{After: after, Projection: let.Projection(f.Document("fields"))},
		Hint:       f.Hint(),
	}
	f.LooseFlag("bypassDocumentValidation")
	f.CheckCollation()
	switch hasUpdate := f.Has("update"); {
	case !remove && !hasUpdate:
		f.Refuse(query.CodeFailedToParse, "update", "Either an update or remove=true must be specified")
	case !remove:
		m.Operation = taskdb.Update{Filter: filter, Sort: sort, Update: f.update("update", let), ArrayFilters: arrayFilters, Upsert: upsert}
	case hasUpdate:
		f.Refuse(query.CodeFailedToParse, "update", "Cannot specify both an update and remove=true")
	case upsert:
		f.Refuse(query.CodeFailedToParse, "upsert", "Cannot specify both upsert=true and remove=true ")
	default:
		m.Operation = taskdb.Delete{Filter: filter, Sort: sort}
	}
	if f.err != nil {
		return FindAndModify{}, f.err
	}
	return m, nil
}

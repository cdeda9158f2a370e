package mongowire

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// checkHint refuses a hint at an index that there is not, or that has not all documents.
// Otherwise the planner decides, since the answer is the same.
func checkHint(ctx context.Context, db *taskdb.DB, hint bson.RawValue) error {
	if hint.IsZero() {
		return nil
	}
	if doc, ok := hint.DocumentOK(); ok {
		if natural, err := doc.LookupErr("$natural"); err == nil {
			return checkNatural(doc, natural)
		}
	}
	found, err := exists(ctx, db)
	if !found || err != nil {
		return err
	}
	indexes, err := db.Indexes(ctx)
	if err != nil {
		return err
	}
	for _, index := range indexes {
		if !isHinted(index, hint) {
			continue
		}
		if index.Partial != nil {
			return &query.Error{Code: query.CodeNotImplemented, Message: "a hint at a partial index is not implemented", Path: "hint"}
		}
		return nil
	}
	return badHint
}

var badHint = &query.Error{
	Code: query.CodeBadValue,
	Message: "error processing query: planner returned error :: caused by :: " +
		"hint provided does not correspond to an existing index",
	Path: "hint",
}

// isHinted tells whether a hint, a name or keys, is at an index.
func isHinted(index taskdb.IndexInfo, hint bson.RawValue) bool {
	if name, ok := hint.StringValueOK(); ok {
		return index.Name == name
	}
	return query.Compare(hint, bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: index.Keys}) == 0
}

// checkNatural checks {$natural: 1}: no index. The other direction would be an order.
func checkNatural(hint bson.Raw, direction bson.RawValue) error {
	n, _ := direction.AsInt64OK()
	elements, _ := hint.Elements()
	switch {
	case len(elements) > 1 || !direction.IsNumber() || n != 1 && n != -1:
		return &query.Error{Code: query.CodeBadValue, Message: "$natural hint may only be set to 1 or -1, and stands alone", Path: "hint"}
	case n == -1:
		return &query.Error{Code: query.CodeNotImplemented, Message: "{$natural: -1} is not implemented", Path: "hint"}
	}
	return nil
}

package taskdb

import (
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// Change is one thing to do to a collection, which was checked: what a Backend is
// asked. Only the fields of its kind count.
type Change struct {
	Kind ChangeKind

	Doc bson.Raw // to insert: valid, with an _id

	// Filter and Sort select what to update or delete: the first document in the
	// order of the sort or, if Many is set, all. They are never nil, and a sort is
	// empty for many.
	Filter *query.Filter
	Sort   *query.Sort
	Many   bool

	Update *query.Update
	Upsert bool // insert Update.Upsert's document if none is selected

	// Return says what Outcome.Doc is to show of the one document: Projection of
	// what it was, or has become.
	Return     Return
	Projection *query.Projection
}

// Needs tells whether an update or a deletion, or what it returns, has to do with a
// document's top-level key.
func (c *Change) Needs(key string) bool {
	return c.Filter.Needs(key) || c.Kind == UpdateDocuments && c.Update.Needs(key) ||
		c.Return != ReturnNothing && c.Projection.Needs(key)
}

// ChangeKind is what a Change does.
type ChangeKind uint8

// The kinds of changes.
const (
	InsertDocument ChangeKind = iota
	UpdateDocuments
	DeleteDocuments
)

// Return says which state of a changed document to return.
type Return uint8

// The states of a changed document. A deleted one has none after.
const (
	ReturnNothing Return = iota
	ReturnBefore
	ReturnAfter
)

// Outcome is what became of a change.
type Outcome struct {
	// Matched counts the documents that were selected and, if the change deletes,
	// removed. An upsert that inserted has selected none.
	Matched int64
	// Modified counts those that an update made different.
	Modified int64
	// UpsertedID is the _id of the document that an upsert inserted, else zero.
	UpsertedID bson.RawValue
	// Doc is the one document, if it was to be returned and there is one.
	Doc bson.Raw
	// Err says why the change failed: a *query.Error, a *DuplicateKeyError,
	// ErrTooLarge, ErrFull or what went wrong with the store. What is to be counted
	// was done nevertheless: one document at a time is changed whole or not at all.
	// A change that an earlier one's error kept from being tried has ErrNotTried.
	Err error
}

// Operation is one of the changes of a bulk: an Insert, an Update or a Delete.
type Operation interface {
	change() (Change, error)
}

// Insert stores a document.
type Insert struct {
	// Doc is the document. Without an _id it gets its msg_id as _id, if that is a
	// string, else a new ObjectID.
	Doc bson.Raw
}

// Update changes documents, or replaces one.
type Update struct {
	// Filter selects the documents to change, written as in a Query; nil selects
	// all.
	Filter any
	// Update is what to change: MongoDB's operators, as {$set: {…}}, or a document
	// to take the place of the one that is selected. It is written as a filter is,
	// or a *query.Update. nil changes nothing.
	Update any
	// ArrayFilters say which elements $[identifier] in the update's paths stands
	// for, each written as a filter is.
	ArrayFilters []any
	// Sort says which document is the first, if one is to be changed: a document of
	// paths and directions.
	Sort any
	// Many changes all documents that are selected, each by itself, and not the
	// first only. Others may be served in between.
	Many bool
	// Upsert inserts a document if none is selected: what the filter asks equality
	// of, changed by the update. Without an _id it gets a new ObjectID.
	Upsert bool
}

// Delete removes documents.
type Delete struct {
	// Filter selects the documents, written as in a Query; nil selects all.
	Filter any
	// Sort says which is the first, if one is to be removed.
	Sort any
	// Many removes all that are selected, and not the first only: once it has
	// begun to, all of them go, though others may be served in between.
	Many bool
}

func (i Insert) change() (Change, error) {
	doc, err := Prepare(i.Doc)
	return Change{Kind: InsertDocument, Doc: doc}, err
}

func (u Update) change() (Change, error) {
	c, err := selecting(UpdateDocuments, u.Filter, u.Sort, u.Many)
	if err != nil {
		return c, err
	}
	if u.Update == nil {
		u.Update = changesNothing
	}
	update, err := query.ParseUpdateValue(u.Update, u.ArrayFilters...)
	if err != nil {
		return c, err
	}
	if u.Many && update.IsReplacement() {
		return c, &query.Error{Code: query.CodeFailedToParse, Message: "multi update is not supported for replacement-style update", Path: "many"}
	}
	c.Update, c.Upsert = update, u.Upsert
	return c, nil
}

// changesNothing is an update of no key.
var changesNothing = bson.D{{Key: "$set", Value: bson.D{}}}

func (d Delete) change() (Change, error) { return selecting(DeleteDocuments, d.Filter, d.Sort, d.Many) }

// selecting returns a change of what a filter and a sort select.
func selecting(kind ChangeKind, filter, sort any, many bool) (c Change, err error) {
	c = Change{Kind: kind, Many: many}
	if c.Filter, err = query.Parse(filter); err != nil {
		return c, err
	}
	if c.Sort, err = query.ParseSortValue(sort); err != nil {
		return c, err
	}
	if many && !c.Sort.Empty() {
		return c, &query.Error{Code: query.CodeFailedToParse, Message: "Cannot specify sort with multi=true", Path: "sort"}
	}
	return c, nil
}

// Found says what FindAndModify returns of the document that it changes.
type Found struct {
	// After returns what the document has become, and not what it was. A deleted
	// document has no after.
	After bool
	// Keys and Projection say what to show of it, as in a Query.
	Keys       []string
	Projection any
}

// returning has a change of one document return it.
func (f Found) returning(c *Change) (err error) {
	switch {
	case c.Kind == InsertDocument || c.Many:
		return &query.Error{Code: query.CodeFailedToParse, Message: "find and modify takes an update or a deletion of one document"}
	case c.Kind == DeleteDocuments && f.After:
		return &query.Error{Code: query.CodeFailedToParse,
			Message: "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document", Path: "after"}
	}
	c.Return = ReturnBefore
	if f.After {
		c.Return = ReturnAfter
	}
	c.Projection, err = Query{Keys: f.Keys, Projection: f.Projection}.projection()
	return err
}

// failed says which kind of operation an error is of.
func (c Change) failed(err error) error {
	kind := [...]string{InsertDocument: "insert", UpdateDocuments: "update", DeleteDocuments: "delete"}[c.Kind]
	return fmt.Errorf("%s: %w", kind, err)
}

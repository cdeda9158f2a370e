package taskdb

import (
	"context"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/query"
)

// Index says what index to create.
type Index struct {
	// Name is what the index is called; "" is MongoDB's name for its keys, as
	// "header.username_1_submitted_-1".
	Name string
	// Keys are the paths and their directions: short, "header.username,-submitted",
	// or as a sort is written.
	Keys any
	// Unique lets no two documents have a key in common; a document without a
	// value has the key null.
	Unique bool
	// Partial is the filter of the documents that the index is to have; nil is
	// all of them. It has at most 4 KiB, and neither $expr nor a regular expression
	// but a glob: these may fail of a document.
	Partial any
}

// definition checks the index.
func (i Index) definition() (*query.Index, error) {
	keys := i.Keys
	if short, ok := keys.(string); ok && !strings.HasPrefix(strings.TrimSpace(short), "{") {
		keys = expandKeys(short)
	}
	sort, err := query.ParseSortValue(keys)
	if err != nil {
		return nil, err
	}
	definition, err := query.NewIndex(i.Name, sort.Source())
	if err != nil {
		return nil, err
	}
	if i.Unique {
		definition.Unique = query.UniqueKeys
	}
	if i.Partial != nil {
		definition.Partial, err = partialFilter(i.Partial)
	}
	return definition, err
}

// maxPartial is how many bytes the filter of an index may have, and how often it may look
// at a document's: each change asks it of its document while others wait, for as long as
// it takes.
const maxPartial = 4 << 10

// partialFilter parses the filter of an index, which has to have an answer for each
// document.
func partialFilter(given any) (*query.Filter, error) {
	filter, err := query.Parse(given)
	if err != nil {
		return nil, err
	}
	wrong := ""
	if operator := filter.Fallible(); operator != "" {
		wrong = "unsupported expression in partial index: " + operator
	} else if size := len(filter.Source()); size > maxPartial {
		wrong = fmt.Sprintf("the filter of a partial index has %d bytes, of %d at most", size, maxPartial)
	} else if filter.Reach() > maxPartial {
		wrong = "the filter of a partial index leads through arrays in too many ways"
	}
	if wrong != "" {
		return nil, &query.Error{Code: query.CodeCannotCreateIndex, Message: wrong, Path: "partial"}
	}
	return filter, nil
}

// expandKeys reads "a,-b" as {"a": 1, "b": -1}.
func expandKeys(short string) bson.D {
	var keys bson.D
	for path := range strings.SplitSeq(short, ",") {
		path = strings.TrimSpace(path)
		if down, ok := strings.CutPrefix(path, "-"); ok {
			keys = append(keys, bson.E{Key: down, Value: -1})
		} else {
			keys = append(keys, bson.E{Key: path, Value: 1})
		}
	}
	return keys
}

// CreateIndex adds an index to the collection, and returns its name when it has
// all documents; others may be written meanwhile. An index that is there already
// is left as it is; one with the same name, or the same keys, and other options
// is ErrIndexConflict. A unique index fails with a *DuplicateKeyError if documents
// have a key in common.
func (db *DB) CreateIndex(ctx context.Context, index Index) (string, error) {
	if err := db.invalid; err != nil {
		return "", fmt.Errorf("create index: %w", err)
	}
	definition, err := index.definition()
	if err != nil {
		return "", fmt.Errorf("create index: %w", err)
	}
	if err := db.backend.CreateIndex(ctx, db.collection, definition); err != nil {
		return "", fmt.Errorf("create index %q: %w", definition.Name, err)
	}
	return definition.Name, nil
}

// Indexes returns the collection's indexes, the standard ones first.
func (db *DB) Indexes(ctx context.Context) ([]IndexInfo, error) {
	if err := db.invalid; err != nil {
		return nil, fmt.Errorf("list indexes: %w", err)
	}
	infos, err := db.backend.Indexes(ctx, db.collection)
	if err != nil {
		return nil, fmt.Errorf("list indexes of %s: %w", db.collection, err)
	}
	return infos, nil
}

// DropIndex removes an index by its name. If there is none the error is
// ErrNotFound; a standard one stays, with ErrIndexConflict.
func (db *DB) DropIndex(ctx context.Context, name string) error {
	if err := db.invalid; err != nil {
		return fmt.Errorf("drop index: %w", err)
	}
	if err := db.backend.DropIndex(ctx, db.collection, name); err != nil {
		return fmt.Errorf("drop index: %w", err)
	}
	return nil
}

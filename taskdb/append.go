package taskdb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
)

// AppendText adds a text at the end of what a task's record has under a key, such
// as "stdout": a string, null or nothing. With anything else there the error is a
// *query.Error. What it costs is in proportion to the text, and not to what is
// there already. A record that would be larger than MaxRecordSize stays as it is,
// with ErrTooLarge. The text must be valid UTF-8.
func (db *DB) AppendText(ctx context.Context, msgID, key, text string) error {
	if !utf8.ValidString(text) {
		return db.appendFailed(key, msgID, &query.Error{Code: query.CodeBadValue, Message: "the text is not valid UTF-8"})
	}
	return db.appendTail(ctx, msgID, key, bson.RawValue{Type: bson.TypeString, Value: bsoncore.AppendString(make([]byte, 0, 4+len(text)+1), text)})
}

// AppendList adds elements at the end of what a task's record has under a key: an
// array, null or nothing. It is otherwise as AppendText.
func (db *DB) AppendList(ctx context.Context, msgID, key string, elements ...any) error {
	wrapped, err := bson.Marshal(bson.D{{Key: "list", Value: append(bson.A{}, elements...)}})
	if err == nil {
		err = query.Validate(wrapped)
	}
	if err != nil {
		return db.appendFailed(key, msgID, err)
	}
	return db.appendTail(ctx, msgID, key, bson.Raw(wrapped).Lookup("list"))
}

func (db *DB) appendTail(ctx context.Context, msgID, key string, tail bson.RawValue) error {
	err := db.invalid
	if err == nil {
		err = checkAppendKey(key)
	}
	if err != nil {
		return db.appendFailed(key, msgID, err)
	}
	err = db.backend.Append(ctx, db.collection, msgID, key, tail)
	if errors.Is(err, ErrNotFound) {
		err = db.absent(ctx, msgID)
	}
	if err != nil {
		return db.appendFailed(key, msgID, err)
	}
	return nil
}

func (db *DB) appendFailed(key, msgID string, err error) error {
	return fmt.Errorf("append to %s of %q: %w", key, msgID, err)
}

// checkAppendKey refuses what is no key of a record that may grow.
func checkAppendKey(key string) error {
	switch {
	case key == "":
		return &query.Error{Code: query.CodeEmptyFieldName, Message: "a key cannot be empty"}
	case key == "_id":
		return &query.Error{Code: query.CodeImmutableField, Message: "an _id cannot grow"}
	case strings.ContainsRune(key, 0):
		return &query.Error{Code: query.CodeBadValue, Message: "a key cannot have a NUL"}
	}
	return nil
}

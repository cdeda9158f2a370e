package taskdb

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/taskdb/taskdb/query"
)

// OpenBuffer opens a buffer of a task to be read in pieces: the n-th, from 0, in
// the array under key, "buffers" or "result_buffers". If the record has none there
// the error is ErrNotFound, and an *ExpiredError if the store's bounds removed the
// record.
func (db *DB) OpenBuffer(ctx context.Context, msgID, key string, n int) (Buffer, error) {
	if err := db.invalid; err != nil {
		return nil, fmt.Errorf("open %s.%d of %q: %w", key, n, msgID, err)
	}
	buffer, err := db.backend.OpenBuffer(ctx, db.collection, msgID, key, n)
	if err != nil {
		return nil, fmt.Errorf("open %s.%d of %q: %w", key, n, msgID, err)
	}
	return buffer, nil
}

// PutBuffer appends a buffer to the array under a key of a task, "buffers" or
// "result_buffers": all that r gives until io.EOF. The record has the whole of it
// or, with an error, nothing. A key that is null or missing becomes an array; with
// an array of other things than buffers, or any other value, the error is
// ErrNoBuffers.
func (db *DB) PutBuffer(ctx context.Context, msgID, key string, r io.Reader) error {
	if err := db.invalid; err != nil {
		return fmt.Errorf("put buffer into %s of %q: %w", key, msgID, err)
	}
	if strings.ContainsRune(key, 0) {
		return fmt.Errorf("put buffer into %q of %q: %w", key, msgID,
			&query.Error{Code: query.CodeBadValue, Message: "a key cannot have a NUL"})
	}
	if err := db.backend.PutBuffer(ctx, db.collection, msgID, key, r); err != nil {
		return fmt.Errorf("put buffer into %s of %q: %w", key, msgID, err)
	}
	return nil
}

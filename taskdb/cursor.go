package taskdb

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Cursor reads an answer in the order of its pages, as it comes, and tells at any
// time with which token it goes on. It is not safe for use by several goroutines.
type Cursor struct {
	db      *DB
	request Request
	place   []byte // of the last document that was yielded
	more    bool   // there is one behind it, or may be
}

// Cursor returns a cursor on the records of an answer that come after a token, or on
// all of it if that is empty. The token is one of Page, or of another cursor.
func (db *DB) Cursor(q Query, token string) (*Cursor, error) {
	request, err := db.paged(q, token)
	if err != nil {
		return nil, fmt.Errorf("cursor: %w", err)
	}
	return &Cursor{db: db, request: request}, nil
}

// Docs yields the documents, as many as the query's limit allows. It ends with the
// first error, and is to be called once.
func (c *Cursor) Docs(ctx context.Context) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		request := c.request
		size := int64(math.MaxInt64)
		if request.Limit > 0 { // one more is read, to know whether it is the last
			size = min(request.Limit, math.MaxInt64-1)
			request.Limit = size + 1
		}
		var place []byte
		request.Note = func(at []byte) { place = at }
		read := int64(0)
		for doc, err := range c.db.backend.Find(ctx, c.db.collection, request) {
			c.more = true
			if err != nil {
				yield(nil, fmt.Errorf("find: %w", err))
				return
			}
			if read == size {
				return
			}
			read++
			c.place = append(c.place[:0], place...)
			if !yield(doc, nil) {
				return
			}
			c.more = false
		}
	}
}

// Next returns the token with which the answer goes on behind the last document that
// was yielded. It is empty if that was the last one, and if there was none.
func (c *Cursor) Next() string {
	if !c.more || c.place == nil {
		return ""
	}
	return c.db.sealToken(bytes.Clone(c.place), c.request)
}

package taskdb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
)

// Page is one page of an answer.
type Page struct {
	Docs []bson.Raw
	// Next is the token with which the next page begins, empty on the last one.
	Next string
}

// Page returns the q.Limit records of an answer that come after a token, or its
// first ones if that is empty. The token is bound to the collection, the filter
// and the sort; with others, or changed, it is ErrToken. Skip leaves out records of
// the first page only. Pages are in the order of the sort,
// then of the _id, so that among records with equal sort keys none is left out or
// comes twice, whatever is written between two pages: a record is where its keys
// are when its page is read.
func (db *DB) Page(ctx context.Context, q Query, token string) (Page, error) {
	request, err := db.paged(q, token)
	if err != nil {
		return Page{}, fmt.Errorf("page: %w", err)
	}
	if request.Limit == 0 {
		return Page{}, fmt.Errorf("page: %w", &query.Error{Code: query.CodeBadValue, Message: "a page needs a limit", Path: "limit"})
	}
	var page Page
	cursor := &Cursor{db: db, request: request}
	for doc, err := range cursor.Docs(ctx) {
		if err != nil {
			return Page{}, fmt.Errorf("page: %w", err)
		}
		page.Docs = append(page.Docs, doc)
	}
	page.Next = cursor.Next()
	return page, nil
}

// paged checks a query, and has it go on behind a token.
func (db *DB) paged(q Query, token string) (Request, error) {
	request, err := db.request(q)
	if err != nil {
		return Request{}, err
	}
	if request.Sort, err = withTieBreak(request.Sort); err != nil {
		return Request{}, err
	}
	if token != "" {
		if request.After, err = db.openToken(token, request); err != nil {
			return Request{}, err
		}
		request.Skip = 0 // the first page did
	}
	return request, nil
}

// withTieBreak appends the _id to a sort that does not have it.
func withTieBreak(sort *query.Sort) (*query.Sort, error) {
	keys := sort.Source()
	if _, err := keys.LookupErr("_id"); err == nil {
		return sort, nil
	}
	start, dst := bsoncore.ReserveLength(nil)
	if len(keys) > 0 {
		dst = append(dst, keys[4:len(keys)-1]...)
	}
	dst = append(bsoncore.AppendInt32Element(dst, "_id", 1), 0)
	return query.ParseSort(bson.Raw(bsoncore.UpdateLength(dst, start, int32(len(dst)))))
}

// sealSize is how many bytes of a token say what it belongs to. The rest is where
// the last record before the page has its place.
const sealSize = 12

// tokenEncoding lets one token be written in one way.
var tokenEncoding = base64.RawURLEncoding.Strict()

// seal ties a place to the collection and the request.
func (db *DB) seal(place []byte, r Request) []byte {
	sum := sha256.New()
	for _, part := range [][]byte{[]byte(db.collection), r.Filter.Source(), r.Sort.Source(), place} {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return sum.Sum(nil)[:sealSize]
}

func (db *DB) sealToken(place []byte, r Request) string {
	return tokenEncoding.EncodeToString(append(db.seal(place, r), place...))
}

// openToken returns the place that a token holds.
func (db *DB) openToken(token string, r Request) ([]byte, error) {
	raw, err := tokenEncoding.DecodeString(token)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrToken, err)
	}
	if len(raw) <= sealSize || !bytes.Equal(raw[:sealSize], db.seal(raw[sealSize:], r)) {
		return nil, ErrToken
	}
	return raw[sealSize:], nil
}

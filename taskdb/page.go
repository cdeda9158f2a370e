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
// and the sort; with others it is ErrToken. Pages are in the order of the sort,
// then of the _id, so that among records with equal sort keys none is left out or
// comes twice, whatever is written between two pages: a record is where its keys
// are when its page is read.
func (db *DB) Page(ctx context.Context, q Query, token string) (Page, error) {
	request, err := q.request()
	if err != nil {
		return Page{}, fmt.Errorf("page: %w", err)
	}
	if request.Limit == 0 {
		return Page{}, fmt.Errorf("page: %w", &query.Error{Code: query.CodeBadValue, Message: "a page needs a limit", Path: "limit"})
	}
	if request.Sort, err = withTieBreak(request.Sort); err != nil {
		return Page{}, fmt.Errorf("page: %w", err)
	}
	bound := db.bindToken(request)
	if request.After, err = openToken(token, bound); err != nil {
		return Page{}, fmt.Errorf("page: %w", err)
	}
	return db.page(ctx, request, bound)
}

// page reads one record more than the page has, to know whether it is the last.
func (db *DB) page(ctx context.Context, request Request, bound []byte) (Page, error) {
	var page Page
	var last, next []byte
	size := int(request.Limit)
	request.Limit++
	request.Note = func(key []byte) { last, next = next, bytes.Clone(key) }
	for doc, err := range db.backend.Find(ctx, db.collection, request) {
		if err != nil {
			return Page{}, fmt.Errorf("page: %w", err)
		}
		if len(page.Docs) == size {
			page.Next = sealToken(bound, last)
			break
		}
		page.Docs = append(page.Docs, doc)
	}
	return page, nil
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

const boundSize = 12

// bindToken returns what a token of the request begins with.
func (db *DB) bindToken(r Request) []byte {
	sum := sha256.New()
	for _, part := range [][]byte{[]byte(db.collection), r.Filter.Source(), r.Sort.Source()} {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return sum.Sum(nil)[:boundSize]
}

func sealToken(bound, key []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(bytes.Clone(bound), key...))
}

// openToken returns the key that a token holds.
func openToken(token string, bound []byte) ([]byte, error) {
	if token == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrToken, err)
	}
	key, ok := bytes.CutPrefix(raw, bound)
	if !ok || len(key) == 0 {
		return nil, ErrToken
	}
	return key, nil
}

package mongo

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"math"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// byMsgID is the filter of the record whose msg_id is a text, which those are not
// that have it in an array: {msg_id: {$eq: …, $not: {$type: "array"}}}. It is in BSON
// already, since to encode it would take the driver a twentieth of a get.
func byMsgID(msgID string) bson.Raw {
	start, filter := bsoncore.AppendDocumentStart(make([]byte, 0, len(msgID)+64))
	condition, filter := bsoncore.AppendDocumentElementStart(filter, "msg_id")
	filter = bsoncore.AppendStringElement(filter, "$eq", msgID)
	not, filter := bsoncore.AppendDocumentElementStart(filter, "$not")
	filter = bsoncore.AppendStringElement(filter, "$type", "array")
	for _, document := range []int32{not, condition, start} {
		filter, _ = bsoncore.AppendDocumentEnd(filter, document)
	}
	return filter
}

// Get is taskdb.Backend's.
func (s *Store) Get(ctx context.Context, name, msgID string) (doc bson.Raw, err error) {
	err = s.call(ctx, func() error {
		if doc, err = s.collection(name).FindOne(ctx, byMsgID(msgID)).Raw(); err != nil {
			return notFound(err)
		}
		doc, err = s.whole(ctx, name, doc)
		return err
	})
	return doc, err
}

// notFound says in taskdb's words that no document was found.
func notFound(err error) error {
	if errors.Is(err, mongo.ErrNoDocuments) {
		return taskdb.ErrNotFound
	}
	return err
}

// Find is taskdb.Backend's.
func (s *Store) Find(ctx context.Context, name string, r taskdb.Request) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		q, err := questionOf(r)
		for more := err == nil; more; {
			more, err = s.ask(ctx, name, q, func(doc bson.Raw) bool { return yield(doc, nil) })
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// ask yields what the server answers, until the consumer has enough. It tells
// whether the question is to be asked again: the server gave as much as it was
// asked for, and not all of that was shown.
func (s *Store) ask(ctx context.Context, name string, q *question, yield func(bson.Raw) bool) (again bool, err error) {
	var cursor *mongo.Cursor
	err = s.call(ctx, func() error {
		cursor, err = s.collection(name).Find(ctx, q.filter, q.options())
		return err
	})
	if err != nil {
		return false, err
	}
	defer s.abandon(ctx, cursor)
	received := int64(0)
	for ; ; received++ {
		doc, err := s.next(ctx, cursor)
		if err != nil {
			return false, err
		}
		if doc == nil {
			break
		}
		doc, err = s.shown(ctx, name, q, doc)
		if err != nil {
			return false, err
		}
		if doc == nil {
			continue
		}
		if !yield(doc) {
			return false, nil
		}
		if q.left--; q.left == 0 {
			return false, nil
		}
	}
	q.skip += received
	return q.limit > 0 && received == q.limit, nil
}

// abandon tells the server that a cursor is no longer needed, if it still has it.
func (s *Store) abandon(ctx context.Context, cursor *mongo.Cursor) {
	if cursor.ID() != 0 && s.enter() == nil {
		defer s.calls.Done()
		// The server forgets it by itself after some time.
		_ = cursor.Close(context.WithoutCancel(ctx))
	}
}

// next returns a copy of a cursor's next document, or nil at the end. Only where the
// server is asked it is a call.
func (s *Store) next(ctx context.Context, cursor *mongo.Cursor) (doc bson.Raw, err error) {
	advance := func() error {
		if cursor.Next(ctx) {
			doc = bytes.Clone(cursor.Current)
			return nil
		}
		return endOfScan(cursor.Err())
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if cursor.RemainingBatchLength() > 0 || cursor.ID() == 0 {
		err = translate(ctx, advance())
	} else {
		err = s.call(ctx, advance)
	}
	return doc, err
}

// endOfScan tells the end of a scan whose collection was dropped from a failure.
func endOfScan(err error) error {
	if hasCode(err, codeQueryPlanKilled) && strings.Contains(err.Error(), "collection dropped") {
		return nil
	}
	return err
}

// shown returns a document as the request wants it, with its buffers in their
// place, or nil if it is not asked for or was removed meanwhile.
func (s *Store) shown(ctx context.Context, name string, q *question, doc bson.Raw) (shown bson.Raw, err error) {
	var at bson.RawArray
	if q.page != nil {
		if at, err = q.page.place(doc); at == nil || err != nil {
			return nil, err
		}
	}
	if hasReferences(doc) {
		err := s.call(ctx, func() (err error) {
			doc, err = s.whole(ctx, name, doc)
			return err
		})
		switch {
		case errors.Is(err, taskdb.ErrNotFound):
			return nil, nil
		case err != nil:
			return nil, err
		}
	}
	if q.page == nil {
		return doc, nil
	}
	return q.page.show(doc, at)
}

// question is a request in the server's terms.
type question struct {
	filter, projection, sort bson.Raw // empty where there is none
	skip, limit              int64
	left                     int64 // how many documents are still to be yielded; 0 or less for all
	page                     *page // nil unless the request is of a page
}

func questionOf(r taskdb.Request) (*question, error) {
	q := &question{
		filter: r.Filter.MongoDB(), projection: r.Projection.Source(), sort: r.Sort.Source(),
		skip: r.Skip, limit: limitOf(r), left: r.Limit,
	}
	if r.Note == nil && len(r.After) == 0 {
		return q, nil
	}
	var err error
	if q.page, err = newPage(r); err != nil {
		return nil, err
	}
	if q.filter, err = q.page.filter(); err != nil {
		return nil, err
	}
	q.projection, err = q.page.projection()
	return q, err
}

// limitOf returns the limit such that with skip it is a number that MongoDB takes.
func limitOf(r taskdb.Request) int64 { return min(r.Limit, math.MaxInt64-r.Skip) }

// emptyDocument is how many bytes a document has that is empty.
const emptyDocument = 5

func (q *question) options() *options.FindOptionsBuilder {
	built := options.Find()
	if q.skip > 0 {
		built.SetSkip(q.skip)
	}
	if q.limit > 0 {
		built.SetLimit(q.limit)
	}
	if len(q.projection) > emptyDocument {
		built.SetProjection(q.projection)
	}
	if len(q.sort) > emptyDocument {
		built.SetSort(q.sort)
	}
	return built
}

// Count is taskdb.Backend's.
func (s *Store) Count(ctx context.Context, name string, r taskdb.Request) (n int64, err error) {
	window := options.Count()
	if r.Skip > 0 {
		window.SetSkip(r.Skip)
	}
	if limit := limitOf(r); limit > 0 {
		window.SetLimit(limit)
	}
	err = s.call(ctx, func() error {
		n, err = s.collection(name).CountDocuments(ctx, r.Filter.MongoDB(), window)
		return err
	})
	return n, err
}

// Distinct is taskdb.Backend's.
func (s *Store) Distinct(ctx context.Context, name string, filter *query.Filter, values *query.Distinct) error {
	return s.call(ctx, func() error {
		found, err := s.collection(name).Distinct(ctx, values.Path(), filter.MongoDB()).Raw()
		if err != nil {
			return err
		}
		list, err := found.Values()
		if err != nil {
			return err
		}
		for _, v := range list {
			if err := s.restoreValue(ctx, name, &v); err != nil {
				return err
			}
			if err := values.AddValue(v); err != nil {
				return err
			}
		}
		return nil
	})
}

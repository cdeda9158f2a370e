package httpapi

import (
	"context"
	"iter"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/taskdb"
)

// maxHistory is how many msg_ids come that are not streamed, and no more than fill a page.
const maxHistory = 100_000

func (s *server) history(ctx context.Context, _ *struct{}) (*huma.StreamResponse, error) {
	if form := requestOf(ctx).form; form != "" {
		return s.raw(func(w http.ResponseWriter, r *http.Request) {
			if err := wait(r.Context()); err != nil {
				s.fail(w, r, err)
				return
			}
			s.send(newLines(w, form, pieceSize), r, s.holding(r.Context(), named(s.ownHistory(r.Context()))), func() string { return "" })
		}), nil
	}
	answer := api.History{MsgIDs: []string{}}
	size := 0
	for msgID, err := range s.ownHistory(ctx) {
		if err == nil {
			size += len(msgID)
			err = holdAnswer(ctx, len(msgID))
		}
		if err != nil {
			return nil, err
		}
		if len(answer.MsgIDs) == maxHistory || size > maxPageBytes {
			answer.More = true
			break
		}
		answer.MsgIDs = append(answer.MsgIDs, msgID)
	}
	return s.raw(func(w http.ResponseWriter, _ *http.Request) { inJSON(w, answer) }), nil
}

// named are msg_ids, in a document each.
func named(msgIDs iter.Seq2[string, error]) iter.Seq2[bson.Raw, error] {
	return func(yield func(bson.Raw, error) bool) {
		for msgID, err := range msgIDs {
			var doc bson.Raw
			if err == nil {
				doc, err = bson.Marshal(bson.D{{Key: "msg_id", Value: msgID}})
			}
			if !yield(doc, err) {
				return
			}
		}
	}
}

// ownHistory is the history of the tasks that the user of a request may see.
func (s *server) ownHistory(ctx context.Context) iter.Seq2[string, error] {
	client, is := bound(ctx)
	if !is {
		return s.db.History(ctx)
	}
	return func(yield func(string, error) bool) {
		for _, submitted := range []any{bson.D{{Key: "$ne", Value: nil}}, nil} {
			q := taskdb.Query{
				Filter: bson.D{{Key: "client_uuid", Value: client}, {Key: "submitted", Value: submitted}},
				Keys:   []string{"msg_id"}, Sort: bson.D{{Key: "submitted", Value: 1}},
			}
			for doc, err := range s.db.FindRaw(ctx, q) {
				msgID, ok := doc.Lookup("msg_id").StringValueOK()
				if (ok || err != nil) && (!yield(msgID, err) || err != nil) {
					return
				}
			}
		}
	}
}

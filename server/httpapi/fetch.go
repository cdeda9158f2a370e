package httpapi

import (
	"context"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/hub"
)

// fetch returns tasks in the order of their msg_ids. Those that the user may not see
// are not there. Where it is to wait it does so without a turn.
func (s *server) fetch(ctx context.Context, msgIDs, keys []string, atMost api.Duration) ([]hub.Fetched, error) {
	length, err := s.waitOf(atMost)
	if err != nil {
		return nil, err
	}
	own, err := s.ownOf(ctx, msgIDs)
	if err != nil {
		return nil, err
	}
	asked := make([]string, 0, len(msgIDs))
	for _, msgID := range msgIDs {
		if own[msgID] {
			asked = append(asked, msgID)
		}
	}
	found, err := s.fetchWaiting(ctx, hub.Fetch{MsgIDs: asked, Keys: keys, Wait: length, Hold: s.wholeAnswer(ctx)})
	if err != nil || len(found) == len(msgIDs) {
		return found, err
	}
	all := make([]hub.Fetched, len(msgIDs))
	for i, msgID := range msgIDs {
		if own[msgID] {
			all[i], found = found[0], found[1:]
		} else {
			all[i] = hub.Fetched{MsgID: msgID, Err: notThere(msgID)}
		}
	}
	return all, nil
}

// fetchWaiting fetches tasks. If the server is about to stop it waits no longer.
func (s *server) fetchWaiting(ctx context.Context, f hub.Fetch) ([]hub.Fetched, error) {
	if f.Wait == 0 {
		return s.hub.Fetch(ctx, f)
	}
	if err := wait(ctx); err != nil {
		return nil, err
	}
	waiting, cancel := stoppable(ctx, s.options.Stop)
	defer cancel()
	found, err := s.hub.Fetch(waiting, f)
	if err != nil && context.Cause(waiting) == errStopping {
		f.Wait = 0
		return s.hub.Fetch(ctx, f)
	}
	return found, err
}

// fetches registers the routes that find tasks by their names.
func (s *server) fetches() {
	register(s, listed[api.FetchAnswer](s, operation("fetch", "POST /v1/tasks/fetch", "Many tasks, and what became of them")), s.fetchMany)
	register(s, operation("chain", "GET /v1/tasks/{msg_id}/chain", "The resubmissions that a task is part of"), s.chain)
	register(s, operation("lookup", "GET /v1/lookup", "The one task whose msg_id begins with a prefix"), s.lookup)
	register(s, listed[api.History](s, operation("history", "GET /v1/history", "The msg_ids of all tasks, by the time at which they were submitted")), s.history)
}

type fetchRequest struct{ Body api.Fetch }

func (r *fetchRequest) waits() api.Duration { return r.Body.Wait }

func (s *server) fetchMany(ctx context.Context, in *fetchRequest) (*huma.StreamResponse, error) {
	found, err := s.fetch(ctx, in.Body.MsgIDs, in.Body.Keys, in.Body.Wait)
	if err != nil {
		return nil, err
	}
	answer := api.FetchAnswer{Tasks: make([]api.TaskView, len(found))}
	for i, one := range found {
		answer.Tasks[i] = viewOf(ctx, one)
	}
	return s.list(ctx, answer, func() []bson.Raw {
		docs := make([]bson.Raw, len(answer.Tasks))
		for i, view := range answer.Tasks {
			docs[i] = viewDocument(view)
		}
		return docs
	}), nil
}

type nameRequest struct {
	MsgID string `path:"msg_id"`
}

func (s *server) chain(ctx context.Context, in *nameRequest) (*body[api.Chain], error) {
	if err := s.mayTouch(ctx, in.MsgID); err != nil {
		return nil, err
	}
	chain, err := s.hub.Chain(ctx, in.MsgID)
	if err != nil {
		return nil, err
	}
	own, err := s.ownOf(ctx, chain)
	return bodyOf(api.Chain{MsgIDs: slices.DeleteFunc(chain, func(msgID string) bool { return !own[msgID] })}), err
}

type prefixRequest struct {
	Prefix string `query:"prefix" required:"true" minLength:"1"`
}

func (s *server) lookup(ctx context.Context, in *prefixRequest) (*body[api.Lookup], error) {
	lookUp := s.hub.Lookup
	if _, is := bound(ctx); is {
		lookUp = s.lookUpOwn
	}
	msgID, err := lookUp(ctx, in.Prefix)
	return bodyOf(api.Lookup{MsgID: msgID}), err
}

// viewOf is a task as it was found, or why it was not.
func viewOf(ctx context.Context, found hub.Fetched) api.TaskView {
	view := api.TaskView{MsgID: found.MsgID, State: string(found.State), Record: api.Document(found.Doc)}
	if found.Err != nil {
		view.Error = &problemOf(found.Err).of(ctx).Problem
	}
	return view
}

// viewDocument is a view as a document, with its record in it as it is.
func viewDocument(view api.TaskView) bson.Raw {
	doc := bsoncore.NewDocumentBuilder().AppendString("msg_id", view.MsgID)
	if view.Error != nil {
		doc.AppendDocument("error", bsoncore.Document(documentOf(view.Error)))
	} else {
		doc.AppendString("state", view.State).AppendDocument("record", bsoncore.Document(view.Record))
	}
	return bson.Raw(doc.Build())
}

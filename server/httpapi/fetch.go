package httpapi

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

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
	if length > 0 {
		if err := wait(ctx); err != nil {
			return nil, err
		}
	}
	found, err := s.hub.Fetch(ctx, hub.Fetch{MsgIDs: asked, Keys: keys, Wait: length})
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

// viewOf is a task as it was found, or why it was not.
func viewOf(ctx context.Context, found hub.Fetched) (api.TaskView, error) {
	view := api.TaskView{MsgID: found.MsgID, State: string(found.State)}
	if found.Err != nil {
		view.Error = &problemOf(found.Err).of(ctx).Problem
		return view, nil
	}
	doc, err := bson.Marshal(found.Record)
	view.Record = api.Document(doc)
	return view, err
}

package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/api"
	"github.com/taskdb/taskdb/hub"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/taskdb"
)

// bound returns the client_uuid that the user of a request is bound to, and whether
// he is.
func bound(ctx context.Context) (client string, is bool) {
	client = userOf(ctx).Client
	return client, client != ""
}

// within returns a filter that selects of what a filter does the records that the
// user of a request may see, in a state if it is not empty.
func within(ctx context.Context, filter api.Expression, state string) (*query.Filter, error) {
	parsed, err := query.Parse(filter.Value())
	if err != nil {
		return nil, err
	}
	var conditions bson.A
	if client, is := bound(ctx); is {
		conditions = append(conditions, bson.D{{Key: "client_uuid", Value: client}})
	}
	if state != "" {
		conditions = append(conditions, taskdb.State(state).Filter().Source())
	}
	if len(conditions) == 0 {
		return parsed, nil
	}
	if !parsed.MatchesAll() {
		conditions = append(conditions, parsed.Source())
	}
	return query.Parse(bson.D{{Key: "$and", Value: conditions}})
}

// ownOf returns those of some tasks that the user of a request may see, as far as
// they exist; all of them if he is not bound.
func (s *server) ownOf(ctx context.Context, msgIDs []string) (map[string]bool, error) {
	client, is := bound(ctx)
	own := make(map[string]bool, len(msgIDs))
	if len(msgIDs) == 0 {
		return own, nil
	}
	if !is {
		for _, msgID := range msgIDs {
			own[msgID] = true
		}
		return own, nil
	}
	q := taskdb.Query{
		Filter: bson.D{{Key: "msg_id", Value: bson.D{{Key: "$in", Value: msgIDs}}}, {Key: "client_uuid", Value: client}},
		Keys:   []string{"msg_id"},
	}
	for doc, err := range s.db.FindRaw(ctx, q) {
		if err != nil {
			return nil, err
		}
		if msgID, ok := doc.Lookup("msg_id").StringValueOK(); ok {
			own[msgID] = true
		}
	}
	return own, nil
}

// mayTouch fails if the user of a request may not see a task, as if it did not
// exist.
func (s *server) mayTouch(ctx context.Context, msgID string) error {
	own, err := s.ownOf(ctx, []string{msgID})
	if err == nil && !own[msgID] {
		err = notThere(msgID)
	}
	return err
}

func notThere(msgID string) error { return fmt.Errorf("task %q: %w", msgID, taskdb.ErrNotFound) }

// unbound fails for a user who is bound to a client, where what he asks for is about
// the tasks of all.
func unbound(ctx context.Context) error {
	if client, is := bound(ctx); is {
		return newProblem(http.StatusForbidden, api.KindForbidden,
			"this is about the tasks of all clients, and %s is bound to the client %s", userOf(ctx).Name, client)
	}
	return nil
}

// lookUpOwn is hub.Lookup among the records that the user of a request may see.
func (s *server) lookUpOwn(ctx context.Context, prefix string) (string, error) {
	filter, err := within(ctx, api.Expression{}, "")
	if err != nil {
		return "", err
	}
	const enough = 3
	var found []string
	q := taskdb.Query{
		Filter: bson.D{{Key: "msg_id", Value: bson.D{{Key: "$gte", Value: prefix}}}, {Key: "$and", Value: bson.A{filter.Source()}}},
		Keys:   []string{"msg_id"}, Sort: bson.D{{Key: "msg_id", Value: 1}}, Limit: enough,
	}
	for doc, err := range s.db.FindRaw(ctx, q) {
		if err != nil {
			return "", err
		}
		if msgID, ok := doc.Lookup("msg_id").StringValueOK(); ok && strings.HasPrefix(msgID, prefix) {
			found = append(found, msgID)
		}
	}
	switch {
	case len(found) == 0:
		return "", notThere(prefix)
	case len(found) == 1 || found[0] == prefix:
		return found[0], nil
	}
	return "", &hub.AmbiguousError{Prefix: prefix, MsgIDs: found}
}

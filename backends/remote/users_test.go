package remote_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/client"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/server/access"
	"github.com/taskdb/taskdb/server/httpapi"
	"github.com/taskdb/taskdb/taskdb"
)

// users are users by their tokens.
type users map[string]access.User

func (u users) Bearer(token string) (access.User, error) {
	user, ok := u[token]
	if !ok {
		return access.User{}, access.ErrUnknown
	}
	return user, nil
}

func (u users) Anonymous() (access.User, error) { return access.User{}, access.ErrUnknown }

// openAs opens the store of a hub as the user of a token.
func openAs(t *testing.T, hubURL, token string) *taskdb.DB {
	t.Setenv("TASKDB_TOKEN", token)
	db, err := taskdb.Open(t.Context(), hubURL)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func serveUsers(t *testing.T) (hubURL string, store *taskdb.DB) {
	store, err := taskdb.Open(t.Context(), "dict:")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, store.Add(t.Context(),
		&taskdb.TaskRecord{MsgID: "mine", ClientUUID: "me", Label: "a", Buffers: [][]byte{{1}}},
		&taskdb.TaskRecord{MsgID: "other", ClientUUID: "you", Label: "b", Buffers: [][]byte{{2}}}))
	url := serveStore(t, store, httpapi.Options{Users: users{
		"operator": {Name: "operator", Role: access.Operate},
		"writer":   {Name: "writer", Role: access.Write},
		"reader":   {Name: "reader", Role: access.Read},
		"mine":     {Name: "mine", Role: access.Operate, Client: "me"},
	}})
	return url, store
}

// TestRoles holds that to read takes the role read, and to write operate.
func TestRoles(t *testing.T) {
	url, _ := serveUsers(t)
	for token, mayWrite := range map[string]bool{"operator": true, "writer": false, "reader": false} {
		db := openAs(t, url, token)
		n, err := db.Count(t.Context(), taskdb.Query{})
		require.NoError(t, err)
		require.Positive(t, n)
		for name, write := range map[string]func() error{
			"add":    func() error { return db.Add(t.Context(), &taskdb.TaskRecord{MsgID: "by " + token}) },
			"update": func() error { return db.UpdateRecord(t.Context(), "mine", `{$set: {label: "c"}}`) },
			"drop":   func() error { return db.In("other.things").DropCollection(t.Context()) },
			"index":  func() error { _, err := db.CreateIndex(t.Context(), taskdb.Index{Keys: "label"}); return err },
		} {
			if mayWrite {
				require.NoError(t, write(), "%s: %s", token, name)
			} else {
				require.ErrorIs(t, write(), client.ErrForbidden, "%s: %s", token, name)
			}
		}
	}
	_, err := openAs(t, url, "nobody").Count(t.Context(), taskdb.Query{})
	require.ErrorIs(t, err, client.ErrUnauthorized)
}

// TestBoundUser holds that a user who is bound to a client sees the records of that,
// and nothing else.
func TestBoundUser(t *testing.T) {
	url, _ := serveUsers(t)
	db := openAs(t, url, "mine")
	ctx := t.Context()
	var found []string
	for record, err := range db.Find(ctx, taskdb.Query{Filter: `{$or: [{}, {client_uuid: "you"}]}`}) {
		require.NoError(t, err)
		found = append(found, record.MsgID)
	}
	require.Equal(t, []string{"mine"}, found)
	n, err := db.Count(ctx, taskdb.Query{Filter: `{client_uuid: {$ne: "me"}}`})
	require.NoError(t, err)
	require.Zero(t, n)
	labels, err := db.Distinct(ctx, "label", nil)
	require.NoError(t, err)
	require.Len(t, labels, 1)
	for id, err := range db.History(ctx) {
		require.NoError(t, err)
		require.Equal(t, "mine", id)
	}
	page, err := db.Page(ctx, taskdb.Query{Limit: 1}, "")
	require.NoError(t, err)
	require.Empty(t, page.Next)

	_, err = db.Get(ctx, "mine")
	require.NoError(t, err)
	_, err = db.Get(ctx, "other")
	require.ErrorIs(t, err, taskdb.ErrNotFound)
	_, err = db.OpenBuffer(ctx, "mine", "buffers", 0)
	require.NoError(t, err)
	_, err = db.OpenBuffer(ctx, "other", "buffers", 0)
	require.ErrorIs(t, err, taskdb.ErrNotFound)

	names, err := db.Collections(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{taskdb.DefaultCollection}, names)
	for name, call := range map[string]func() error{
		"another collection": func() error { _, err := db.In("other.things").Count(ctx, taskdb.Query{}); return err },
		"stats":              func() error { _, err := db.Stats(ctx); return err },
		"an explanation":     func() error { _, err := db.Explain(ctx, taskdb.Query{}); return err },
		"indexes":            func() error { _, err := db.Indexes(ctx); return err },
		"a change":           func() error { _, err := db.Update(ctx, taskdb.Update{Update: `{$set: {a: 1}}`}); return err },
		"an added record":    func() error { return db.AddRaw(ctx, bson.Raw{5, 0, 0, 0, 0}) },
	} {
		require.ErrorIs(t, call(), client.ErrForbidden, name)
	}
}

// TestBrokenRequests holds that the routes of collections refuse what a client of
// taskdb does not send.
func TestBrokenRequests(t *testing.T) {
	url, store := serveUsers(t)
	c, err := client.New(url, client.Options{Token: "operator", Attempts: 1})
	require.NoError(t, err)
	post := func(what, body string) error {
		_, err := c.Do(t.Context(), client.Call{
			Method: "POST", Path: []string{"v1", "collections", taskdb.DefaultCollection, what},
			Header: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(body),
		})
		return err
	}
	for what, body := range map[string]string{
		"find": `{"filter": {"a": {"$foo": 1}}}`, "count": `{"skip": -1}`, "add": `{"_id": [1]}`, "indexes": `{}`,
		"write": `{"kind": "update", "update": {"$foo": 1}}`, "append": `{"tail": 5}`, "distinct": `[`, "explain": `{} {}`,
	} {
		var refused *client.Error
		require.ErrorAs(t, post(what, body), &refused, what)
		require.Less(t, refused.Status, 500, "%s: %v", what, refused)
		require.GreaterOrEqual(t, refused.Status, 400, what)
	}
	var wrong *query.Error
	require.ErrorAs(t, post("find", `{"filter": {"a": {"$foo": 1}}}`), &wrong)
	require.Equal(t, "a.$foo", wrong.Path)
	n, err := store.Count(t.Context(), taskdb.Query{})
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
}

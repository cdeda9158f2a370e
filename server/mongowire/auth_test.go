package mongowire_test

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/taskdb/taskdb/server/access"
	"github.com/taskdb/taskdb/server/mongowire"
)

const unauthorized, authenticationFailed = 13, 18

// withUsers starts a server for users, and returns their secrets too.
func withUsers(t *testing.T, o mongowire.Options, list ...access.User) (s served, users *access.Users, secrets map[string]string) {
	users, err := access.Open(filepath.Join(t.TempDir(), "users"), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	secrets = map[string]string{}
	for _, user := range list {
		secrets[user.Name], err = users.Add(t.Context(), user)
		require.NoError(t, err)
	}
	o.Users = users
	return serve(t, openStore(t, "dict"), o), users, secrets
}

// as returns a client of a user.
func (s served) as(t *testing.T, name, secret string) *mongo.Client {
	return s.connect(t, func(o *options.ClientOptions) {
		o.SetAuth(options.Credential{Username: name, Password: secret}).SetServerSelectionTimeout(3 * time.Second)
	})
}

func TestUsersSayWhoTheyAre(t *testing.T) {
	s, users, secrets := withUsers(t, mongowire.Options{}, access.User{Name: "op", Role: access.Operate})
	op := s.as(t, "op", secrets["op"])
	_, err := op.Database("a").Collection("b").InsertOne(t.Context(), bson.D{{Key: "_id", Value: 1}})
	require.NoError(t, err)
	var status bson.M
	require.NoError(t, op.Database("admin").RunCommand(t.Context(), bson.D{{Key: "connectionStatus", Value: 1}}).Decode(&status))
	require.Contains(t, bsonText(t, status), `"op"`)

	for name, secret := range map[string]string{"op": "wrong", "nobody": secrets["op"]} {
		err := s.as(t, name, secret).Ping(t.Context(), nil)
		require.ErrorContains(t, err, "Authentication failed", "%s", name)
	}

	require.NoError(t, users.Remove(t.Context(), "op"))
	_, err = op.Database("a").Collection("b").CountDocuments(t.Context(), bson.D{})
	require.Equal(t, unauthorized, codeOf(err), "who is removed may ask no longer, on an open connection too: %v", err)
	_, err = users.Add(t.Context(), access.User{Name: "op", Role: access.Operate})
	require.NoError(t, err)
	_, err = op.Database("a").Collection("b").CountDocuments(t.Context(), bson.D{})
	require.Equal(t, unauthorized, codeOf(err), "nor one of the same name by a secret that is no longer his: %v", err)
}

func bsonText(t *testing.T, v any) string {
	text, err := bson.MarshalExtJSON(v, false, false)
	require.NoError(t, err)
	return string(text)
}

func TestWithoutSayingWhoOneIsLittleIsAnswered(t *testing.T) {
	s, _, _ := withUsers(t, mongowire.Options{}, access.User{Name: "op", Role: access.Operate})
	p := s.dial(t)
	for _, command := range []string{`{hello: 1, $db: "admin"}`, ping, `{buildInfo: 1, $db: "admin"}`, `{connectionStatus: 1, $db: "admin"}`} {
		require.EqualValues(t, 1, p.ask(command).Lookup("ok").Double(), command)
	}
	for _, command := range []string{`{find: "b", $db: "a"}`, `{insert: "b", $db: "a", documents: [{}]}`, `{listDatabases: 1, $db: "admin"}`,
		`{serverStatus: 1, $db: "admin"}`, `{getMore: NumberLong(1), collection: "b", $db: "a"}`, `{dropDatabase: 1, $db: "a"}`} {
		require.EqualValues(t, unauthorized, p.ask(command).Lookup("code").Int32(), command)
	}
	require.EqualValues(t, 59, p.ask(`{frobnicate: 1, $db: "a"}`).Lookup("code").Int32())
	p.send(with(msg(t, 0, single(t, ping)), 0, 65<<10))
	p.isClosed()
}

func TestRolesBoundWhatOneMay(t *testing.T) {
	s, _, secrets := withUsers(t, mongowire.Options{}, access.User{Name: "reader", Role: access.Read}, access.User{Name: "writer", Role: access.Write},
		access.User{Name: "op", Role: access.Operate})
	in := func(name string) *mongo.Collection { return s.as(t, name, secrets[name]).Database("a").Collection("b") }
	for _, name := range []string{"reader", "writer"} {
		_, err := in(name).CountDocuments(t.Context(), bson.D{})
		require.NotEqual(t, unauthorized, codeOf(err))
		_, err = in(name).InsertOne(t.Context(), bson.D{})
		require.Equal(t, unauthorized, codeOf(err), "%s: writing here passes the hub's rules by", name)
		require.Equal(t, unauthorized, codeOf(in(name).Drop(t.Context())))
	}
	_, err := in("op").InsertOne(t.Context(), bson.D{})
	require.NoError(t, err)
}

func TestAUserOfAClientSeesItsRecordsOnly(t *testing.T) {
	s, _, secrets := withUsers(t, mongowire.Options{}, access.User{Name: "ada", Role: access.Operate, Client: "ada-1"}, access.User{Name: "op", Role: access.Operate})
	const database, collection = "ipython-tasks", "task_records"
	_, err := s.as(t, "op", secrets["op"]).Database(database).Collection(collection).InsertMany(t.Context(), []any{
		bson.D{{Key: "msg_id", Value: "1"}, {Key: "client_uuid", Value: "ada-1"}},
		bson.D{{Key: "msg_id", Value: "2"}, {Key: "client_uuid", Value: "bob-1"}},
		bson.D{{Key: "msg_id", Value: "3"}},
	})
	require.NoError(t, err)
	for _, other := range []string{database, "bobs"} {
		_, err = s.as(t, "op", secrets["op"]).Database(other).Collection("other").InsertOne(t.Context(), bson.D{{Key: "client_uuid", Value: "ada-1"}})
		require.NoError(t, err)
	}
	ada := s.as(t, "ada", secrets["ada"]).Database(database)
	c := ada.Collection(collection)

	all := bson.D{{Key: "$or", Value: bson.A{bson.D{}, bson.D{{Key: "client_uuid", Value: "bob-1"}}}}}
	var found []bson.M
	cursor, err := c.Find(t.Context(), all)
	require.NoError(t, err)
	require.NoError(t, cursor.All(t.Context(), &found))
	require.Len(t, found, 1)
	require.Equal(t, "1", found[0]["msg_id"])

	n, err := c.EstimatedDocumentCount(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	var ids []string
	require.NoError(t, c.Distinct(t.Context(), "msg_id", all).Decode(&ids))
	require.Equal(t, []string{"1"}, ids)

	counted, err := c.CountDocuments(t.Context(), all) // by aggregate
	require.NoError(t, err)
	require.EqualValues(t, 1, counted)

	_, err = c.UpdateOne(t.Context(), bson.D{}, bson.D{{Key: "$set", Value: bson.D{{Key: "x", Value: 1}}}})
	require.Equal(t, unauthorized, codeOf(err))
	find := bson.D{{Key: "find", Value: collection}}
	for name, command := range map[string]bson.D{
		"figures":             {{Key: "collStats", Value: collection}},
		"figures by a stage":  {{Key: "aggregate", Value: collection}, {Key: "pipeline", Value: bson.A{bson.D{{Key: "$collStats", Value: bson.D{{Key: "count", Value: bson.D{}}}}}}}, {Key: "cursor", Value: bson.D{}}},
		"what was looked at":  {{Key: "explain", Value: find}},
		"that of a pipeline":  {{Key: "aggregate", Value: collection}, {Key: "pipeline", Value: bson.A{}}, {Key: "explain", Value: true}},
		"another collection":  {{Key: "find", Value: "other"}},
		"indexes of another":  {{Key: "listIndexes", Value: "other"}},
		"figures of them all": {{Key: "dbStats", Value: 1}},
	} {
		require.Equal(t, unauthorized, codeOf(ada.RunCommand(t.Context(), command).Err()), name)
	}
	collections, err := ada.ListCollectionNames(t.Context(), bson.D{})
	require.NoError(t, err)
	require.Equal(t, []string{collection}, collections)
	databases, err := ada.Client().ListDatabaseNames(t.Context(), bson.D{})
	require.NoError(t, err)
	require.Equal(t, []string{database}, databases)
}

func TestACursorIsItsUsersOwn(t *testing.T) {
	s, _, secrets := withUsers(t, mongowire.Options{}, access.User{Name: "a", Role: access.Operate}, access.User{Name: "b", Role: access.Operate})
	a, b := s.as(t, "a", secrets["a"]).Database("x"), s.as(t, "b", secrets["b"]).Database("x")
	_, err := a.Collection("c").InsertMany(t.Context(), []any{bson.D{}, bson.D{}, bson.D{}})
	require.NoError(t, err)
	reply, err := a.RunCommand(t.Context(), bson.D{{Key: "find", Value: "c"}, {Key: "batchSize", Value: 1}}).Raw()
	require.NoError(t, err)
	more := bson.D{{Key: "getMore", Value: reply.Lookup("cursor", "id")}, {Key: "collection", Value: "c"}}
	require.Equal(t, unauthorized, codeOf(b.RunCommand(t.Context(), more).Err()))
	require.NoError(t, a.RunCommand(t.Context(), more).Err())
}

func TestWithoutUsersItListensOnALoopbackAddressOnly(t *testing.T) {
	any, err := net.Listen("tcp", "0.0.0.0:0")
	require.NoError(t, err)
	err = mongowire.New(openStore(t, "dict"), mongowire.Options{}).Serve(t.Context(), any)
	require.ErrorIs(t, err, mongowire.ErrOpen)

	any, err = net.Listen("tcp", "0.0.0.0:0")
	require.NoError(t, err)
	ended, end := context.WithCancel(t.Context())
	end()
	require.NoError(t, mongowire.New(openStore(t, "dict"), mongowire.Options{Insecure: true}).Serve(ended, any))
}

func TestConnectionsMayBeEncrypted(t *testing.T) {
	certificate, pool := selfSigned(t)
	s, _, secrets := withUsers(t, mongowire.Options{TLS: &tls.Config{Certificates: []tls.Certificate{certificate}}}, access.User{Name: "op", Role: access.Operate})
	client := s.connect(t, func(o *options.ClientOptions) {
		o.SetTLSConfig(&tls.Config{RootCAs: pool, ServerName: "taskdb.test"}).SetAuth(options.Credential{Username: "op", Password: secrets["op"]})
	})
	documentsComeBack(t, client.Database("a").Collection("b"))
	p := s.dial(t)
	p.send(msg(t, 0, single(t, ping)))
	p.isRefused()
}

package mongowire_test

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"

	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/server/mongowire"
	"github.com/taskdb/taskdb/taskdb"
)

// Whatever comes, it is a message or refused, and what is taken of it lies within.
func FuzzFrame(f *testing.F) {
	f.Add(msg(f, 0, single(f, ping)))
	f.Add(msg(f, wiremessage.ChecksumPresent, single(f, ping), list(f, "documents", `{a: 1}`, `{}`)))
	f.Add(msg(f, 0, single(f, ping), []byte{9}))
	f.Add(legacy(f, `{isMaster: 1}`))
	for id := range wiremessage.CompressorID(4) {
		f.Add(compressed(id, 10, []byte("0123456789")))
	}
	const most = 1 << 16
	f.Fuzz(func(t *testing.T, message []byte) {
		body, lists, err := mongowire.ParseFrame(message, most)
		if err != nil {
			require.Empty(t, body)
			return
		}
		require.LessOrEqual(t, len(body), most)
		for _, docs := range lists {
			for _, doc := range docs {
				require.LessOrEqual(t, len(doc), most)
			}
		}
	})
}

// Whatever a command says, it has one reply, which says whether it was carried out.
func FuzzCommand(f *testing.F) {
	for _, command := range []string{
		ping, `{hello: 1, speculativeAuthenticate: {saslStart: 1, mechanism: "SCRAM-SHA-256", payload: BinData(0, "biwsbj1hLHI9Yg==")}}`,
		`{find: "b", $db: "a", filter: {a: {$gt: 1}}, sort: {a: 1}, projection: {a: 1}, limit: 1, batchSize: 0, hint: "_id_", let: {x: 1}}`,
		`{insert: "b", $db: "a", documents: [{a: 1}], ordered: false, writeConcern: {w: 1}}`,
		`{update: "b", $db: "a", updates: [{q: {a: 1}, u: {$inc: {a: 1}}, upsert: true, arrayFilters: [{x: 1}]}]}`,
		`{update: "b", $db: "a", updates: [{q: {}, u: [{$set: {b: "$$c"}}], c: {c: 1}, multi: true}]}`,
		`{delete: "b", $db: "a", deletes: [{q: {}, limit: 1, collation: {locale: "simple"}}]}`,
		`{findAndModify: "b", $db: "a", query: {}, update: {$set: {a: 2}}, new: true, fields: {a: 1}}`,
		`{aggregate: "b", $db: "a", pipeline: [{$match: {a: 1}}, {$group: {_id: "$a", n: {$sum: 1}}}], cursor: {batchSize: 1}}`,
		`{count: "b", $db: "a", query: {}, limit: 1}`, `{distinct: "b", $db: "a", key: "a", readConcern: {level: "local"}}`,
		`{explain: {find: "b", filter: {}}, $db: "a", verbosity: "queryPlanner"}`,
		`{getMore: NumberLong(5), collection: "b", $db: "a"}`, `{killCursors: "b", cursors: [NumberLong(5)], $db: "a"}`,
		`{createIndexes: "b", indexes: [{key: {a: 1}, name: "a", unique: true, partialFilterExpression: {a: 1}}], $db: "a"}`,
		`{dropIndexes: "b", index: ["a"], $db: "a"}`, `{listIndexes: "b", $db: "a"}`, `{listCollections: 1, filter: {name: /b/}, $db: "a"}`,
		`{listDatabases: 1, $db: "admin", nameOnly: true}`, `{create: "c", $db: "a"}`, `{drop: "c", $db: "a"}`, `{collStats: "b", $db: "a", scale: 2}`,
		`{saslStart: 1, mechanism: "PLAIN", payload: BinData(0, "")}`, `{saslContinue: 1, payload: BinData(0, "")}`, `{dbStats: 1, $db: "a"}`,
	} {
		f.Add([]byte(document(f, command)))
	}
	f.Fuzz(func(t *testing.T, command []byte) {
		db, err := taskdb.Open(t.Context(), "dict:")
		require.NoError(t, err)
		defer func() { require.NoError(t, db.Close()) }()
		panics := new(panicked)
		server := mongowire.New(db, mongowire.Options{Log: slog.New(panics)})
		reply, err := server.Answer(t.Context(), command)
		require.NoError(t, err)
		require.NoError(t, query.Validate(reply))
		ok := reply.Lookup("ok").Double()
		require.True(t, ok == 1 || ok == 0 && !reply.Lookup("code").IsZero() && reply.Lookup("codeName").StringValue() != "", "%s: %s", bson.Raw(command), reply)
		require.Empty(t, panics.said)
	})
}

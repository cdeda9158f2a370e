package mongowire_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	_ "github.com/taskdb/taskdb/backends/dict"
	"github.com/taskdb/taskdb/server/mongowire"
	"github.com/taskdb/taskdb/taskdb"
)

// What one command costs the server, without a socket.
func BenchmarkCommand(b *testing.B) {
	db, err := taskdb.Open(b.Context(), "dict:")
	require.NoError(b, err)
	defer func() { require.NoError(b, db.Close()) }()
	server := mongowire.New(db, mongowire.Options{})
	_, other := net.Pipe()
	defer other.Close()
	for i := range 10_000 {
		require.NoError(b, db.In("a.b").AddRaw(b.Context(), encode(b, bson.D{{Key: "_id", Value: i}, {Key: "x", Value: i}})))
	}
	for name, command := range map[string]string{
		"ping":       ping,
		"find by id": `{find: "b", $db: "a", filter: {_id: 5000}, limit: 1, singleBatch: true}`,
		"find 101":   `{find: "b", $db: "a", filter: {}}`,
		"update":     `{update: "b", $db: "a", updates: [{q: {_id: 5000}, u: {$inc: {x: 1}}}]}`,
	} {
		b.Run(name, func(b *testing.B) {
			doc := document(b, command)
			b.ReportAllocs()
			for b.Loop() {
				reply, err := server.Answer(b.Context(), doc)
				require.NoError(b, err)
				require.EqualValues(b, 1, reply.Lookup("ok").Double())
			}
		})
	}
}

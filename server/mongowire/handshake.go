package mongowire

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"

	"github.com/taskdb/taskdb/internal/command"
)

// What drivers are told of the protocol: that of MongoDB 7, which has all that is
// answered here. (With 8's they would send the command bulkWrite.)
const (
	minWireVersion = 0
	maxWireVersion = 21
)

// hello carries out the commands hello and isMaster. A standalone server is told of:
// drivers then send no transaction numbers. topologyVersion is left out, since drivers
// that see it wait in hello for changes that there are not.
func hello(_ context.Context, r *request) (bson.D, error) {
	f := command.ReadGeneric(r.command)
	primary := "isWritablePrimary"
	if r.command.Name() != "hello" {
		primary = "ismaster"
	}
	reply := bson.D{
		{Key: "helloOk", Value: true},
		{Key: primary, Value: true},
		{Key: "maxBsonObjectSize", Value: int32(r.server.options.MaxDocumentSize)},
		{Key: "maxMessageSizeBytes", Value: int32(r.server.options.MaxMessageSize)},
		{Key: "maxWriteBatchSize", Value: int32(command.MaxStatements)},
		{Key: "localTime", Value: time.Now()},
		{Key: "logicalSessionTimeoutMinutes", Value: int32(sessionMinutes)},
		{Key: "connectionId", Value: int32(r.conn.id)},
		{Key: "minWireVersion", Value: int32(minWireVersion)},
		{Key: "maxWireVersion", Value: int32(maxWireVersion)},
		{Key: "readOnly", Value: false},
	}
	reply = append(reply, understood(f)...)
	if f.Has("saslSupportedMechs") && r.server.mustSay() {
		reply = append(reply, bson.E{Key: "saslSupportedMechs", Value: bson.A{mechanism}})
	}
	if f.Has("speculativeAuthenticate") {
		reply = append(reply, speculate(r, f.Document("speculativeAuthenticate"))...)
	}
	return reply, f.Err()
}

// sessionMinutes is how long a session is said to live. There is nothing in one.
const sessionMinutes = 30

// understood answers a client's list of compressors with those that the server has too.
func understood(f *command.Fields) bson.D {
	both := bson.A{}
	for _, v := range f.Array("compression") {
		if name, _ := v.StringValueOK(); compressors[name] != wiremessage.CompressorNoOp {
			both = append(both, name)
		}
	}
	if len(both) == 0 {
		return nil
	}
	return bson.D{{Key: "compression", Value: both}}
}

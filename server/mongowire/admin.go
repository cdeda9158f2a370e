package mongowire

import (
	"context"
	"os"
	"runtime"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/command"
	"github.com/taskdb/taskdb/query"
)

// version is the version of MongoDB whose protocol is spoken.
const version = "7.0.0"

// nothing carries out commands that have nothing to do here.
func nothing(context.Context, *request) (bson.D, error) { return nil, nil }

// startSession carries out the command of this name. There is nothing in a session.
func startSession(context.Context, *request) (bson.D, error) {
	id := bson.NewObjectID()
	return bson.D{
		{Key: "id", Value: bson.D{{Key: "id", Value: bson.Binary{Subtype: bson.TypeBinaryUUID, Data: append(id[:], id[:4]...)}}}},
		{Key: "timeoutMinutes", Value: int32(sessionMinutes)},
	}, nil
}

// whatsMyURI carries out the command whatsmyuri.
func whatsMyURI(_ context.Context, r *request) (bson.D, error) {
	return bson.D{{Key: "you", Value: r.conn.socket.RemoteAddr().String()}}, nil
}

// buildInfo carries out the command of this name.
func buildInfo(_ context.Context, r *request) (bson.D, error) {
	return bson.D{
		{Key: "version", Value: version},
		{Key: "versionArray", Value: bson.A{int32(7), int32(0), int32(0), int32(0)}},
		{Key: "gitVersion", Value: "taskdb"},
		{Key: "modules", Value: bson.A{"taskdb"}},
		{Key: "bits", Value: int32(64)},
		{Key: "debug", Value: false},
		{Key: "javascriptEngine", Value: "none"},
		{Key: "maxBsonObjectSize", Value: int32(r.server.options.MaxDocumentSize)},
		{Key: "storageEngines", Value: bson.A{"taskdb"}},
	}, nil
}

// listCommands carries out the command of this name.
func listCommands(context.Context, *request) (bson.D, error) {
	list := bson.D{}
	for _, name := range commandNames() {
		list = append(list, bson.E{Key: name, Value: bson.D{{Key: "requiresAuth", Value: verbs[name].role != public}}})
	}
	return bson.D{{Key: "commands", Value: list}}, nil
}

// hostInfo carries out the command of this name.
func hostInfo(context.Context, *request) (bson.D, error) {
	name, _ := os.Hostname() // empty if it is not known
	return bson.D{
		{Key: "system", Value: bson.D{
			{Key: "currentTime", Value: time.Now()}, {Key: "hostname", Value: name},
			{Key: "numCores", Value: int32(runtime.NumCPU())}, {Key: "cpuArch", Value: runtime.GOARCH},
		}},
		{Key: "os", Value: bson.D{{Key: "type", Value: runtime.GOOS}}},
		{Key: "extra", Value: bson.D{}},
	}, nil
}

// serverStatus carries out the command of this name.
func serverStatus(_ context.Context, r *request) (bson.D, error) {
	name, _ := os.Hostname()
	uptime := r.server.uptime()
	connections := r.server.Connections()
	return bson.D{
		{Key: "host", Value: name},
		{Key: "version", Value: version},
		{Key: "process", Value: "taskdb"},
		{Key: "pid", Value: int64(os.Getpid())},
		{Key: "uptime", Value: uptime.Seconds()},
		{Key: "uptimeMillis", Value: uptime.Milliseconds()},
		{Key: "localTime", Value: time.Now()},
		{Key: "connections", Value: bson.D{
			{Key: "current", Value: int32(connections)}, {Key: "available", Value: int32(r.server.options.MaxConnections - connections)},
		}},
		{Key: "metrics", Value: bson.D{{Key: "cursor", Value: bson.D{{Key: "open", Value: bson.D{{Key: "total", Value: int64(r.server.Cursors())}}}}}}},
		{Key: "storageEngine", Value: bson.D{{Key: "name", Value: "taskdb"}}},
	}, nil
}

// getParameter carries out the command of this name. The only parameter is the version
// whose features are there.
func getParameter(_ context.Context, r *request) (bson.D, error) {
	if err := r.onlyAdmin(); err != nil {
		return nil, err
	}
	f := command.ReadGeneric(r.command)
	all, _ := f.Value("getParameter").StringValueOK()
	if all != "*" && !f.Has("featureCompatibilityVersion") {
		return nil, &query.Error{Code: codeInvalidOptions, Message: "no option found to get"}
	}
	return bson.D{{Key: "featureCompatibilityVersion", Value: bson.D{{Key: "version", Value: "7.0"}}}}, nil
}

// getLog carries out the command of this name: what is logged goes elsewhere.
func getLog(_ context.Context, r *request) (bson.D, error) {
	f := command.ReadGeneric(r.command)
	if all, _ := f.Value("getLog").StringValueOK(); all == "*" {
		return bson.D{{Key: "names", Value: bson.A{"global", "startupWarnings"}}}, nil
	}
	return bson.D{{Key: "totalLinesWritten", Value: int32(0)}, {Key: "log", Value: bson.A{}}}, nil
}

// getCmdLineOpts carries out the command of this name: what the command line says is
// nobody's concern.
func getCmdLineOpts(context.Context, *request) (bson.D, error) {
	return bson.D{{Key: "argv", Value: bson.A{"taskdb"}}, {Key: "parsed", Value: bson.D{}}}, nil
}

package mongowire

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/command"
	"github.com/taskdb/taskdb/query"
	"github.com/taskdb/taskdb/server/access"
	"github.com/taskdb/taskdb/taskdb"
)

// verb is a command that the server knows.
type verb struct {
	role access.Role // what it takes; 0 is nothing
	// writes tells that it may have a write concern, and is not interrupted if its
	// client goes away.
	writes bool
	// whole tells that it is about more than one client's records.
	whole bool
	// large tells that its reply may have as many bytes as a batch, or as a document.
	large bool
	run   func(ctx context.Context, r *request) (bson.D, error)
}

// public is the role of what anybody may do, before it has said who it is.
const public access.Role = 0

// verbs are the commands by their names. They are set by init, since some tell of all.
var verbs map[string]verb

func init() {
	verbs = map[string]verb{
		"hello":            {run: hello},
		"isMaster":         {run: hello},
		"ismaster":         {run: hello},
		"ping":             {run: nothing},
		"endSessions":      {run: nothing},
		"refreshSessions":  {run: nothing},
		"startSession":     {run: startSession},
		"saslStart":        {run: saslStart},
		"saslContinue":     {run: saslContinue},
		"logout":           {run: logout},
		"connectionStatus": {run: connectionStatus},
		"whatsmyuri":       {run: whatsMyURI},
		"buildInfo":        {run: buildInfo},
		"buildinfo":        {run: buildInfo},
		"listCommands":     {run: listCommands},

		"hostInfo":       {role: access.Read, whole: true, run: hostInfo},
		"serverStatus":   {role: access.Read, whole: true, run: serverStatus},
		"getParameter":   {role: access.Read, run: getParameter},
		"getLog":         {role: access.Read, whole: true, run: getLog},
		"getCmdLineOpts": {role: access.Read, whole: true, run: getCmdLineOpts},

		"listDatabases":   {role: access.Read, run: listDatabases},
		"listCollections": {role: access.Read, run: listCollections},
		"listIndexes":     {role: access.Read, run: listIndexes},
		"collStats":       {role: access.Read, whole: true, run: collStats},
		"collstats":       {role: access.Read, whole: true, run: collStats},
		"dbStats":         {role: access.Read, whole: true, run: dbStats},
		"dbstats":         {role: access.Read, whole: true, run: dbStats},

		"find":        {role: access.Read, large: true, run: find},
		"getMore":     {role: access.Read, large: true, run: getMore},
		"killCursors": {role: access.Read, run: killCursors},
		"count":       {role: access.Read, run: count},
		"distinct":    {role: access.Read, large: true, run: distinct},
		"aggregate":   {role: access.Read, large: true, run: aggregate},
		"explain":     {role: access.Read, whole: true, run: explain},

		"insert":        {role: access.Operate, writes: true, run: insert},
		"update":        {role: access.Operate, writes: true, run: update},
		"delete":        {role: access.Operate, writes: true, run: remove},
		"findAndModify": {role: access.Operate, writes: true, large: true, run: findAndModify},
		"findandmodify": {role: access.Operate, writes: true, large: true, run: findAndModify},

		"create":        {role: access.Operate, writes: true, run: create},
		"drop":          {role: access.Operate, writes: true, run: drop},
		"dropDatabase":  {role: access.Operate, writes: true, run: dropDatabase},
		"createIndexes": {role: access.Operate, writes: true, run: createIndexes},
		"dropIndexes":   {role: access.Operate, writes: true, run: dropIndexes},
	}
}

// request is a command on its way.
type request struct {
	conn     *conn
	server   *Server
	command  command.Command
	generic  *command.Fields // what every command may have
	database string
	user     access.User
}

// read reads the command, whose fields must be known ones.
func (r *request) read(known ...string) *command.Fields { return command.Read(r.command, known...) }

// run carries out a command and returns its reply, that of an error too.
func (c *conn) run(commands, reading context.Context, f frame) (bson.Raw, error) {
	start := time.Now()
	r := &request{conn: c, server: c.server}
	var err error
	if r.command, err = command.New(f.body, f.lists); err == nil {
		err = r.identify(f.legacy)
	}
	var reply bson.D
	if err == nil && c.pass.Refusal != nil {
		err = &query.Error{Code: codeTemporarilyUnavailable, Message: c.pass.Refusal.Error()}
	}
	if err == nil {
		reply, err = r.survive(func() (bson.D, error) { return r.carryOut(commands, reading) })
	}
	code := 0
	if err != nil {
		reply, code = r.failure(err)
	}
	c.observe(r, time.Since(start), code, err)
	doc, err := bson.Marshal(reply)
	if err != nil {
		return nil, fmt.Errorf("reply to %s: %w", r.command.Name(), err)
	}
	return doc, nil
}

// survive makes an error of a panic: what is wrong with one command ends no other.
func (r *request) survive(run func() (bson.D, error)) (reply bson.D, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			r.conn.log.Error("command panicked", "command", r.command.Name(), "panic", cause, "stack", string(debug.Stack()))
			reply, err = nil, fmt.Errorf("internal error in %s", r.command.Name())
		}
	}()
	return run()
}

// observe tells what became of a command.
func (c *conn) observe(r *request, took time.Duration, code int, err error) {
	name := r.command.Name()
	if _, known := verbs[name]; !known {
		name = "other"
	}
	c.server.options.Observe(name, took, code)
	if code != 0 {
		c.log.Debug("command refused", "command", name, "code", code, "error", err)
	}
}

// identify reads what is the same in all commands.
func (r *request) identify(legacy bool) error {
	name := r.command.Name()
	if legacy && !slices.Contains([]string{"hello", "isMaster", "ismaster"}, name) {
		return &query.Error{Code: codeUnsupportedOpQuery,
			Message: "Unsupported OP_QUERY command: " + name + ". The client driver may require an upgrade"}
	}
	r.generic = command.ReadGeneric(r.command)
	r.generic.CheckSession()
	r.database = r.generic.Text("$db")
	r.user = r.conn.user()
	return r.generic.Err()
}

// carryOut carries out a command that the user may give, within its time.
func (r *request) carryOut(commands, reading context.Context) (bson.D, error) {
	name := r.command.Name()
	v, known := verbs[name]
	if !known {
		return nil, &query.Error{Code: codeCommandNotFound, Message: "no such command: '" + name + "'"}
	}
	if err := r.authorize(v); err != nil {
		return nil, err
	}
	r.generic.CheckReadConcern()
	r.generic.CheckWriteConcern(v.writes)
	limit := r.generic.MaxTime()
	if err := r.generic.Err(); err != nil {
		return nil, err
	}
	ctx := reading
	if v.writes {
		ctx = commands
	} else {
		ctx, limit = r.server.bounded(ctx, limit)
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	if v.large {
		if err := r.conn.room.takeReply(ctx); err != nil {
			return nil, err
		}
	}
	if v.role != public {
		if err := r.conn.room.takeTurn(ctx); err != nil {
			return nil, err
		}
		defer r.conn.room.endTurn()
	}
	reply, err := v.run(ctx, r)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(reply, func(e bson.E) bool { return e.Key == "ok" }) {
		reply = append(reply, bson.E{Key: "ok", Value: 1.0})
	}
	return reply, nil
}

// bounded bounds what a command that reads may look at, and how long.
func (s *Server) bounded(ctx context.Context, limit time.Duration) (context.Context, time.Duration) {
	if most := s.options.MaxTime; limit == 0 || limit > most {
		limit = most
	}
	if most := s.options.MaxRecords; most > 0 {
		ctx = taskdb.WithBudget(ctx, most)
	}
	return ctx, limit
}

// authorize refuses a command that the user may not give.
func (r *request) authorize(v verb) error {
	if v.role == public {
		return nil
	}
	name := r.command.Name()
	switch {
	case !r.user.May(access.Read):
		return &query.Error{Code: codeUnauthorized, Message: "Command " + name + " requires authentication"}
	case !r.user.May(v.role), r.user.Client != "" && (v.whole || v.role > access.Read):
		return r.unauthorized()
	}
	return nil
}

// unauthorized is the error of a command that the user may not give.
func (r *request) unauthorized() error {
	return &query.Error{Code: codeUnauthorized, Message: "not authorized on " + r.database + " to execute command " + r.command.Name()}
}

// collection returns the collection of a name in the command's database. A user who
// is bound to a client may ask the one of the hub's tasks only.
func (r *request) collection(name string) (*taskdb.DB, error) {
	if r.database == "" {
		return nil, &query.Error{Code: query.CodeMissingField, Message: "OP_MSG requests require a $db argument"}
	}
	if isReserved(r.database, name) {
		return nil, &query.Error{Code: query.CodeInvalidNamespace,
			Message: fmt.Sprintf("Invalid namespace specified '%s.%s': it is reserved", r.database, name)}
	}
	db := r.server.db.In(r.database + "." + name)
	if r.user.Client != "" && db.Collection() != r.server.db.Collection() {
		return nil, r.unauthorized()
	}
	return db, nil
}

// ownDatabases are those that a server of MongoDB keeps for itself.
var ownDatabases = []string{"admin", "config", "local"}

// isReserved tells whether a collection is one of those that a server of MongoDB keeps
// for itself.
func isReserved(database, collection string) bool {
	return slices.Contains(ownDatabases, database) || strings.HasPrefix(collection, "system.")
}

// onlyAdmin refuses a command that is about the whole server in another database than
// admin.
func (r *request) onlyAdmin() error {
	if r.database == "admin" {
		return nil
	}
	return &query.Error{Code: codeUnauthorized, Message: r.command.Name() + " may only be run against the admin database."}
}

// commandNames are the names of the commands, in order.
func commandNames() []string { return slices.Sorted(maps.Keys(verbs)) }

// exists tells whether there is a collection.
func exists(ctx context.Context, db *taskdb.DB) (bool, error) {
	names, err := db.Collections(ctx)
	if errors.Is(err, taskdb.ErrNoData) {
		return false, nil
	}
	_, found := slices.BinarySearch(names, db.Collection())
	return found, err
}

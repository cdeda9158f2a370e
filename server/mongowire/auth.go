package mongowire

import (
	"context"
	"sync/atomic"

	"github.com/xdg-go/scram"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/internal/command"
	"github.com/taskdb/taskdb/query"
)

// mechanism is the one way in which users say who they are.
const mechanism = "SCRAM-SHA-256"

// authentication is who a connection's user is.
type authentication struct {
	user atomic.Pointer[identity] // who has said so; nil if nobody has

	// The conversation under way.
	conversation *scram.ServerConversation
	claimed      *identity // whom it is about; nil if there is none of the name
	// skipLast tells that the client wants no empty message in the end.
	skipLast bool
}

// identity is a user, and what proved it: with another secret it is another one.
type identity struct {
	name string
	key  []byte // of SCRAM: what the server has of the secret
}

var errAuthentication = &query.Error{Code: codeAuthenticationFailed, Message: "Authentication failed."}

// saslStart carries out the command of this name.
func saslStart(_ context.Context, r *request) (bson.D, error) {
	f := command.ReadGeneric(r.command)
	wanted, payload := f.Text("mechanism"), payloadOf(f)
	skip, _ := f.Document("options").Lookup("skipEmptyExchange").BooleanOK()
	switch {
	case f.Err() != nil:
		return nil, f.Err()
	case wanted != mechanism || !r.server.mustSay():
		return nil, &query.Error{Code: codeMechanismUnavailable,
			Message: "Received authentication for mechanism " + wanted + " which is not enabled"}
	}
	return r.conn.startConversation(payload, skip)
}

// payloadOf returns what a message of a conversation says.
func payloadOf(f *command.Fields) string {
	_, payload, ok := f.Value("payload").BinaryOK()
	if !ok {
		f.Refuse(query.CodeTypeMismatch, "payload", "the payload of a conversation is binary")
	}
	return string(payload)
}

func (c *conn) startConversation(payload string, skipLast bool) (bson.D, error) {
	c.auth.skipLast = skipLast
	server, err := scram.SHA256.NewServer(c.lookUp)
	if err != nil {
		return nil, err
	}
	c.auth.conversation = server.NewConversation()
	return c.step(payload)
}

// lookUp returns what a user's password is checked by. With those of a name that is
// none the conversation goes on, so that nobody learns which names there are.
func (c *conn) lookUp(name string) (scram.StoredCredentials, error) {
	credentials, _, err := c.server.options.Users.SCRAM(name)
	c.auth.claimed = nil
	if err == nil {
		c.auth.claimed = &identity{name, credentials.StoredKey}
	}
	return credentials, nil
}

// saslContinue carries out the command of this name.
func saslContinue(_ context.Context, r *request) (bson.D, error) {
	f := command.ReadGeneric(r.command)
	payload := payloadOf(f)
	if err := f.Err(); err != nil {
		return nil, err
	}
	auth := &r.conn.auth
	switch {
	case auth.conversation == nil:
		return nil, &query.Error{Code: query.CodeFailedToParse, Message: "No SASL session state found"}
	case auth.conversation.Valid() && payload == "": // the last, empty exchange
		auth.conversation = nil
		return conversationReply("", true), nil
	}
	return r.conn.step(payload)
}

// step takes in a message of the conversation and returns the server's.
func (c *conn) step(payload string) (bson.D, error) {
	auth := &c.auth
	response, err := auth.conversation.Step(payload)
	switch {
	case err != nil, auth.conversation.Done() && !(auth.conversation.Valid() && auth.claimed != nil):
		c.log.Warn("authentication failed", "user", auth.conversation.Username(), "error", err)
		auth.conversation = nil
		return nil, errAuthentication
	case !auth.conversation.Done():
		return conversationReply(response, false), nil
	}
	auth.user.Store(auth.claimed)
	c.log.Info("authenticated", "user", auth.claimed.name)
	if auth.skipLast {
		auth.conversation = nil
	}
	return conversationReply(response, auth.skipLast), nil
}

func conversationReply(payload string, done bool) bson.D {
	return bson.D{
		{Key: "conversationId", Value: int32(1)},
		{Key: "done", Value: done},
		{Key: "payload", Value: bson.Binary{Data: []byte(payload)}},
	}
}

// speculate begins a conversation within hello, and returns the field of its reply. If
// that is not possible the client begins again.
func speculate(r *request, start bson.Raw) bson.D {
	begun, err := command.New(start, nil)
	if err != nil || begun.Name() != "saslStart" {
		return nil
	}
	reply, err := saslStart(context.Background(), &request{conn: r.conn, server: r.server, command: begun})
	if err != nil {
		return nil
	}
	return bson.D{{Key: "speculativeAuthenticate", Value: reply}}
}

// logout carries out the command of this name.
func logout(_ context.Context, r *request) (bson.D, error) {
	r.conn.auth.user.Store(nil)
	return nil, nil
}

// connectionStatus carries out the command of this name.
func connectionStatus(_ context.Context, r *request) (bson.D, error) {
	users, roles := bson.A{}, bson.A{}
	if who := r.conn.auth.user.Load(); who != nil {
		users = append(users, bson.D{{Key: "user", Value: who.name}, {Key: "db", Value: "admin"}})
		roles = append(roles, bson.D{{Key: "role", Value: r.user.Role.String()}, {Key: "db", Value: "admin"}})
	}
	return bson.D{{Key: "authInfo", Value: bson.D{
		{Key: "authenticatedUsers", Value: users}, {Key: "authenticatedUserRoles", Value: roles},
	}}}, nil
}

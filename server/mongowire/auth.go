package mongowire

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
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
	user atomic.Pointer[string] // the name of who has said so; nil if nobody has

	// The conversation under way.
	conversation *scram.ServerConversation
	isUser       bool // there is one of the name
	// skipLast tells that the client wants no empty message in the end.
	skipLast bool
}

// name returns the name of who has said who it is, or "".
func (a *authentication) name() string {
	if name := a.user.Load(); name != nil {
		return *name
	}
	return ""
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

// lookUp returns what a user's password is checked by. Of a name that is none it is
// something that no password fits, so that nobody learns which names there are.
func (c *conn) lookUp(name string) (scram.StoredCredentials, error) {
	credentials, _, err := c.server.options.Users.SCRAM(name)
	if c.auth.isUser = err == nil; !c.auth.isUser {
		return c.server.noCredentials(name), nil
	}
	return credentials, nil
}

// iterations are those that package access has.
const iterations = 4096

// noCredentials are those of a name that is none: always with the same salt, as those
// of a user have.
func (s *Server) noCredentials(name string) scram.StoredCredentials {
	sum := hmac.New(sha256.New, []byte(s.secret))
	sum.Write([]byte(name))
	const saltSize = 28
	return scram.StoredCredentials{
		KeyFactors: scram.KeyFactors{Salt: string(sum.Sum(nil)[:saltSize]), Iters: iterations},
		StoredKey:  []byte(rand.Text()),
		ServerKey:  []byte(rand.Text()),
	}
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
	case err != nil, auth.conversation.Done() && !(auth.conversation.Valid() && auth.isUser):
		c.log.Warn("authentication failed", "user", auth.conversation.Username(), "error", err)
		auth.conversation = nil
		return nil, errAuthentication
	case !auth.conversation.Done():
		return conversationReply(response, false), nil
	}
	name := auth.conversation.Username()
	auth.user.Store(&name)
	c.log.Info("authenticated", "user", name)
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
	if name := r.conn.auth.name(); name != "" {
		users = append(users, bson.D{{Key: "user", Value: name}, {Key: "db", Value: "admin"}})
		roles = append(roles, bson.D{{Key: "role", Value: r.user.Role.String()}, {Key: "db", Value: "admin"}})
	}
	return bson.D{{Key: "authInfo", Value: bson.D{
		{Key: "authenticatedUsers", Value: users}, {Key: "authenticatedUserRoles", Value: roles},
	}}}, nil
}

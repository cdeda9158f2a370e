package mongotest

import (
	"fmt"
	"io"
	"net"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"
)

// StandIn stands in for a single MongoDB 8: it speaks the wire protocol and gives at
// once the answers that it was told to. It must be closed.
type StandIn struct {
	listening
	answer func(command bson.Raw) any
}

// NewStandIn returns a server on a free port of 127.0.0.1 which replies to a command
// what answer says: a document, to which {ok: 1} is added unless it has that. The
// documents that a message has beside its command are the last key of that. What a
// driver asks about the server itself is answered without it.
func NewStandIn(answer func(command bson.Raw) any) (*StandIn, error) {
	s := &StandIn{answer: answer}
	return s, s.start(s.serve)
}

// serve answers the messages of a connection until it ends.
func (s *StandIn) serve(conn net.Conn) {
	for {
		message, err := readMessage(conn)
		if err != nil {
			return
		}
		reply, err := s.reply(message)
		if err != nil {
			return
		}
		if _, err := conn.Write(reply); err != nil {
			return
		}
	}
}

// reply returns the message that answers another one.
func (s *StandIn) reply(message []byte) ([]byte, error) {
	_, id, _, code, body, ok := wiremessage.ReadHeader(message)
	if !ok {
		return nil, io.ErrUnexpectedEOF
	}
	//lint:ignore SA1019 It is in the oldest way that a driver asks first.
	if code == wiremessage.OpQuery {
		doc, err := replyTo(hello)
		start, reply := wiremessage.AppendHeaderStart(nil, 0, id, wiremessage.OpReply)
		reply = wiremessage.AppendReplyFlags(reply, 0)
		reply = wiremessage.AppendReplyCursorID(reply, 0)
		reply = wiremessage.AppendReplyStartingFrom(reply, 0)
		reply = append(wiremessage.AppendReplyNumberReturned(reply, 1), doc...)
		return bsoncore.UpdateLength(reply, start, int32(len(reply))), err
	}
	command, err := commandIn(body)
	if err != nil {
		return nil, err
	}
	doc, err := replyTo(s.answerTo(command))
	start, reply := wiremessage.AppendHeaderStart(nil, 0, id, wiremessage.OpMsg)
	reply = wiremessage.AppendMsgFlags(reply, 0)
	reply = append(wiremessage.AppendMsgSectionType(reply, wiremessage.SingleDocument), doc...)
	return bsoncore.UpdateLength(reply, start, int32(len(reply))), err
}

// hello is how MongoDB 8 introduces itself.
var hello = bson.D{
	{Key: "isWritablePrimary", Value: true}, {Key: "helloOk", Value: true}, {Key: "logicalSessionTimeoutMinutes", Value: 30},
	{Key: "maxBsonObjectSize", Value: 16 << 20}, {Key: "maxMessageSizeBytes", Value: 48_000_000}, {Key: "maxWriteBatchSize", Value: 100_000},
	{Key: "minWireVersion", Value: 0}, {Key: "maxWireVersion", Value: 25},
}

func (s *StandIn) answerTo(command bson.Raw) any {
	switch NameOf(command) {
	case "hello", "isMaster", "ismaster":
		return hello
	case "ping", "endSessions":
		return bson.D{}
	}
	return s.answer(command)
}

// NameOf returns the name of a command, which is its first key.
func NameOf(command bson.Raw) string {
	first, err := command.IndexErr(0)
	if err != nil {
		return ""
	}
	return first.Key()
}

// replyTo is a document with {ok: 1} unless it has that.
func replyTo(answer any) (bson.Raw, error) {
	doc, err := bson.Marshal(answer)
	if err != nil || !bson.Raw(doc).Lookup("ok").IsZero() {
		return doc, err
	}
	doc = bsoncore.AppendDoubleElement(doc[:len(doc)-1], "ok", 1)
	doc = append(doc, 0)
	return bsoncore.UpdateLength(doc, 0, int32(len(doc))), nil
}

// commandIn returns the command that a message's body has.
func commandIn(body []byte) (bson.Raw, error) {
	_, rest, _ := wiremessage.ReadMsgFlags(body)
	var command []byte
	for len(rest) > 0 {
		var kind wiremessage.SectionType
		var ok bool
		if kind, rest, ok = wiremessage.ReadMsgSectionType(rest); !ok {
			return nil, io.ErrUnexpectedEOF
		}
		if kind == wiremessage.SingleDocument {
			var doc bsoncore.Document
			if doc, rest, ok = wiremessage.ReadMsgSectionSingleDocument(rest); !ok {
				return nil, io.ErrUnexpectedEOF
			}
			command = append(command, doc...)
			continue
		}
		var key string
		var docs []bsoncore.Document
		if key, docs, rest, ok = wiremessage.ReadMsgSectionDocumentSequence(rest); !ok || len(command) == 0 {
			return nil, fmt.Errorf("a sequence of documents: %w", io.ErrUnexpectedEOF)
		}
		array := bsoncore.NewArrayBuilder()
		for _, doc := range docs {
			array.AppendDocument(doc)
		}
		command = append(bsoncore.AppendArrayElement(command[:len(command)-1], key, array.Build()), 0)
		command = bsoncore.UpdateLength(command, 0, int32(len(command)))
	}
	return command, nil
}

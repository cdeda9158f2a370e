package mongowire

//lint:file-ignore SA1019 It is in the oldest way that many drivers ask first.

import (
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"
)

const opQuery = wiremessage.OpQuery

// parseQuery parses the body of an OP_QUERY, by which a driver asks for hello before it
// knows what the server understands.
func (f *frame) parseQuery(body []byte) error {
	f.legacy = true
	_, rest, hasFlags := wiremessage.ReadQueryFlags(body)
	_, rest, hasName := wiremessage.ReadQueryFullCollectionName(rest)
	_, rest, hasSkip := wiremessage.ReadQueryNumberToSkip(rest)
	_, rest, hasReturn := wiremessage.ReadQueryNumberToReturn(rest)
	doc, _, hasQuery := wiremessage.ReadQueryQuery(rest)
	if !hasFlags || !hasName || !hasSkip || !hasReturn || !hasQuery {
		return malformed("its query is broken")
	}
	f.body = bson.Raw(doc)
	return nil
}

// appendLegacyReply appends the OP_REPLY to an OP_QUERY.
func appendLegacyReply(dst []byte, to int32, doc bson.Raw) []byte {
	start, dst := wiremessage.AppendHeaderStart(dst, wiremessage.NextRequestID(), to, wiremessage.OpReply)
	dst = wiremessage.AppendReplyFlags(dst, wiremessage.AwaitCapable)
	dst = wiremessage.AppendReplyCursorID(dst, 0)
	dst = wiremessage.AppendReplyStartingFrom(dst, 0)
	dst = append(wiremessage.AppendReplyNumberReturned(dst, 1), doc...)
	return bsoncore.UpdateLength(dst, start, int32(len(dst)))
}

package mongowire

import (
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"
)

// reply returns the message that answers a frame with a document, in the way in which
// the frame came.
func (f *frame) reply(doc bson.Raw) ([]byte, error) {
	if f.legacy {
		return appendLegacyReply(nil, f.id, doc), nil
	}
	message := make([]byte, 0, headerSize+5+len(doc))
	start, message := wiremessage.AppendHeaderStart(message, wiremessage.NextRequestID(), f.id, wiremessage.OpMsg)
	message = wiremessage.AppendMsgFlags(message, 0)
	message = append(wiremessage.AppendMsgSectionType(message, wiremessage.SingleDocument), doc...)
	message = bsoncore.UpdateLength(message, start, int32(len(message)))
	if f.compressor == wiremessage.CompressorNoOp {
		return message, nil
	}
	return f.compress(message)
}

// compress wraps a message into one that is compressed.
func (f *frame) compress(message []byte) ([]byte, error) {
	body := message[headerSize:]
	packed, err := driver.CompressPayload(body, driver.CompressionOpts{
		Compressor: f.compressor,
		ZlibLevel:  wiremessage.DefaultZlibLevel,
		ZstdLevel:  wiremessage.DefaultZstdLevel,
	})
	if err != nil {
		return nil, err
	}
	start, wrapped := wiremessage.AppendHeaderStart(nil, wiremessage.NextRequestID(), f.id, wiremessage.OpCompressed)
	wrapped = wiremessage.AppendCompressedOriginalOpCode(wrapped, wiremessage.OpMsg)
	wrapped = wiremessage.AppendCompressedUncompressedSize(wrapped, int32(len(body)))
	wrapped = wiremessage.AppendCompressedCompressorID(wrapped, f.compressor)
	wrapped = wiremessage.AppendCompressedCompressedMessage(wrapped, packed)
	return bsoncore.UpdateLength(wrapped, start, int32(len(wrapped))), nil
}

package mongowire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"
)

// headerSize is how many bytes a message has before its body.
const headerSize = 16

// frame is a message as it came, taken apart, but for its BSON.
type frame struct {
	id     int32
	body   bson.Raw
	lists  map[string][]bson.Raw // what came beside the body, by its key
	silent bool                  // no reply is wanted
	legacy bool                  // it is of the oldest kind, OP_QUERY, which asks for hello
	// compressor is the one that it came by, and its reply goes by.
	compressor wiremessage.CompressorID
	room       int // what was taken for it, to be given back
}

// errFrame says that bytes are no message of the protocol. What comes behind them
// cannot be told from them: the connection ends.
var errFrame = errors.New("malformed message")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errFrame, fmt.Sprintf(format, args...))
}

// readLength reads the length of the message that comes, and checks it.
func readLength(header []byte, most int) (int, error) {
	length := int(int32(binary.LittleEndian.Uint32(header)))
	if length < headerSize || length > most {
		return 0, malformed("its length is %d, of %d to %d bytes", length, headerSize, most)
	}
	return length, nil
}

// roomAtOnce is how much memory a message has before its bytes are there.
const roomAtOnce = 1 << 20

// readMessage reads a message of a length. Memory is taken as the bytes come.
func readMessage(r io.Reader, length int) ([]byte, error) {
	message := make([]byte, min(length, roomAtOnce))
	for read := 0; ; {
		n, err := io.ReadFull(r, message[read:])
		if read += n; err != nil {
			return nil, fmt.Errorf("%d of %d bytes of a message: %w", read, length, err)
		}
		if read == length {
			return message, nil
		}
		message = append(message, make([]byte, min(length-read, read))...)
	}
}

// parseFrame takes a message apart. What it returns shares the message's bytes.
func parseFrame(message []byte, most int) (frame, error) {
	_, id, _, opcode, body, ok := wiremessage.ReadHeader(message)
	if !ok {
		return frame{}, malformed("its header is short")
	}
	f := frame{id: id}
	var err error
	if opcode == wiremessage.OpCompressed {
		if opcode, body, err = f.decompress(body, most); err != nil {
			return frame{}, err
		}
		message = nil // the checksum is of another one
	}
	switch opcode {
	case wiremessage.OpMsg:
		err = f.parseMsg(message, body)
	case opQuery:
		err = f.parseQuery(body)
	default:
		err = malformed("its kind is %d", opcode)
	}
	if err != nil {
		return frame{}, err
	}
	return f, nil
}

// knownFlags are those of the flags which a server has to know, that it does.
const knownFlags = wiremessage.ChecksumPresent | wiremessage.MoreToCome

// parseMsg parses the body of an OP_MSG. message is the whole of it, or nil if that is
// not to be checked.
func (f *frame) parseMsg(message, body []byte) error {
	flags, rest, ok := wiremessage.ReadMsgFlags(body)
	if !ok || flags&0xffff&^knownFlags != 0 {
		return malformed("its flags are %#x", uint32(flags))
	}
	f.silent = flags&wiremessage.MoreToCome != 0
	if flags&wiremessage.ChecksumPresent != 0 {
		var err error
		if rest, err = checkSum(message, rest); err != nil {
			return err
		}
	}
	for len(rest) > 0 {
		var err error
		if rest, err = f.parseSection(rest); err != nil {
			return err
		}
	}
	if f.body == nil {
		return malformed("it has no command")
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checkSum checks the sum at the end of a message, and takes it off the sections.
func checkSum(message, sections []byte) ([]byte, error) {
	const size = 4
	if len(sections) < size {
		return nil, malformed("it has no checksum")
	}
	sum := binary.LittleEndian.Uint32(sections[len(sections)-size:])
	if message != nil && crc32.Checksum(message[:len(message)-size], castagnoli) != sum {
		return nil, malformed("its checksum is wrong")
	}
	return sections[:len(sections)-size], nil
}

func (f *frame) parseSection(sections []byte) (rest []byte, err error) {
	kind, rest, _ := wiremessage.ReadMsgSectionType(sections)
	switch kind {
	case wiremessage.SingleDocument:
		doc, rest, ok := wiremessage.ReadMsgSectionSingleDocument(rest)
		if !ok || f.body != nil {
			return nil, malformed("its command is broken, or not the only one")
		}
		f.body = bson.Raw(doc)
		return rest, nil
	case wiremessage.DocumentSequence:
		key, docs, rest, ok := wiremessage.ReadMsgSectionDocumentSequence(rest)
		if _, twice := f.lists[key]; !ok || twice {
			return nil, malformed("a list of documents is broken, or there twice")
		}
		if f.lists == nil {
			f.lists = map[string][]bson.Raw{}
		}
		f.lists[key] = rawDocuments(docs)
		return rest, nil
	}
	return nil, malformed("a section is of kind %d", kind)
}

func rawDocuments(docs []bsoncore.Document) []bson.Raw {
	raw := make([]bson.Raw, len(docs))
	for i, doc := range docs {
		raw[i] = bson.Raw(doc)
	}
	return raw
}

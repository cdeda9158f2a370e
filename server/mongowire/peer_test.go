package mongowire_test

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"

	"github.com/taskdb/taskdb/query"
)

// peer is a connection to a server on which bytes are sent as they are.
type peer struct {
	t      *testing.T
	socket net.Conn
}

func (s served) dial(t *testing.T) peer {
	t.Helper()
	return s.dialFrom(t, "127.0.0.1")
}

// dialFrom is dial as another machine does, at an address of this one.
func (s served) dialFrom(t *testing.T, ip string) peer {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	socket, err := dialer.DialContext(t.Context(), "tcp", s.address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = socket.Close() })
	require.NoError(t, socket.SetDeadline(time.Now().Add(time.Minute))) // a test that hangs fails
	return peer{t, socket}
}

func (p peer) send(message []byte) {
	p.t.Helper()
	_, err := p.socket.Write(message)
	require.NoError(p.t, err)
}

// receive returns the document of the reply that comes, and to which message it is one.
func (p peer) receive() (doc bson.Raw, to int32) {
	p.t.Helper()
	var length [4]byte
	_, err := io.ReadFull(p.socket, length[:])
	require.NoError(p.t, err)
	message := make([]byte, binary.LittleEndian.Uint32(length[:]))
	copy(message, length[:])
	_, err = io.ReadFull(p.socket, message[4:])
	require.NoError(p.t, err)
	_, _, to, code, body, ok := wiremessage.ReadHeader(message)
	require.True(p.t, ok)
	if code == wiremessage.OpMsg {
		_, body, _ = wiremessage.ReadMsgFlags(body)
		return bson.Raw(body[1:]), to
	}
	return bson.Raw(body[20:]), to // behind what an OP_REPLY begins with
}

// isClosed tells that the server ends the connection without another byte.
func (p peer) isClosed() {
	p.t.Helper()
	n, err := p.socket.Read(make([]byte, 1))
	require.Zero(p.t, n)
	require.ErrorIs(p.t, err, io.EOF)
}

// isRefused tells that the server ends the connection, whatever it says before.
func (p peer) isRefused() {
	p.t.Helper()
	_, err := io.ReadAll(p.socket)
	require.NoError(p.t, err)
}

// ask sends a command and returns the reply.
func (p peer) ask(command string) bson.Raw {
	p.t.Helper()
	p.send(msg(p.t, 0, single(p.t, command)))
	doc, _ := p.receive()
	return doc
}

// document reads a document as text has it.
func document(t testing.TB, text string) bson.Raw {
	t.Helper()
	doc, err := query.Document(text)
	require.NoError(t, err)
	return doc
}

// single is a section with a command.
func single(t testing.TB, command string) []byte {
	return append(wiremessage.AppendMsgSectionType(nil, wiremessage.SingleDocument), document(t, command)...)
}

// list is a section with documents under a key.
func list(t testing.TB, key string, docs ...string) []byte {
	section := append([]byte{0, 0, 0, 0}, key+"\x00"...)
	for _, doc := range docs {
		section = append(section, document(t, doc)...)
	}
	binary.LittleEndian.PutUint32(section, uint32(len(section)))
	return append(wiremessage.AppendMsgSectionType(nil, wiremessage.DocumentSequence), section...)
}

// messageID is that of the messages that tests make.
const messageID = 77

// msg is an OP_MSG of sections, with its checksum if the flags say so.
func msg(_ testing.TB, flags wiremessage.MsgFlag, sections ...[]byte) []byte {
	start, m := wiremessage.AppendHeaderStart(nil, messageID, 0, wiremessage.OpMsg)
	m = wiremessage.AppendMsgFlags(m, flags)
	for _, section := range sections {
		m = append(m, section...)
	}
	if flags&wiremessage.ChecksumPresent == 0 {
		return bsoncore.UpdateLength(m, start, int32(len(m)))
	}
	m = bsoncore.UpdateLength(m, start, int32(len(m)+4))
	return binary.LittleEndian.AppendUint32(m, crc32.Checksum(m, crc32.MakeTable(crc32.Castagnoli)))
}

package mongotest

import (
	"encoding/binary"
	"io"
	"net"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"
)

// Cut says where the connection ends that a command goes over.
type Cut int

// The places where a connection is cut.
const (
	Nowhere Cut = iota
	BeforeCommand
	InCommand // half of it has gone to the server
	InReply   // the server has done it, and half of the reply has come
	AfterCommand
	// Silence is no end: the server has done it, and no reply comes.
	Silence
)

// Cuts are the places where a connection ends.
var Cuts = map[string]Cut{"before the command": BeforeCommand, "in the command": InCommand, "in the reply": InReply, "after the command": AfterCommand}

// Proxy stands between a driver and a server, and cuts connections. It must be closed.
type Proxy struct {
	listening
	target string
	cut    func(command bson.Raw) Cut
}

// NewProxy returns a proxy of a server on a free port of 127.0.0.1, which asks of each
// command where to cut. It may be asked by several connections at once.
func NewProxy(server string, cut func(command bson.Raw) Cut) (*Proxy, error) {
	p := &Proxy{target: addressOf(server), cut: cut}
	return p, p.start(p.relay)
}

// addressOf is the host and the port of a URL with no more than these.
func addressOf(url string) string { return strings.Trim(strings.TrimPrefix(url, "mongodb://"), "/") }

// relay relays messages and replies, one after another, until either side ends or the
// connection is cut.
func (p *Proxy) relay(conn net.Conn) {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	for p.exchange(conn, server) == nil {
	}
}

// exchange relays one message and its reply, or fails where it cuts.
func (p *Proxy) exchange(conn, server net.Conn) error {
	message, err := readMessage(conn)
	if err != nil {
		return err
	}
	at := p.cutOf(message)
	switch at {
	case BeforeCommand:
		return io.EOF
	case InCommand:
		message = message[:len(message)/2]
	}
	if _, err := server.Write(message); err != nil || at == InCommand {
		return io.EOF
	}
	reply, err := readMessage(server)
	if err != nil {
		return err
	}
	switch at {
	case InReply:
		reply = reply[:len(reply)/2]
	case AfterCommand:
		return io.EOF
	case Silence:
		_, err := conn.Read(make([]byte, 1)) // until the driver gives up
		return err
	}
	if _, err := conn.Write(reply); err != nil || at == InReply {
		return io.EOF
	}
	return nil
}

func (p *Proxy) cutOf(message []byte) Cut {
	_, _, _, code, body, ok := wiremessage.ReadHeader(message)
	if !ok || code != wiremessage.OpMsg {
		return Nowhere
	}
	command, err := commandIn(body)
	if err != nil {
		return Nowhere
	}
	return p.cut(command)
}

// readMessage reads a message of the wire protocol.
func readMessage(r io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.LittleEndian.Uint32(length[:]))
	copy(message, length[:])
	_, err := io.ReadFull(r, message[len(length):])
	return message, err
}

package mongowire_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/x/bsonx/bsoncore"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"

	"github.com/taskdb/taskdb/server/mongowire"
)

const ping = `{ping: 1, $db: "admin"}`

func TestACommandMayComeInSections(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{})
	p := s.dial(t)
	insert := single(t, `{insert: "b", $db: "a"}`)
	docs := list(t, "documents", `{_id: 1}`, `{_id: 2}`)
	for name, message := range map[string][]byte{
		"the command first": msg(t, 0, insert, docs),
		"the command last":  msg(t, 0, list(t, "documents", `{_id: 3}`, `{_id: 4}`), insert),
		"with a checksum":   msg(t, wiremessage.ChecksumPresent, insert, list(t, "documents", `{_id: 5}`, `{_id: 6}`)),
		"with exhaust allowed, which is not made use of": msg(t, wiremessage.ExhaustAllowed, insert, list(t, "documents", `{_id: 7}`, `{_id: 8}`)),
	} {
		p.send(message)
		reply, to := p.receive()
		require.Equal(t, `{"n": {"$numberInt":"2"},"ok": {"$numberDouble":"1.0"}}`, reply.String(), name)
		require.EqualValues(t, messageID, to)
	}
}

func TestACommandWithMoreToComeHasNoReply(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{})
	p := s.dial(t)
	p.send(msg(t, wiremessage.MoreToCome, single(t, `{insert: "b", $db: "a", documents: [{_id: 1}], writeConcern: {w: 0}}`)))
	reply := p.ask(`{count: "b", $db: "a"}`)
	require.EqualValues(t, 1, reply.Lookup("n").Int32(), "the first reply is the second command's")
}

func TestTheOldestMessageAsksForHelloOnly(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{})
	p := s.dial(t)
	p.send(legacy(t, `{isMaster: 1, helloOk: true}`))
	hello, to := p.receive()
	require.EqualValues(t, messageID, to)
	require.True(t, hello.Lookup("ismaster").Boolean())
	require.True(t, hello.Lookup("helloOk").Boolean())
	require.True(t, hello.Lookup("topologyVersion").IsZero())
	p.send(legacy(t, `{find: "b"}`))
	refused, _ := p.receive()
	require.EqualValues(t, 352, refused.Lookup("code").Int32())
	require.EqualValues(t, 1, p.ask(ping).Lookup("ok").Double(), "the connection goes on")
}

// legacy is an OP_QUERY to admin.$cmd.
func legacy(t testing.TB, command string) []byte {
	const opQuery = 2004
	start, m := wiremessage.AppendHeaderStart(nil, messageID, 0, opQuery)
	m = append(m, 0, 0, 0, 0)
	m = append(m, "admin.$cmd\x00"...)
	m = append(m, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff)
	m = append(m, document(t, command)...)
	return bsoncore.UpdateLength(m, start, int32(len(m)))
}

func TestMalformedMessagesEndTheConnection(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{MaxMessageSize: 1 << 20})
	sound := msg(t, 0, single(t, ping))
	sealed := msg(t, wiremessage.ChecksumPresent, single(t, ping))
	for name, message := range map[string][]byte{
		"a length below a header's":   with(sound, 0, 15),
		"a negative length":           with(sound, 0, 0xffffffff),
		"a length above the most":     with(sound, 0, 1<<20+1),
		"an unknown kind":             with(sound, 12, 2002),
		"an unknown flag":             with(sound, 16, 1<<5),
		"a wrong checksum":            with(sealed, len(sealed)-4, 1),
		"no command":                  msg(t, 0, list(t, "documents", `{}`)),
		"two commands":                msg(t, 0, single(t, ping), single(t, ping)),
		"a list that is there twice":  msg(t, 0, single(t, ping), list(t, "a", `{}`), list(t, "a", `{}`)),
		"a section of no kind":        msg(t, 0, single(t, ping), []byte{9}),
		"a command that is too short": msg(t, 0, []byte{0, 100, 0, 0, 0, 0}),
		"a list that is too short":    msg(t, 0, single(t, ping), []byte{1, 100, 0, 0, 0, 'a', 0}),
		"no sections":                 msg(t, 0),
		"an OP_QUERY that is cut off": with(legacy(t, `{isMaster: 1}`)[:40], 0, 40),
	} {
		t.Run(name, func(t *testing.T) {
			p := s.dial(t)
			p.send(message)
			p.isClosed()
		})
	}
	require.EqualValues(t, 1, s.dial(t).ask(ping).Lookup("ok").Double(), "others are served")
}

// with returns a message with other four bytes at a place.
func with(message []byte, at int, n uint32) []byte {
	changed := append([]byte(nil), message...)
	binary.LittleEndian.PutUint32(changed[at:], n)
	return changed
}

func TestBrokenBSONIsRefused(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{})
	p := s.dial(t)
	section := single(t, `{ping: "text", $db: "admin"}`)
	section[15] = 0xff // in the text: no UTF-8
	p.send(msg(t, 0, section))
	reply, _ := p.receive()
	require.EqualValues(t, 22, reply.Lookup("code").Int32())
	require.EqualValues(t, 1, p.ask(ping).Lookup("ok").Double())
}

func TestAMessageThatIsHalfSentHoldsNothing(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{IdleTimeout: 50 * time.Millisecond})
	message := msg(t, 0, single(t, ping))
	for _, n := range []int{0, 1, 15, 16, len(message) - 1} {
		p := s.dial(t)
		p.send(message[:n])
		p.isClosed()
	}
}

func TestDriversCompress(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{})
	for _, name := range []string{"snappy", "zlib", "zstd"} {
		t.Run(name, func(t *testing.T) {
			c := s.connect(t, func(o *options.ClientOptions) { o.SetCompressors([]string{name}) }).Database("a").Collection(name)
			documentsComeBack(t, c)
		})
	}
}

func TestWhatIsDecompressedIsAsLongAsItSays(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{MaxMessageSize: 1 << 20})
	body := msg(t, 0, single(t, ping))[16:]
	for name, id := range map[string]wiremessage.CompressorID{"snappy": 1, "zlib": 2, "zstd": 3} {
		packed, err := driver.CompressPayload(body, driver.CompressionOpts{Compressor: id, ZlibLevel: 6, ZstdLevel: 6})
		require.NoError(t, err)
		t.Run(name, func(t *testing.T) {
			p := s.dial(t)
			p.send(compressed(id, len(body), packed))
			require.True(t, isCompressed(p), "the reply comes as the command came")
			for _, size := range []int{-1, 0, len(body) - 1, len(body) + 1, 1 << 20, 1 << 30} {
				p := s.dial(t)
				p.send(compressed(id, size, packed))
				p.isClosed()
			}
			p = s.dial(t)
			p.send(compressed(id, len(body), packed[:len(packed)/2]))
			p.isClosed()
		})
	}
	p := s.dial(t)
	p.send(compressed(9, len(body), body))
	p.isClosed()
}

// compressed is an OP_COMPRESSED of an OP_MSG's body.
func compressed(id wiremessage.CompressorID, size int, packed []byte) []byte {
	start, m := wiremessage.AppendHeaderStart(nil, messageID, 0, wiremessage.OpCompressed)
	m = wiremessage.AppendCompressedOriginalOpCode(m, wiremessage.OpMsg)
	m = wiremessage.AppendCompressedUncompressedSize(m, int32(size))
	m = wiremessage.AppendCompressedCompressorID(m, id)
	m = append(m, packed...)
	return bsoncore.UpdateLength(m, start, int32(len(m)))
}

// isCompressed receives a message and tells whether it is compressed.
func isCompressed(p peer) bool {
	header := make([]byte, 16)
	_, err := p.socket.Read(header)
	require.NoError(p.t, err)
	return binary.LittleEndian.Uint32(header[12:]) == uint32(wiremessage.OpCompressed)
}

package mongowire_test

import (
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/taskdb/taskdb/server/mongowire"
	"github.com/taskdb/taskdb/taskdb"
)

func TestLargeMessagesWaitForOneAnother(t *testing.T) {
	h := newHeld(t)
	// The third waits for as long as it may be idle; what is sent must not take longer.
	s := serve(t, taskdb.NewDB(h), mongowire.Options{MaxMessageSize: 5 << 20, IdleTimeout: 2 * time.Second})
	large := msg(t, 0, single(t, `{insert: "b", $db: "a"}`), list(t, "documents", `{text: "`+strings.Repeat("x", 4<<20)+`"}`))
	var holders []peer
	for _, ip := range []string{"127.0.0.1", "127.0.0.2"} { // 8 of 10 MiB
		p := s.dialFrom(t, ip)
		p.send(large)
		<-h.came
		holders = append(holders, p)
	}
	third := s.dialFrom(t, "127.0.0.3")
	third.send(large[:16])
	third.isClosed()
	require.EqualValues(t, 1, s.dial(t).ask(ping).Lookup("ok").Double(), "small ones do not wait")
	for _, p := range holders {
		h.letGo <- struct{}{}
		reply, _ := p.receive()
		require.EqualValues(t, 1, reply.Lookup("n").Int32())
	}
	fourth := s.dial(t)
	fourth.send(large)
	<-h.came
	h.letGo <- struct{}{}
	reply, _ := fourth.receive()
	require.EqualValues(t, 1, reply.Lookup("n").Int32())
}

// A message may take long in all, but whoever sends no more of it keeps no room for it.
func TestAMessageThatDoesNotGoOnIsGivenUp(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{IdleTimeout: 100 * time.Millisecond})
	large := msg(t, 0, single(t, `{insert: "b", $db: "a"}`), list(t, "documents", `{text: "`+strings.Repeat("x", 16<<20)+`"}`))
	p := s.dial(t)
	p.send(large[:2<<20])
	p.isClosed()
}

// TestOnePeerDoesNotHoldAllRoom holds that who begins large messages and does not go on
// has its own large ones wait, and nobody else's.
func TestOnePeerDoesNotHoldAllRoom(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{MaxMessageSize: 5 << 20, IdleTimeout: time.Hour})
	large := msg(t, 0, single(t, `{insert: "b", $db: "a"}`), list(t, "documents", `{text: "`+strings.Repeat("x", 4<<20)+`"}`))
	for range 2 {
		s.dial(t).send(large[:16])
	}
	other := s.dialFrom(t, "127.0.0.2")
	other.send(large)
	reply, _ := other.receive()
	require.EqualValues(t, 1, reply.Lookup("n").Int32())
}

func TestOnePeerHasHalfOfTheTurns(t *testing.T) {
	h := newHeld(t)
	s := serve(t, taskdb.NewDB(h), mongowire.Options{MaxCommands: 2})
	first, second, other := s.dial(t), s.dial(t), s.dialFrom(t, "127.0.0.2")
	for _, p := range []peer{first, other} {
		p.send(msg(t, 0, single(t, `{find: "b", $db: "a"}`)))
		<-h.came
		require.EqualValues(t, timeExpired, second.ask(`{count: "b", $db: "a", maxTimeMS: 20}`).Lookup("code").Int32())
	}
	for _, p := range []peer{first, other} {
		h.letGo <- struct{}{}
		reply, _ := p.receive()
		require.EqualValues(t, 1, reply.Lookup("ok").Double())
	}
}

// TestRepliesThatAreTakenSlowly holds that the memory of large replies is bounded: who
// does not take them waits for the next, and nobody else does.
func TestRepliesThatAreTakenSlowly(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{MaxMessageSize: 1 << 20}) // 32 MiB of replies for a peer
	for range 16 {
		require.NoError(t, s.db.In("a.b").AddRaw(t.Context(), document(t, `{text: "`+strings.Repeat("x", 1<<20-1000)+`"}`)))
	}
	const find = `{find: "b", $db: "a", batchSize: 100}`
	var slow []peer
	for range 2 {
		p := s.dial(t)
		p.send(msg(t, 0, single(t, find)))
		_, err := io.ReadFull(p.socket, make([]byte, 16))
		require.NoError(t, err)
		slow = append(slow, p)
	}
	third := s.dial(t)
	require.EqualValues(t, timeExpired, third.ask(`{find: "b", $db: "a", maxTimeMS: 20}`).Lookup("code").Int32())
	require.EqualValues(t, 1, third.ask(`{count: "b", $db: "a"}`).Lookup("ok").Double(), "what has no large reply does not wait")
	require.EqualValues(t, 1, s.dialFrom(t, "127.0.0.2").ask(find).Lookup("ok").Double())
	for _, p := range slow {
		require.NoError(t, p.socket.Close())
	}
	for range 3 {
		require.EqualValues(t, 1, third.ask(find).Lookup("ok").Double(), "what was held is given back")
	}
}

// TestLargeRepliesDoNotWaitForOneAnother holds that replies with documents that are more
// than a batch, each of which has taken room for a batch, do not keep it from each other.
func TestLargeRepliesDoNotWaitForOneAnother(t *testing.T) {
	h := newHeld(t)
	s := serve(t, taskdb.NewDB(h), mongowire.Options{MaxMessageSize: 1 << 20, IdleTimeout: 10 * time.Second}) // 32 MiB of replies for a peer
	large, err := bson.Marshal(bson.D{{Key: "buffers", Value: bson.A{make([]byte, 20<<20)}}})
	require.NoError(t, err)
	require.NoError(t, taskdb.NewDB(h.Backend).In("a.b").AddRaw(t.Context(), large))
	var receiving sync.WaitGroup
	for range 2 {
		p := s.dial(t)
		p.send(msg(t, 0, single(t, `{find: "b", $db: "a"}`)))
		<-h.came
		receiving.Go(func() {
			n, err := io.CopyN(io.Discard, p.socket, int64(len(large)))
			assert.NoError(t, err, "%d bytes", n)
		})
	}
	for range 2 {
		h.letGo <- struct{}{}
	}
	receiving.Wait()
}

// TestAMessageThatIsLargerThanAShare holds that a message that hardly becomes smaller when
// it is compressed is taken, though it counts twice.
func TestAMessageThatIsLargerThanAShare(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{MaxMessageSize: 5 << 20})
	noise := make([]byte, 3<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
	c := s.connect(t, func(o *options.ClientOptions) { o.SetCompressors([]string{"zlib"}) }).Database("a").Collection("b")
	_, err := c.InsertOne(t.Context(), bson.D{{Key: "noise", Value: noise}})
	require.NoError(t, err)
}

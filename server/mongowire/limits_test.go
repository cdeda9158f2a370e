package mongowire_test

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/taskdb/taskdb/server/mongowire"
	"github.com/taskdb/taskdb/taskdb"
)

const (
	timeExpired    = 50
	cursorNotFound = 43
)

func TestACommandEndsWithItsTime(t *testing.T) {
	h := newHeld(t)
	go func() { <-h.came }()
	s := serve(t, taskdb.NewDB(h), mongowire.Options{})
	reply := s.dial(t).ask(`{find: "b", $db: "a", maxTimeMS: 20}`)
	require.EqualValues(t, timeExpired, reply.Lookup("code").Int32())
	require.Equal(t, "MaxTimeMSExpired", reply.Lookup("codeName").StringValue())
	require.Contains(t, reply.Lookup("errmsg").StringValue(), "operation exceeded time limit")
}

func TestACommandThatReadsHasATimeByItself(t *testing.T) {
	h := newHeld(t)
	go func() { <-h.came }()
	s := serve(t, taskdb.NewDB(h), mongowire.Options{MaxTime: 20 * time.Millisecond})
	require.EqualValues(t, timeExpired, s.dial(t).ask(`{find: "b", $db: "a"}`).Lookup("code").Int32())
}

func TestAClientThatGoesAwayInterruptsWhatItAsked(t *testing.T) {
	h := newHeld(t)
	s := serve(t, taskdb.NewDB(h), mongowire.Options{})
	p := s.dial(t)
	p.send(msg(t, 0, single(t, `{find: "b", $db: "a"}`)))
	ctx := <-h.came
	require.NoError(t, p.socket.Close())
	<-ctx.Done()
}

func TestCommandsWaitForTheirTurnAndOthersAreAnswered(t *testing.T) {
	h := newHeld(t)
	s := serve(t, taskdb.NewDB(h), mongowire.Options{MaxCommands: 1})
	first, second := s.dial(t), s.dial(t)
	first.send(msg(t, 0, single(t, `{find: "b", $db: "a"}`)))
	<-h.came
	require.EqualValues(t, timeExpired, second.ask(`{count: "b", $db: "a", maxTimeMS: 20}`).Lookup("code").Int32())
	require.EqualValues(t, 1, second.ask(ping).Lookup("ok").Double())
	h.letGo <- struct{}{}
	reply, _ := first.receive()
	require.EqualValues(t, 1, reply.Lookup("ok").Double())
	require.EqualValues(t, 1, second.ask(`{count: "b", $db: "a"}`).Lookup("ok").Double())
}

func TestABudgetBoundsWhatIsLookedAt(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{MaxRecords: 10})
	_, err := s.connect(t).Database("a").Collection("b").InsertMany(t.Context(), slices.Repeat([]bson.D{{}}, 5000))
	require.NoError(t, err)
	p := s.dial(t)
	reply := p.ask(`{find: "b", $db: "a", filter: {x: 1}}`)
	require.EqualValues(t, 96, reply.Lookup("code").Int32(), "%s", reply)
	require.EqualValues(t, 1, p.ask(`{find: "b", $db: "a", filter: {_id: 1}}`).Lookup("ok").Double())
}

// TestMoreConnectionsThanAllowedAreRefused holds that a connection too many is told so,
// whatever it asks, and closed.
func TestMoreConnectionsThanAllowedAreRefused(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{MaxConnections: 3, MaxPeerConnections: 2})
	first, second := s.dial(t), s.dial(t)
	require.EqualValues(t, 1, first.ask(ping).Lookup("ok").Double())
	require.EqualValues(t, 1, second.ask(ping).Lookup("ok").Double())
	third := s.dial(t)
	reply := third.ask(`{hello: 1, $db: "admin"}`)
	require.EqualValues(t, 365, reply.Lookup("code").Int32())
	require.Equal(t, "too many connections from 127.0.0.1: there may be 2", reply.Lookup("errmsg").StringValue())
	third.isClosed()
	require.NoError(t, first.socket.Close())
	require.Eventually(t, func() bool { return connections(second) == 1 }, time.Minute, time.Millisecond)
	require.EqualValues(t, 1, s.dial(t).ask(ping).Lookup("ok").Double())
}

// connections is how many connections a server has.
func connections(p peer) int32 {
	return p.ask(`{serverStatus: 1, $db: "admin"}`).Lookup("connections", "current").Int32()
}

// openCursor opens a cursor over three documents and returns its id.
func openCursor(p peer) int64 {
	p.t.Helper()
	reply := p.ask(`{find: "b", $db: "a", batchSize: 1}`)
	id := reply.Lookup("cursor", "id").Int64()
	require.NotZero(p.t, id, "%s", reply)
	return id
}

func more(id int64) string {
	return fmt.Sprintf(`{getMore: NumberLong("%d"), collection: "b", $db: "a", batchSize: 1}`, id)
}

// withCursors starts a server and returns a connection to it.
func withCursors(t *testing.T, o mongowire.Options) (served, peer) {
	s := serve(t, openStore(t, "dict"), o)
	p := s.dial(t)
	p.ask(`{insert: "b", $db: "a", documents: [{_id: 1}, {_id: 2}, {_id: 3}]}`)
	return s, p
}

func TestACursorIsClosedWithItsLastDocument(t *testing.T) {
	s, p := withCursors(t, mongowire.Options{})
	id := openCursor(p)
	other := s.dial(t)
	require.Equal(t, id, other.ask(more(id)).Lookup("cursor", "id").Int64(), "a driver may ask on by another connection")
	require.Zero(t, p.ask(more(id)).Lookup("cursor", "id").Int64())
	require.EqualValues(t, cursorNotFound, p.ask(more(id)).Lookup("code").Int32())
}

func TestAKilledCursorIsGone(t *testing.T) {
	_, p := withCursors(t, mongowire.Options{})
	id := openCursor(p)
	reply := p.ask(fmt.Sprintf(`{killCursors: "b", $db: "a", cursors: [NumberLong("%d"), NumberLong("5")]}`, id))
	require.Equal(t, id, reply.Lookup("cursorsKilled", "0").Int64())
	require.EqualValues(t, 5, reply.Lookup("cursorsNotFound", "0").Int64())
	require.EqualValues(t, cursorNotFound, p.ask(more(id)).Lookup("code").Int32())
}

func TestACursorThatNobodyAsksIsClosed(t *testing.T) {
	_, p := withCursors(t, mongowire.Options{CursorTimeout: 20 * time.Millisecond})
	id := openCursor(p)
	require.Eventually(t, func() bool {
		return p.ask(`{serverStatus: 1, $db: "admin"}`).Lookup("metrics", "cursor", "open", "total").Int64() == 0
	}, time.Minute, time.Millisecond)
	require.EqualValues(t, cursorNotFound, p.ask(more(id)).Lookup("code").Int32())
}

func TestOneCursorTooManyClosesTheOneUnusedForLongest(t *testing.T) {
	_, p := withCursors(t, mongowire.Options{MaxCursors: 2})
	first, second := openCursor(p), openCursor(p)
	require.EqualValues(t, 1, p.ask(more(first)).Lookup("ok").Double())
	third := openCursor(p)
	require.EqualValues(t, cursorNotFound, p.ask(more(second)).Lookup("code").Int32())
	require.EqualValues(t, 1, p.ask(more(first)).Lookup("ok").Double())
	require.EqualValues(t, 1, p.ask(more(third)).Lookup("ok").Double())
}

func TestAPeerWithManyCursorsClosesItsOwn(t *testing.T) {
	s, p := withCursors(t, mongowire.Options{MaxCursors: 3})
	kept := openCursor(p)
	greedy := s.dialFrom(t, "127.0.0.2")
	first := openCursor(greedy)
	for range 5 {
		openCursor(greedy)
	}
	require.EqualValues(t, cursorNotFound, greedy.ask(more(first)).Lookup("code").Int32())
	require.EqualValues(t, 1, p.ask(more(kept)).Lookup("ok").Double())
}

// TestCursorsWithLargeDocumentsAreFew holds that what cursors have read ahead is bounded
// in bytes.
func TestCursorsWithLargeDocumentsAreFew(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{MaxCursors: 10})
	for range 4 {
		require.NoError(t, s.db.In("a.b").AddRaw(t.Context(), document(t, `{text: "`+strings.Repeat("x", 4<<20)+`"}`)))
	}
	p := s.dial(t)
	first, second, third := openCursor(p), openCursor(p), openCursor(p)
	require.EqualValues(t, cursorNotFound, p.ask(more(first)).Lookup("code").Int32())
	for range 2 {
		require.EqualValues(t, 1, p.ask(more(second)).Lookup("ok").Double())
		require.EqualValues(t, 1, p.ask(more(third)).Lookup("ok").Double())
	}
}

// TestACursorWithALargeDocumentLeavesOthersOpen holds that one cursor, however much it has
// read ahead, has not all others closed.
func TestACursorWithALargeDocumentLeavesOthersOpen(t *testing.T) {
	s, p := withCursors(t, mongowire.Options{MaxCursors: 4})
	kept := openCursor(p)
	for range 2 {
		require.NoError(t, s.db.In("a.large").AddRaw(t.Context(), document(t, `{text: "`+strings.Repeat("x", 8<<20)+`"}`)))
	}
	require.NotZero(t, s.dialFrom(t, "127.0.0.2").ask(`{find: "large", $db: "a", batchSize: 1}`).Lookup("cursor", "id").Int64())
	require.EqualValues(t, 1, p.ask(more(kept)).Lookup("ok").Double())
}

func TestACursorBelongsToItsCollection(t *testing.T) {
	_, p := withCursors(t, mongowire.Options{})
	id := openCursor(p)
	elsewhere := strings.Replace(more(id), `"b"`, `"c"`, 1)
	require.EqualValues(t, unauthorized, p.ask(elsewhere).Lookup("code").Int32())
	require.EqualValues(t, 1, p.ask(more(id)).Lookup("ok").Double())
}

func TestABatchIsBoundedInBytes(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{})
	c := s.connect(t).Database("a").Collection("b")
	const size = 3 << 20
	for i := range 7 {
		_, err := c.InsertOne(t.Context(), bson.D{{Key: "_id", Value: i}, {Key: "text", Value: strings.Repeat("x", size)}})
		require.NoError(t, err)
	}
	cursor, err := c.Find(t.Context(), bson.D{})
	require.NoError(t, err)
	require.True(t, cursor.Next(t.Context()))
	require.Equal(t, 4, cursor.RemainingBatchLength(), "five of 3 MiB fit into 16")
	n := 1
	for cursor.Next(t.Context()) {
		n++
	}
	require.Equal(t, 7, n)
}

func TestADocumentIsNoLargerThanDriversWereTold(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{MaxDocumentSize: 1000})
	require.NoError(t, s.db.In("a.b").AddRaw(t.Context(), document(t, `{text: "`+strings.Repeat("x", 1000)+`"}`)))
	reply := s.dial(t).ask(`{find: "b", $db: "a"}`)
	require.EqualValues(t, 10334, reply.Lookup("code").Int32())
	require.EqualValues(t, 1000, s.dial(t).ask(`{hello: 1, $db: "a"}`).Lookup("maxBsonObjectSize").Int32())
}

func TestAReaderThatIsTooSlowIsCutOff(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{IdleTimeout: 50 * time.Millisecond})
	other := s.connect(t).Database("a").Collection("b")
	_, err := other.InsertOne(t.Context(), bson.D{{Key: "text", Value: strings.Repeat("x", 16<<10)}})
	require.NoError(t, err)
	watcher := s.dial(t)
	known := connections(watcher)
	find := msg(t, 0, single(t, `{find: "b", $db: "a"}`))
	p := s.dial(t)
	asked := make(chan error)
	go func() { // asks, and reads nothing, until it is cut off
		var err error
		for err == nil {
			_, err = p.socket.Write(find)
		}
		asked <- err
	}()
	require.Error(t, <-asked)
	require.Eventually(t, func() bool { return connections(watcher) == known }, time.Minute, time.Millisecond)
}

func TestConnectionsThatAreDroppedLeaveNothing(t *testing.T) {
	s := serve(t, openStore(t, "dict"), mongowire.Options{CursorTimeout: 20 * time.Millisecond, MaxPeerConnections: 2000})
	watcher := s.dial(t)
	require.EqualValues(t, 1, connections(watcher))
	before := runtime.NumGoroutine()
	openAndDrop(t, s, 1000)
	require.Eventually(t, func() bool { return connections(watcher) == 1 }, time.Minute, 10*time.Millisecond)
	const asking = 1 // the goroutine in which Eventually asks
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+asking }, time.Minute, 10*time.Millisecond)
}

// openAndDrop opens connections and drops them: one in four at once, one in the middle
// of a message, one behind a command whose reply it does not read, one with a cursor
// open.
func openAndDrop(t *testing.T, s served, n int) {
	first := s.dial(t)
	first.ask(`{insert: "b", $db: "a", documents: [{}, {}, {}]}`)
	find := msg(t, 0, single(t, `{find: "b", $db: "a", batchSize: 1}`))
	for i := range n {
		socket, err := net.Dial("tcp", s.address)
		require.NoError(t, err)
		switch i % 4 {
		case 1:
			_, err = socket.Write(find[:len(find)/2])
		case 2:
			_, err = socket.Write(find)
		case 3:
			_, err = socket.Write(find)
			require.NoError(t, err)
			_, err = io.ReadFull(socket, make([]byte, 16))
		}
		require.NoError(t, err)
		require.NoError(t, socket.Close())
	}
	require.NoError(t, first.socket.Close())
}

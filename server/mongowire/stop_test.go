package mongowire_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/server/mongowire"
	"github.com/taskdb/taskdb/taskdb"
)

func TestAServerThatStopsFinishesWhatIsUnderWay(t *testing.T) {
	h := newHeld(t)
	s := serve(t, taskdb.NewDB(h), mongowire.Options{})
	idle, busy := s.dial(t), s.dial(t)
	require.EqualValues(t, 1, idle.ask(ping).Lookup("ok").Double())
	busy.send(msg(t, 0, single(t, `{insert: "b", $db: "a", documents: [{_id: 1}]}`)))
	ctx := <-h.came
	stopped := make(chan error, 1)
	go func() { stopped <- s.end() }()
	idle.isClosed()
	require.NoError(t, ctx.Err())
	h.letGo <- struct{}{}
	reply, _ := busy.receive()
	require.EqualValues(t, 1, reply.Lookup("n").Int32())
	busy.isClosed()
	require.NoError(t, <-stopped)
	n, err := s.db.In("a.b").Count(t.Context(), taskdb.Query{})
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
}

func TestAServerThatStopsWaitsNoLongerThanItIsTold(t *testing.T) {
	h := newHeld(t)
	s := serve(t, taskdb.NewDB(h), mongowire.Options{StopTimeout: 20 * time.Millisecond})
	p := s.dial(t)
	p.send(msg(t, 0, single(t, `{find: "b", $db: "a"}`)))
	<-h.came
	require.NoError(t, s.end())
}

package mongowire_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xdg-go/scram"

	"github.com/taskdb/taskdb/server/access"
	"github.com/taskdb/taskdb/server/mongowire"
)

const hello = `{hello: 1, $db: "admin"}`

// say says who the peer is.
func (p peer) say(name, secret string) {
	p.t.Helper()
	client, err := scram.SHA256.NewClientUnprepped(name, secret, "")
	require.NoError(p.t, err)
	conversation := client.NewConversation()
	command, said := `saslStart: 1, mechanism: "SCRAM-SHA-256", options: {skipEmptyExchange: true}`, ""
	for !conversation.Done() {
		said, err = conversation.Step(said)
		require.NoError(p.t, err)
		if conversation.Done() {
			return
		}
		reply := p.ask(fmt.Sprintf(`{%s, payload: BinData(0, "%s"), $db: "admin"}`, command, base64.StdEncoding.EncodeToString([]byte(said))))
		_, payload, ok := reply.Lookup("payload").BinaryOK()
		require.True(p.t, ok, "%s", reply)
		command, said = `saslContinue: 1, conversationId: 1`, string(payload)
	}
}

// TestTheOneWhoIsSilentForLongestMakesWay holds that of those who have not said who they
// are a peer has half of its connections; and that those who have, and those who ask
// from time to time, as drivers do, stay.
func TestTheOneWhoIsSilentForLongestMakesWay(t *testing.T) {
	s, _, secrets := withUsers(t, mongowire.Options{MaxPeerConnections: 6}, access.User{Name: "op", Role: access.Operate})
	op := s.dial(t)
	op.say("op", secrets["op"])
	first, second, third := s.dial(t), s.dial(t), s.dial(t)
	for _, p := range []peer{first, second, third, first} {
		require.EqualValues(t, 1, p.ask(hello).Lookup("ok").Double())
	}
	fourth := s.dial(t)
	require.EqualValues(t, 1, fourth.ask(hello).Lookup("ok").Double())
	second.isClosed()
	fifth := s.dial(t)
	require.EqualValues(t, 1, fifth.ask(hello).Lookup("ok").Double())
	third.isClosed()
	for _, p := range []peer{first, fourth, fifth, op} {
		require.EqualValues(t, 1, p.ask(hello).Lookup("ok").Double())
	}
	require.EqualValues(t, 1, op.ask(`{find: "b", $db: "a"}`).Lookup("ok").Double())
}

// TestStrangersKeepNobodyOut holds that those who do not say who they are, from wherever
// they come, keep no connections from those who do.
func TestStrangersKeepNobodyOut(t *testing.T) {
	s, _, secrets := withUsers(t, mongowire.Options{MaxConnections: 8, MaxPeerConnections: 6}, access.User{Name: "op", Role: access.Operate})
	for n := range 30 {
		p := s.dialFrom(t, fmt.Sprintf("127.0.0.%d", 2+n%3))
		require.EqualValues(t, 1, p.ask(hello).Lookup("ok").Double())
	}
	require.NoError(t, s.as(t, "op", secrets["op"]).Ping(t.Context(), nil))
	for range 4 {
		p := s.dialFrom(t, "127.0.0.9")
		p.say("op", secrets["op"])
		require.EqualValues(t, 1, p.ask(`{find: "b", $db: "a"}`).Lookup("ok").Double())
	}
}

// TestAStrangerWhoTakesNoRepliesMakesWay holds that nothing is left of a connection that
// made way, whatever it was about.
func TestAStrangerWhoTakesNoRepliesMakesWay(t *testing.T) {
	s, _, _ := withUsers(t, mongowire.Options{MaxPeerConnections: 2, IdleTimeout: time.Hour}, access.User{Name: "op", Role: access.Operate})
	p := s.dial(t)
	asked := bytes.Repeat(msg(t, 0, single(t, hello)), 100)
	var err error
	for err == nil { // until neither side takes anything
		require.NoError(t, p.socket.SetWriteDeadline(time.Now().Add(time.Second/2)))
		_, err = p.socket.Write(asked)
	}
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.EqualValues(t, 1, s.dial(t).ask(hello).Lookup("ok").Double())
	require.NoError(t, p.socket.SetWriteDeadline(time.Now().Add(time.Minute)))
	for err = nil; err == nil; {
		_, err = p.socket.Write(asked)
	}
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
}

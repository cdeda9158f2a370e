package peers_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskdb/taskdb/server/peers"
)

func at(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 1} }

func TestConnectionsAreBoundedByPeerAndInAll(t *testing.T) {
	gate := peers.NewGate(peers.Limits{All: 4, Peer: 2})
	first := gate.Enter(at("10.0.0.1"))
	require.NoError(t, first.Refusal)
	require.NoError(t, gate.Enter(at("10.0.0.1")).Refusal)
	require.EqualError(t, gate.Enter(at("10.0.0.1")).Refusal, "too many connections from 10.0.0.1: there may be 2")
	require.NoError(t, gate.Enter(at("10.0.0.2")).Refusal)
	require.NoError(t, gate.Enter(at("10.0.0.3")).Refusal)
	require.EqualError(t, gate.Enter(at("10.0.0.4")).Refusal, "too many connections: there may be 4")
	require.Equal(t, 4, gate.Connections())
	require.EqualValues(t, 2, gate.Refused())

	first.Leave()
	first.Leave()
	require.Equal(t, 3, gate.Connections())
	require.NoError(t, gate.Enter(at("10.0.0.1")).Refusal)
	require.Error(t, gate.Enter(at("10.0.0.1")).Refusal)
}

// TestAddressesOfOnePeer holds that one machine does not have more by its many
// addresses, nor by writing its address otherwise.
func TestAddressesOfOnePeer(t *testing.T) {
	for _, same := range [][2]string{{"2001:db8::1", "2001:db8::2:3"}, {"10.0.0.1", "::ffff:10.0.0.1"}} {
		gate := peers.NewGate(peers.Limits{All: 10, Peer: 1})
		require.NoError(t, gate.Enter(at(same[0])).Refusal)
		require.Error(t, gate.Enter(at(same[1])).Refusal)
	}
	gate := peers.NewGate(peers.Limits{All: 10, Peer: 1})
	require.NoError(t, gate.Enter(at("2001:db8::1")).Refusal)
	require.EqualError(t, gate.Enter(at("2001:db8::2")).Refusal, "too many connections from 2001:db8::/64: there may be 1")
	require.NoError(t, gate.Enter(at("2001:db8:0:1::1")).Refusal)
}

// TestFewAreTold holds that those who are told that they are refused are bounded too.
func TestFewAreTold(t *testing.T) {
	gate := peers.NewGate(peers.Limits{All: 1, Peer: 1})
	require.NoError(t, gate.Enter(at("10.0.0.1")).Refusal)
	told := gate.Enter(at("10.0.0.1"))
	for pass := told; pass != nil; pass = gate.Enter(at("10.0.0.1")) {
		require.Error(t, pass.Refusal)
		require.Less(t, gate.Refused(), int64(1000))
	}
	told.Leave()
	require.Error(t, gate.Enter(at("10.0.0.1")).Refusal)
	require.Nil(t, gate.Enter(at("10.0.0.1")))
}

package peers

import "net/netip"

// Peer is whose connections and bytes are counted together: an address or, of IPv6,
// where one machine may have many, a network of 64 bits. The zero Peer is where that is
// not known, as of a pipe.
type Peer struct{ network netip.Prefix }

// Of returns the peer at an address, as "10.0.0.1:4711".
func Of(address string) Peer {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return Peer{}
	}
	ip := at.Addr().Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	network, _ := ip.Prefix(bits) // it has so many
	return Peer{network}
}

// String returns the peer as people write it: an address, or a network.
func (p Peer) String() string {
	switch {
	case p == Peer{}:
		return "an unknown address"
	case p.network.IsSingleIP():
		return p.network.Addr().String()
	}
	return p.network.String()
}

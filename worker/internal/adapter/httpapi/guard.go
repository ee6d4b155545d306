package httpapi

import (
	"hash/maphash"
	"net/netip"

	"golang.org/x/time/rate"
)

const (
	guesses = 20 // a second with a wrong token, by one client
	buckets = 256
)

// guard bars clients that guess tokens. It counts failures in a fixed number of
// buckets that clients are hashed to, so that its memory is bounded and one
// client seldom bars another. Behind a proxy all clients are one: forwarding
// headers are not believed.
type guard struct {
	seed    maphash.Seed
	buckets [buckets]*rate.Limiter
}

func newGuard() *guard {
	g := &guard{seed: maphash.MakeSeed()}
	for i := range g.buckets {
		g.buckets[i] = rate.NewLimiter(guesses, guesses)
	}
	return g
}

// bars says whether a client's requests are not to be looked at, right or wrong.
func (g *guard) bars(remote string) bool { return g.bucket(remote).Tokens() < 1 }

// failed counts a wrong token.
func (g *guard) failed(remote string) { g.bucket(remote).Allow() }

// bucket of a client, which is an address, or a /64 of IPv6.
func (g *guard) bucket(remote string) *rate.Limiter {
	client := remote
	if at, err := netip.ParseAddrPort(remote); err == nil {
		addr := at.Addr().Unmap().WithZone("")
		client = addr.String()
		if prefix, err := addr.Prefix(64); addr.Is6() && err == nil {
			client = prefix.String()
		}
	}
	return g.buckets[maphash.String(g.seed, client)%buckets]
}

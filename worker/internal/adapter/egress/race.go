package egress

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// stagger is how long one address is waited for before the next one is tried
// beside it (RFC 8305, section 5).
const stagger = 250 * time.Millisecond

// alternate orders addresses so that IPv6 and IPv4 take turns, beginning with
// the family of the first (RFC 8305, section 4). Within a family the order,
// which is the resolver's, stays.
func alternate(to []netip.AddrPort) []netip.AddrPort {
	var families [2][]netip.AddrPort // of the first, the other
	for _, a := range to {
		other := 0
		if a.Addr().Is4() != to[0].Addr().Is4() {
			other = 1
		}
		families[other] = append(families[other], a)
	}
	ordered := make([]netip.AddrPort, 0, len(to))
	for i := range to {
		for _, family := range families {
			if i < len(family) {
				ordered = append(ordered, family[i])
			}
		}
	}
	return ordered
}

type attempt struct {
	number int
	conn   net.Conn
	err    error
}

// race connects to the addresses, one of which there must be, and keeps the
// first connection: the next address is tried when one has failed or has not
// answered within stagger. It returns the error of the first address when all
// have failed.
func (d *Dialer) race(ctx context.Context, network string, to []netip.AddrPort) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan attempt, len(to)) // nobody who loses waits
	var first error
	for started, running := 0, 0; ; {
		var next <-chan time.Time
		if started < len(to) {
			go func(number int) {
				conn, err := d.connect(ctx, network, to[number].String())
				ended <- attempt{number, conn, err}
			}(started)
			started++
			running++
			next = time.After(stagger)
		}
		select {
		case a := <-ended:
			running--
			if a.err == nil {
				go discard(ended, running)
				return a.conn, nil
			}
			if a.number == 0 {
				first = a.err
			}
			if running == 0 && started == len(to) {
				return nil, first
			}
		case <-next:
		}
	}
}

// discard closes the connections of those that lost.
func discard(ended <-chan attempt, running int) {
	for range running {
		if a := <-ended; a.conn != nil {
			_ = a.conn.Close()
		}
	}
}

package egress

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"time"
)

const (
	connectTimeout = 10 * time.Second // of looking up and connecting
	maxTried       = 8                // addresses of one name
)

// Resolver looks names up. *net.Resolver is one.
type Resolver interface {
	// LookupNetIP returns the addresses of host for network "ip".
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Connect makes a connection to an address, which is a literal.
type Connect func(ctx context.Context, network, address string) (net.Conn, error)

// Dialer makes the connections that its guard lets through. It is safe for
// concurrent use.
type Dialer struct {
	guard    *Guard
	resolver Resolver
	connect  Connect
}

// NewDialer makes a dialer on the system's resolver and sockets.
func NewDialer(guard *Guard) *Dialer {
	sockets := &net.Dialer{Control: guard.control}
	return NewDialerOn(guard, net.DefaultResolver, sockets.DialContext)
}

// NewDialerOn makes a dialer on a given resolver and given connections.
func NewDialerOn(guard *Guard, resolver Resolver, connect Connect) *Dialer {
	return &Dialer{guard: guard, resolver: resolver, connect: connect}
}

// DialContext connects to the first address of host:port that answers, out of
// those that the guard lets through. It takes no longer than 10 s. The error
// is a *RefusedError when no address may be called, a *net.DNSError when there
// is none, and else that of the connection that was tried first.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, refuse(ruleName)
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, refuse(rulePort)
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	addrs, err := d.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	to, err := d.permitted(addrs, uint16(port))
	if err != nil {
		return nil, err
	}
	return d.race(ctx, network, to)
}

// resolve returns at least one address.
func (d *Dialer) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	addr, err := literal(host)
	if err != nil {
		return nil, err
	}
	if addr.IsValid() {
		return []netip.Addr{addr}, nil
	}
	addrs, err := d.resolver.LookupNetIP(ctx, "ip", host)
	if err == nil && len(addrs) == 0 {
		err = &net.DNSError{Err: "no address", IsNotFound: true}
	}
	return addrs, err
}

// permitted returns the addresses that may be called, in the order in which
// they are to be tried; when there are none, why not.
func (d *Dialer) permitted(addrs []netip.Addr, port uint16) ([]netip.AddrPort, error) {
	var to []netip.AddrPort
	var first error
	for _, addr := range addrs {
		if err := d.guard.Check(netip.AddrPortFrom(addr, port)); err == nil {
			to = append(to, netip.AddrPortFrom(addr.Unmap(), port))
		} else if first == nil {
			first = err
		}
	}
	if len(to) == 0 {
		return nil, first
	}
	to = alternate(to)
	return to[:min(len(to), maxTried)], nil
}

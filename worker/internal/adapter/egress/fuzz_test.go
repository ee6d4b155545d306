package egress_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/weplanx/workflow/worker/internal/adapter/egress"
)

// forbidden judges an address a second time, with the standard library's words.
func forbidden(addr netip.Addr) bool {
	addr = addr.Unmap()
	return !addr.IsValid() || addr.Zone() != "" || addr.IsPrivate() || addr.IsLoopback() || addr.IsUnspecified() ||
		addr.IsMulticast() || addr.IsLinkLocalUnicast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// What passes is never one of those that the standard library knows as not
// public, nor does it hold one.
func FuzzCheck(f *testing.F) {
	for _, addr := range []string{"8.8.8.8", "127.0.0.1", "::1", "64:ff9b::7f00:1", "2002:7f00:1::", "::ffff:10.0.0.1", "2606:4700::5efe:a00:1"} {
		b := netip.MustParseAddr(addr).As16()
		f.Add(b[:], uint16(80))
	}
	g := guard(f)
	f.Fuzz(func(t *testing.T, b []byte, port uint16) {
		addr, ok := netip.AddrFromSlice(b)
		if !ok || g.Check(netip.AddrPortFrom(addr, port)) != nil {
			return
		}
		if forbidden(addr) || (port < 1024 && port != 80 && port != 443) {
			t.Errorf("%s port %d passes", addr, port)
		}
		if b := addr.As16(); addr.Is6() && netip.MustParsePrefix("64:ff9b::/96").Contains(addr) && forbidden(netip.AddrFrom4([4]byte(b[12:]))) {
			t.Errorf("%s passes", addr)
		}
	})
}

// Whatever is written where a host belongs, only public addresses are dialled.
// The resolver makes an address of any name.
func FuzzDial(f *testing.F) {
	for _, address := range []string{
		"a.test:80", "127.0.0.1:80", "[::1]:443", "0x7f.1:80", "2130706433:8080", "[::ffff:127.0.0.1]:80", "localhost:80", "１２７.1:80",
		"[fe80::1%eth0]:80", "127.0.0.1.:80", ":80", "a:b:c", "[64:ff9b::7f00:1]:80",
	} {
		f.Add(address, []byte{127, 0, 0, 1}, []byte{8, 8, 8, 8})
	}
	f.Fuzz(func(t *testing.T, address string, one, two []byte) {
		connect := func(_ context.Context, _, to string) (net.Conn, error) {
			if dialed, err := netip.ParseAddrPort(to); err != nil || forbidden(dialed.Addr()) {
				t.Errorf("%q: dialled %s", address, to)
			}
			return nil, errDown
		}
		_, err := egress.NewDialerOn(guard(t), bytesResolver{one, two}, connect).DialContext(t.Context(), "tcp", address)
		var refused *egress.RefusedError
		var dns *net.DNSError
		if !errors.Is(err, errDown) && !errors.As(err, &refused) && !errors.As(err, &dns) {
			t.Errorf("%q: got %v", address, err)
		}
	})
}

type bytesResolver [][]byte

func (r bytesResolver) LookupNetIP(context.Context, string, string) (addrs []netip.Addr, err error) {
	for _, b := range r {
		if addr, ok := netip.AddrFromSlice(b); ok {
			addrs = append(addrs, addr)
		}
	}
	return addrs, nil
}

// An entry is a network or is refused; there is no third way.
func FuzzParseAllowed(f *testing.F) {
	for _, entry := range []string{"10.0.0.0/8", "::1", "10.1.2.3/8", "", "/", "1/1", "::ffff:1.2.3.4", "fe80::1%a", " 10.0.0.1 "} {
		f.Add(entry)
	}
	f.Fuzz(func(t *testing.T, entry string) {
		networks, err := egress.ParseAllowed([]string{entry})
		if err != nil {
			return
		}
		if len(networks) != 1 || !networks[0].IsValid() || networks[0] != networks[0].Masked() || networks[0].Addr().Is4In6() {
			t.Errorf("%q: got %v", entry, networks)
		}
	})
}

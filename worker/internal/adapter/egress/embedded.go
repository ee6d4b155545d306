package egress

import (
	"encoding/binary"
	"net/netip"
)

// IPv6 forms that hold an IPv4 address.
var (
	nat64      = netip.MustParsePrefix("64:ff9b::/96")    // RFC 6052
	compatible = netip.MustParsePrefix("::/96")           // RFC 4291, section 2.5.5.1
	translated = netip.MustParsePrefix("::ffff:0:0:0/96") // RFC 2765, section 2.1
	sixToFour  = netip.MustParsePrefix("2002::/16")       // RFC 3056
	teredo     = netip.MustParsePrefix("2001::/32")       // RFC 4380, section 4
)

// embedded returns the IPv4 addresses within an IPv6 address, none for most. The
// unspecified and the loopback address are in the range of IPv4-compatible ones
// but hold nothing.
func embedded(addr netip.Addr) []netip.Addr {
	if !addr.Is6() {
		return nil
	}
	bytes := addr.As16()
	switch {
	case addr.IsUnspecified() || addr.IsLoopback():
		return nil
	case compatible.Contains(addr), translated.Contains(addr), isatap(bytes):
		return []netip.Addr{last4(addr)}
	case sixToFour.Contains(addr):
		return []netip.Addr{netip.AddrFrom4([4]byte(bytes[2:6]))}
	case teredo.Contains(addr): // server, and client with its bits flipped
		client := [4]byte(bytes[12:16])
		for i := range client {
			client[i] ^= 0xff
		}
		return []netip.Addr{netip.AddrFrom4([4]byte(bytes[4:8])), netip.AddrFrom4(client)}
	}
	return nil
}

// isatap reports whether the interface identifier is one of ISATAP (RFC 5214,
// section 6.1), under whatever prefix.
func isatap(bytes [16]byte) bool {
	id := binary.BigEndian.Uint32(bytes[8:12])
	return id == 0x0000_5efe || id == 0x0200_5efe
}

func last4(addr netip.Addr) netip.Addr {
	bytes := addr.As16()
	return netip.AddrFrom4([4]byte(bytes[12:16]))
}

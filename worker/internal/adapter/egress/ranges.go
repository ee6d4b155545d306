package egress

import (
	"errors"
	"net/netip"
)

var (
	errNotNetwork = errors.New("it is neither")
	errMapped     = errors.New("write it as IPv4")
)

// azure answers inside every virtual machine of that cloud (DHCP, DNS, health).
var azure = netip.MustParsePrefix("168.63.129.16/32")

// ranges name what the judgement of ssrf rests on, for people. The first that
// holds an address describes it.
var ranges = []struct {
	network netip.Prefix
	is      string
}{
	{netip.MustParsePrefix("0.0.0.0/32"), "is the unspecified one (RFC 1122)"},
	{netip.MustParsePrefix("0.0.0.0/8"), "means this network (RFC 791)"},
	{netip.MustParsePrefix("10.0.0.0/8"), "is in a private range (RFC 1918)"},
	{netip.MustParsePrefix("100.64.0.0/10"), "is in the range that carriers share (RFC 6598)"},
	{netip.MustParsePrefix("127.0.0.0/8"), "is a loopback address (RFC 1122)"},
	{azure, "belongs to the platform of a cloud (Azure)"},
	{netip.MustParsePrefix("169.254.0.0/16"), "is link-local, as the metadata of clouds are (RFC 3927)"},
	{netip.MustParsePrefix("172.16.0.0/12"), "is in a private range (RFC 1918)"},
	{netip.MustParsePrefix("192.0.0.0/24"), "is in a range for protocols (RFC 6890)"},
	{netip.MustParsePrefix("192.0.2.0/24"), "is for documentation (RFC 5737)"},
	{netip.MustParsePrefix("192.31.196.0/24"), "is one of AS112 (RFC 7535)"},
	{netip.MustParsePrefix("192.52.193.0/24"), "is a relay of multicast (RFC 7450)"},
	{netip.MustParsePrefix("192.88.99.0/24"), "is a relay of 6to4 (RFC 7526)"},
	{netip.MustParsePrefix("192.168.0.0/16"), "is in a private range (RFC 1918)"},
	{netip.MustParsePrefix("192.175.48.0/24"), "is one of AS112 (RFC 7534)"},
	{netip.MustParsePrefix("198.18.0.0/15"), "is for benchmarks (RFC 2544)"},
	{netip.MustParsePrefix("198.51.100.0/24"), "is for documentation (RFC 5737)"},
	{netip.MustParsePrefix("203.0.113.0/24"), "is for documentation (RFC 5737)"},
	{netip.MustParsePrefix("224.0.0.0/4"), "is a multicast address (RFC 1112)"},
	{netip.MustParsePrefix("255.255.255.255/32"), "is the broadcast address (RFC 919)"},
	{netip.MustParsePrefix("240.0.0.0/4"), "is in a reserved range (RFC 1112)"},

	{netip.MustParsePrefix("::/128"), "is the unspecified one (RFC 4291)"},
	{netip.MustParsePrefix("::1/128"), "is the loopback address (RFC 4291)"},
	{compatible, "is IPv4-compatible (RFC 4291)"},
	{translated, "is IPv4-translated (RFC 2765)"},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "is in a local range of NAT64 (RFC 8215)"},
	{netip.MustParsePrefix("100::/64"), "is one that discards (RFC 6666)"},
	{netip.MustParsePrefix("100:0:0:1::/64"), "is in a dummy range (RFC 9780)"},
	{teredo, "is one of Teredo (RFC 4380)"},
	{netip.MustParsePrefix("2001:2::/48"), "is for benchmarks (RFC 5180)"},
	{netip.MustParsePrefix("2001::/23"), "is in a range for protocols (RFC 2928)"},
	{netip.MustParsePrefix("2001:db8::/32"), "is for documentation (RFC 3849)"},
	{sixToFour, "is one of 6to4 (RFC 7526)"},
	{netip.MustParsePrefix("2620:4f:8000::/48"), "is one of AS112 (RFC 7534)"},
	{netip.MustParsePrefix("3fff::/20"), "is for documentation (RFC 9637)"},
	{netip.MustParsePrefix("5f00::/16"), "is for segment routing (RFC 9602)"},
	{netip.MustParsePrefix("fc00::/7"), "is in a private range (RFC 4193)"},
	{netip.MustParsePrefix("fe80::/10"), "is link-local (RFC 4291)"},
	{netip.MustParsePrefix("fec0::/10"), "is site-local (RFC 3879)"},
	{netip.MustParsePrefix("ff00::/8"), "is a multicast address (RFC 4291)"},
}

// isOther describes an address that is in none of the ranges.
const isOther = "is not a public unicast address"

// describe says why an address is not public, without naming it.
func describe(addr netip.Addr) string {
	for _, r := range ranges {
		if r.network.Contains(addr) {
			return r.is
		}
	}
	return isOther
}

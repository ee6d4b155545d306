package egress_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"code.dny.dev/ssrf"

	"github.com/weplanx/workflow/shared/leaktest"
	"github.com/weplanx/workflow/worker/internal/adapter/egress"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func guard(t testing.TB, allowed ...string) *egress.Guard {
	t.Helper()
	networks, err := egress.ParseAllowed(allowed)
	if err != nil {
		t.Fatal(err)
	}
	return egress.NewGuard(networks)
}

func to(addr string, port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(addr), port)
}

// wantRefusal wants an error that names the rule, and not the address.
func wantRefusal(t *testing.T, err error, rule, addr string) {
	t.Helper()
	var refused *egress.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(refused.Refused(), rule) || refused.Error() != refused.Refused() {
		t.Errorf("%s: got %v, want a refusal by the rule %q", addr, err, rule)
		return
	}
	if strings.Contains(err.Error(), addr) {
		t.Errorf("the error %q tells the address", err)
	}
}

// The registries of IANA, and what else is not public unicast, by their first
// and last addresses.
func TestSpecialAddressesAreRefused(t *testing.T) {
	t.Parallel()
	g := guard(t)
	for rule, addrs := range map[string][]string{
		"unspecified":           {"0.0.0.0", "::"},
		"this network":          {"0.0.0.1", "0.255.255.255"},
		"private range (RFC 1":  {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255"},
		"carriers":              {"100.64.0.0", "100.127.255.255", "100.100.100.200"},
		"loopback":              {"127.0.0.0", "127.0.0.1", "127.255.255.255", "::1"},
		"link-local":            {"169.254.0.0", "169.254.169.254", "169.254.170.2", "169.254.255.255", "fe80::", "fe80::1", "febf:ffff::1"},
		"for protocols":         {"192.0.0.0", "192.0.0.8", "192.0.0.170", "192.0.0.192", "192.0.0.255", "2001:1::1", "2001:4:112::", "2001:20::1", "2001:1ff:ffff::"},
		"documentation":         {"192.0.2.0", "192.0.2.255", "198.51.100.0", "198.51.100.255", "203.0.113.0", "203.0.113.255", "2001:db8::", "2001:db8:ffff::", "3fff::", "3fff:fff::1"},
		"AS112":                 {"192.31.196.0", "192.31.196.255", "192.175.48.0", "192.175.48.255", "2620:4f:8000::", "2620:4f:8000:ffff::"},
		"relay of multicast":    {"192.52.193.0", "192.52.193.255"},
		"relay of 6to4":         {"192.88.99.0", "192.88.99.2", "192.88.99.255"},
		"benchmarks":            {"198.18.0.0", "198.19.255.255", "2001:2::", "2001:2:0:ffff::"},
		"multicast address":     {"224.0.0.0", "224.0.0.1", "239.255.255.255", "ff00::", "ff02::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		"reserved":              {"240.0.0.0", "250.1.2.3", "255.255.255.254"},
		"broadcast":             {"255.255.255.255"},
		"platform of a cloud":   {"168.63.129.16"},
		"IPv4-compatible":       {"::2", "::8.8.8.8", "::127.0.0.1", "::ffff:ffff"},
		"IPv4-translated":       {"::ffff:0:8.8.8.8", "::ffff:0:127.0.0.1"},
		"local range of NAT64":  {"64:ff9b:1::", "64:ff9b:1::8.8.8.8", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"},
		"discards":              {"100::", "100::ffff:ffff:ffff:ffff"},
		"dummy":                 {"100:0:0:1::", "100:0:0:1::1"},
		"Teredo":                {"2001::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:0:ffff::"},
		"one of 6to4":           {"2002::", "2002:808:808::1", "2002:7f00:1::", "2002:ffff:ffff::"},
		"segment routing":       {"5f00::", "5f00:ffff::1"},
		"private range (RFC 4":  {"fc00::", "fd00::1", "fd00:ec2::254", "fd20:ce::254", "fdff:ffff::"},
		"site-local":            {"fec0::", "feff:ffff::1"},
		egress.IsOther:          {"200::1", "400::", "1000::1", "1fff:ffff::", "4000::", "8000::1", "e000::", "64:ff9b:2::1", "0:1::"},
		"IPv4 address within":   {"2606:4700::5efe:10.0.0.1", "2606:4700::200:5efe:127.0.0.1", "2a00::5efe:a9fe:a9fe"},
		"has a zone":            {"fe80::1%eth0", "::1%lo", "2606:4700::1%0", "::ffff:8.8.8.8%1"},
		"is a loopback address": {"::ffff:127.0.0.1", "::ffff:7f00:1", "64:ff9b::127.0.0.1", "64:ff9b::7f00:1"},
	} {
		for _, addr := range addrs {
			for _, port := range []uint16{80, 443, 8080} {
				wantRefusal(t, g.Check(to(addr, port)), rule, addr)
			}
		}
	}
	wantRefusal(t, g.Check(netip.AddrPort{}), "no address", "invalid")
}

func TestPublicAddressesPass(t *testing.T) {
	t.Parallel()
	g := guard(t)
	for _, addr := range []string{
		"1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "93.184.215.14", "100.63.255.255", "100.128.0.0", "126.255.255.255",
		"128.0.0.0", "168.63.129.15", "168.63.129.17", "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0",
		"191.255.255.255", "192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0",
		"203.0.112.255", "203.0.114.0", "223.255.255.255",
		"2000::1", "2001:200::1", "2001:4860:4860::8888", "2003::1", "2606:4700:4700::1111", "2a00:1450:4001::200e", "3ffe::1",
		"3fff:1000::1", "2606:4700::5efe:8.8.8.8", "2606:4700::100:5efe:10.0.0.1",
		"::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "64:ff9b::808:808",
	} {
		for _, port := range []uint16{80, 443, 1024, 8443, 65535} {
			if err := g.Check(to(addr, port)); err != nil {
				t.Errorf("%s port %d: %v", addr, port, err)
			}
		}
	}
}

func TestPorts(t *testing.T) {
	t.Parallel()
	g := guard(t, "10.0.0.0/8", "fd00::/8")
	for _, port := range []uint16{0, 1, 7, 21, 22, 23, 25, 53, 79, 81, 110, 139, 143, 389, 442, 444, 445, 465, 587, 993, 1023} {
		for _, addr := range []string{"8.8.8.8", "2606:4700::1", "64:ff9b::8.8.8.8"} {
			wantRefusal(t, g.Check(to(addr, port)), "port", addr)
		}
		for _, addr := range []string{"10.0.0.1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1"} {
			if err := g.Check(to(addr, port)); err != nil {
				t.Errorf("%s port %d, which is allowed: %v", addr, port, err)
			}
		}
	}
}

// What is allowed passes in all its forms; what is within it need not.
func TestAllowed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		allowed       []string
		pass, refused []string
	}{
		"network": {
			[]string{"10.0.0.0/8"},
			[]string{"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "64:ff9b::10.1.2.3", "2606:4700::5efe:10.1.2.3"},
			[]string{"127.0.0.1", "::10.1.2.3", "2002:a01:203::", "169.254.169.254", "::1"},
		},
		"address":    {[]string{"127.0.0.1"}, []string{"127.0.0.1", "::ffff:127.0.0.1"}, []string{"127.0.0.2", "::1"}},
		"IPv6":       {[]string{"::1", "fd00::/8"}, []string{"::1", "fd12::1"}, []string{"127.0.0.1", "::", "::2", "fc00::1", "fd12::5efe:10.0.0.1"}},
		"link-local": {[]string{"fe80::/10"}, []string{"fe80::1"}, []string{"fe80::1%eth0"}},
		"6to4":       {[]string{"2002::/16"}, []string{"2002:808:808::1"}, []string{"2002:a01:203::1", "2002:7f00:1::1"}},
		"Teredo": {
			[]string{"2001::/32"},
			[]string{"2001:0:808:808::f7f7:f7f7"},                            // server and client 8.8.8.8
			[]string{"2001:0:808:808::80ff:fffe", "2001:0:a00:1::f7f7:f7f7"}, // client 127.0.0.1, server 10.0.0.1
		},
		"local NAT64":  {[]string{"64:ff9b:1::/48"}, []string{"64:ff9b:1::1", "64:ff9b:1::10.0.0.1"}, []string{"64:ff9b::10.0.0.1"}},
		"NAT64":        {[]string{"64:ff9b::/96"}, []string{"64:ff9b::8.8.8.8"}, []string{"64:ff9b::10.0.0.1"}},
		"all of IPv4":  {[]string{"0.0.0.0/0"}, []string{"127.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "255.255.255.255"}, []string{"::1", "fd00::1"}},
		"all of IPv6":  {[]string{"::/0"}, []string{"::1", "fd00::1", "::"}, []string{"127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::127.0.0.1", "::127.0.0.1"}},
		"all":          {[]string{"0.0.0.0/0", "::/0"}, []string{"127.0.0.1", "::1", "::127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::"}, []string{"fe80::1%1"}},
		"public, port": {[]string{"8.8.8.8"}, []string{"8.8.8.8"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := guard(t, test.allowed...)
			for _, addr := range test.pass {
				if err := g.Check(to(addr, 80)); err != nil {
					t.Errorf("%s: %v", addr, err)
				}
			}
			for _, addr := range test.refused {
				wantRefusal(t, g.Check(to(addr, 80)), "the ", addr)
			}
		})
	}
}

// A new version of the library may know ranges that have no name here yet.
func TestEveryRangeHasAName(t *testing.T) {
	t.Parallel()
	g := guard(t)
	for _, network := range append(append([]netip.Prefix{}, ssrf.IPv4DeniedPrefixes...), ssrf.IPv6DeniedPrefixes...) {
		err := g.Check(netip.AddrPortFrom(network.Addr(), 80))
		if err == nil || strings.Contains(err.Error(), egress.IsOther) {
			t.Errorf("%s: got %v", network, err)
		}
	}
}

// The hook of the sockets judges what the kernel is about to connect to.
func TestControl(t *testing.T) {
	t.Parallel()
	g := guard(t)
	for _, address := range []string{"8.8.8.8:443", "[2606:4700::1]:443"} {
		for _, network := range []string{"tcp4", "tcp6"} {
			if err := g.Control(network, address); err != nil {
				t.Errorf("%s %s: %v", network, address, err)
			}
		}
		for _, network := range []string{"tcp", "udp4", "unix", "ip4:icmp", ""} {
			wantRefusal(t, g.Control(network, address), "not TCP", address)
		}
	}
	for _, address := range []string{"127.0.0.1:80", "[::1]:80", "[::ffff:10.0.0.1]:443", "[fe80::1%eth0]:80", "8.8.8.8:22", "localhost:80", "8.8.8.8", "/tmp/socket", ""} {
		wantRefusal(t, g.Control("tcp4", address), "the", "127.0.0.1")
	}
}

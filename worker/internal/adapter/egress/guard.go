package egress

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"

	"code.dny.dev/ssrf"
)

// RefusedError says that an address may not be called.
type RefusedError struct {
	// Rule is a sentence for the owner of the schedule, who is not told what
	// the address is.
	Rule string
}

func (e *RefusedError) Error() string { return e.Rule }

// Refused returns the rule.
func (e *RefusedError) Refused() string { return e.Rule }

func refuse(rule string) error { return &RefusedError{Rule: rule} }

// Rules that are not about a range of addresses.
const (
	ruleNumber  = "the host is a number, but not an IP address in its usual form"
	ruleName    = "the host is not a name"
	ruleNone    = "there is no address to call"
	ruleZone    = "the address has a zone, which only this machine can know"
	rulePort    = "the port is neither 80 nor 443 and below 1024"
	ruleNetwork = "the network is not TCP"
)

// firstFreePort is the first of the ports that need no privilege to listen on;
// below are those of mail, SSH and other services that a request may confuse.
const firstFreePort = 1024

// Guard says which addresses may be called. It is safe for concurrent use.
type Guard struct {
	public  *ssrf.Guardian
	allowed []netip.Prefix
}

// NewGuard makes a guard that lets through public addresses and those of the
// allowed networks.
func NewGuard(allowed []netip.Prefix) *Guard {
	return &Guard{
		public:  ssrf.New(ssrf.WithAnyNetwork(), ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(azure)),
		allowed: slices.Clone(allowed),
	}
}

// ParseAllowed reads networks (CIDR) and single addresses. The error names the
// first entry that is neither.
func ParseAllowed(entries []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, entry := range entries {
		network, err := parseNetwork(strings.TrimSpace(entry))
		if err != nil {
			return nil, fmt.Errorf("has %.64q, want networks such as 10.0.0.0/8 and addresses such as ::1: %w", entry, err)
		}
		networks = append(networks, network)
	}
	return networks, nil
}

func parseNetwork(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		text += "/128"
		if !strings.Contains(text, ":") {
			text = strings.TrimSuffix(text, "128") + "32"
		}
	}
	network, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return network, errNotNetwork
	case network.Addr().Is4In6():
		return network, errMapped
	case network != network.Masked():
		return network, fmt.Errorf("it has bits behind its length, did you mean %s?", network.Masked())
	}
	return network, nil
}

// Check returns nil, or a *RefusedError.
func (g *Guard) Check(to netip.AddrPort) error {
	addr := to.Addr()
	switch {
	case !addr.IsValid():
		return refuse(ruleNone)
	case addr.Zone() != "":
		return refuse(ruleZone)
	case addr.Is4In6(), nat64.Contains(addr):
		addr = last4(addr)
	}
	allowed := g.allows(addr)
	if !allowed && g.public.SafeAddr(addr) != nil {
		return refuse("the address " + describe(addr))
	}
	for _, inner := range embedded(addr) {
		if !g.allows(inner) && g.public.SafeAddr(inner) != nil {
			return refuse("the IPv4 address within the IPv6 address " + describe(inner))
		}
	}
	if !allowed && !open(to.Port()) {
		return refuse(rulePort)
	}
	return nil
}

func (g *Guard) allows(addr netip.Addr) bool {
	return slices.ContainsFunc(g.allowed, func(n netip.Prefix) bool { return n.Contains(addr) })
}

func open(port uint16) bool { return port == 80 || port == 443 || port >= firstFreePort }

// control is net.Dialer's hook: it judges what a socket is about to be
// connected to.
func (g *Guard) control(network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	switch {
	case network != "tcp4" && network != "tcp6":
		return refuse(ruleNetwork)
	case err != nil:
		return refuse(ruleNone)
	}
	return g.Check(to)
}

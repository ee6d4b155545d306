// Package egress decides which addresses callbacks may reach, and dials them.
//
// Whoever may store a schedule chooses a URL that a worker calls from inside
// the operator's network. The guard keeps such calls to public unicast
// addresses and to what the operator has allowed (EGRESS_ALLOW).
//
// # What is judged, and when
//
// Only addresses count: a host is resolved once for each connection, every
// address it has is judged, and those that pass are dialled as literals, so
// there is no second look-up in which a name could change its mind. The socket
// judges once more, in the Control hook, the address that the kernel is about
// to connect to. Addresses that do not pass are never tried, whichever other
// ones the name has; a name that has no other is refused.
//
// Hosts that are written as numbers in any other form than that of an IP
// address (127.1, 0x7f.1, 2130706433, 127.0.0.1.) are refused unresolved:
// resolvers do not agree on what they mean. net/http has mapped other scripts
// (full-width digits, ideographic full stops) to ASCII before.
//
// # The rules
//
// code.dny.dev/ssrf, which is generated from the IANA registries of
// special-purpose addresses, says which addresses are public. Three things are
// added. NAT64's well-known prefix (64:ff9b::/96) stands for the IPv4 address
// within it, which is judged in its place, so that workers without IPv4 can
// make callbacks and still not reach what the translator reaches inside. An IPv4
// address within any other IPv6 form (6to4, Teredo, ISATAP, IPv4-compatible,
// IPv4-translated) has to pass as well, also where the form itself was allowed.
// And Azure's platform address, 168.63.129.16, is not public although it is
// registered as if it were.
//
// A translator with a prefix of the operator's own cannot be known here; what
// it may reach is the translator's to say.
//
// Ports are 80, 443 and those from 1024; within EGRESS_ALLOW all of them.
//
// # Connections that are kept
//
// The transport keeps connections and uses them again for the same scheme, host
// and port. That is safe: a connection reaches the address that was judged
// when it was made, whatever the name means by now, and the rules do not change
// while a worker runs. It is also the reason why a host that moves keeps being
// called at its former address for as long as that answers.
package egress

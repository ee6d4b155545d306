package egress

import (
	"net/netip"
	"strings"
)

// maxName is the longest host name that DNS can carry (RFC 1035, section 2.3.4).
const maxName = 253

// literal returns the address that a host is. The zero address: it is a name,
// to be resolved. The error is a *RefusedError.
func literal(host string) (netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr, nil
	}
	name := strings.TrimSuffix(host, ".")
	switch {
	case name == "" || len(name) > maxName:
		return netip.Addr{}, refuse(ruleName)
	case number(name[strings.LastIndexByte(name, '.')+1:]):
		return netip.Addr{}, refuse(ruleNumber)
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || strings.Trim(label, labelCharacters) != "" {
			return netip.Addr{}, refuse(ruleName)
		}
	}
	return netip.Addr{}, nil
}

// labelCharacters are those of host names and, as some networks use it, the
// underscore.
const labelCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

// number reports whether a name that ends in this label would be read as an
// IPv4 address by inet_aton and by browsers (WHATWG URL, "ends in a number").
func number(label string) bool {
	digits := "0123456789"
	if len(label) >= 2 && (label[:2] == "0x" || label[:2] == "0X") {
		label, digits = label[2:], "0123456789abcdefABCDEF"
	} else if label == "" {
		return false
	}
	return strings.Trim(label, digits) == ""
}

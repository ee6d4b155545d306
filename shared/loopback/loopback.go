// Package loopback reserves ports for tests that have to know a port before
// something listens there, or to find it free again, as servers do that restart.
package loopback

import (
	"net"
	"strconv"
	"testing"
)

// Reserve returns a TCP port of 127.0.0.1. Whoever names it can listen there, once
// or again and again; nobody gets it who lets the system choose. Connections to it
// are refused while nobody listens.
//
// That holds until the test's cleanup, on Linux. Elsewhere the port was free a
// moment ago.
func Reserve(t testing.TB) (port int) {
	t.Helper()
	port, release, err := reserve()
	if err != nil {
		t.Fatalf("loopback: reserve a port: %v", err)
	}
	t.Cleanup(release)
	return port
}

// Address is the host and port of a reserved port.
func Address(t testing.TB) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(Reserve(t)))
}

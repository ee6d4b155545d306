package main

import (
	"crypto/x509"
	"os"
	"os/exec"
	"testing"
)

// nowhere is where a system has its roots that has none, such as an image FROM
// scratch.
const nowhere = "/nowhere"

// Public authorities are trusted where the system knows none.
func TestRootsAreCompiledIn(t *testing.T) {
	t.Parallel()
	if os.Getenv("SSL_CERT_FILE") != nowhere { // read once a process
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRootsAreCompiledIn$")
		cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+nowhere, "SSL_CERT_DIR="+nowhere)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v:\n%s", err, out)
		}
		return
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		t.Fatal(err)
	}
	//nolint:staticcheck // it lacks those of the system, of which there are none
	if n := len(pool.Subjects()); n < 100 {
		t.Errorf("%d authorities, want 100 or more", n)
	}
}

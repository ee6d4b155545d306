// Package programtest is for tests of programs that run in images without an
// operating system.
package programtest

import (
	"crypto/x509"
	"os"
	"os/exec"
	"testing"
)

const (
	// nowhere is where a system has its roots that has none, such as an image FROM
	// scratch.
	nowhere = "/nowhere"
	// fewest is how many public authorities there are at least.
	fewest = 100
)

// Roots fails unless the program under test trusts public authorities where the
// system knows none. It runs the calling test once more in a process of its own,
// because the system is asked once a process.
func Roots(t *testing.T) {
	t.Helper()
	if os.Getenv("SSL_CERT_FILE") != nowhere {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$") //nolint:gosec // this very program
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
	if n := len(pool.Subjects()); n < fewest {
		t.Errorf("%d authorities, want %d or more", n, fewest)
	}
}

package bench_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/weplanx/workflow/shared/natstest"
)

// folderVariable makes a process of this test binary a server.
const folderVariable = "BENCH_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(folderVariable) == "" {
		goleak.VerifyTestMain(m)
		return
	}
	os.Exit(m.Run())
}

// TestServer is the server's process: it tells its URL and serves until its
// standard input ends. In any other process there is nothing to test.
func TestServer(t *testing.T) {
	t.Parallel()
	if os.Getenv(folderVariable) == "" {
		return
	}
	fmt.Println("URL", natstest.Start(t).URL())
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// startProcess runs a server in a process of its own, so that its memory does
// not count, and returns its URL.
func startProcess(b *testing.B) string {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestServer$")
	cmd.Env = append(os.Environ(), folderVariable+"=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	b.Cleanup(func() {
		_ = stdin.Close()
		for lines.Scan() {
		}
		if err := cmd.Wait(); err != nil {
			b.Errorf("server: %v", err)
		}
	})
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "URL "); ok {
			return url
		}
	}
	b.Fatal("the server did not start")
	return ""
}

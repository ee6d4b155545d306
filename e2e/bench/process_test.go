package bench_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/natstest"
)

// Variables that make a process of this test binary something else.
const (
	serversVariable = "BENCH_SERVERS" // NATS servers, 1 or 3 that are a cluster
	targetsVariable = "BENCH_TARGETS" // the targets of callbacks
)

func TestMain(m *testing.M) {
	if os.Getenv(serversVariable)+os.Getenv(targetsVariable) == "" {
		natstest.VerifyTestMain(m)
		return
	}
	os.Exit(m.Run())
}

// TestServers is the servers' process: it tells their URLs and serves until its
// standard input ends. In any other process there is nothing to test.
func TestServers(t *testing.T) {
	t.Parallel()
	n, err := strconv.Atoi(os.Getenv(serversVariable))
	if err != nil {
		return
	}
	urls := list(strings.Join(startServers(t, n), " ") + " ")
	serve(t, tellUsed, &urls)
	fmt.Println("URL", urls)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// startServers runs servers in this process and returns their URLs.
func startServers(t testing.TB, n int) []string {
	t.Helper()
	if n == 1 {
		return []string{natstest.Start(t).URL()}
	}
	var urls []string
	for _, server := range natstest.StartCluster(t, n) {
		urls = append(urls, server.URL())
	}
	return urls
}

// startProcess runs one of the tests above in a process of its own, so that its
// memory and its processor time do not count, and returns what it tells.
func startProcess(b *testing.B, test, variable, value string) []string {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^"+test+"$", "-test.timeout", "0")
	cmd.Env = append(os.Environ(), variable+"="+value)
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
			b.Errorf("%s: %v", test, err)
		}
	})
	for lines.Scan() {
		if urls, ok := strings.CutPrefix(lines.Text(), "URL "); ok {
			return strings.Fields(urls)
		}
	}
	b.Fatalf("%s did not start", test)
	return nil
}

// apart is a site whose servers run in a process of their own.
func apart(b *testing.B, replicas int) *site {
	b.Helper()
	urls := startProcess(b, "TestServers", serversVariable, strconv.Itoa(replicas))
	return &site{urls: urls[:replicas], replicas: replicas, used: urls[replicas]}
}

// list is words with a space after each.
type list string

// serve serves on a port of its own until the end of the test, and adds its URL
// to the list.
func serve(t *testing.T, handle http.HandlerFunc, urls *list) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: patience, Handler: handle}
	var done sync.WaitGroup
	done.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
	})
	t.Cleanup(func() { _ = server.Close(); done.Wait() })
	*urls += list("http://" + listener.Addr().String() + " ")
}

// tellUsed tells the processor time that this process has used.
func tellUsed(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, int64(processorTime())) }

// usedAt asks another process for its processor time.
func usedAt(b *testing.B, url string) time.Duration {
	b.Helper()
	response, err := http.Get(url)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	var d int64
	if _, err := fmt.Fscan(response.Body, &d); err != nil {
		b.Fatal(err)
	}
	return time.Duration(d)
}

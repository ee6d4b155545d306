package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/weplanx/workflow/shared/health"
	"github.com/weplanx/workflow/shared/loopback"
)

// asProgram makes the test's binary behave as the program.
const asProgram = "TEST_AS_PROGRAM"

func TestHealthcheck(t *testing.T) {
	t.Parallel()
	alive := serveHealth(t)
	tests := map[string]struct {
		env  []string
		want string // part of standard error; empty: healthy
	}{
		"alive":          {[]string{"HTTP_ADDR=" + alive}, ""},
		"not running":    {[]string{"HTTP_ADDR=" + loopback.Address(t)}, "connection refused"},
		"wrong settings": {[]string{"HTTP_ADDR=" + alive, "NAMESPACE="}, "NAMESPACE: is missing"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, code := program(t, test.env, "-healthcheck")
			if test.want == "" && (code != 0 || out != "") {
				t.Errorf("status %d, output %q, want 0 and none", code, out)
			}
			if test.want != "" && (code != 1 || !strings.Contains(out, test.want)) {
				t.Errorf("status %d, output %q, want 1 and %q", code, out, test.want)
			}
		})
	}
}

// serveHealth serves health as a worker does and returns its address.
func serveHealth(t *testing.T) string {
	t.Helper()
	listener, err := health.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- health.ServeOn(ctx, listener, health.Handler(nil)) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

// program runs the program in an empty folder and returns what it printed and
// its status.
func program(t *testing.T, env []string, args ...string) (output string, status int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{asProgram + "=1", "NAMESPACE=beta", "NATS_HOSTS=127.0.0.1:4222"}, env...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

package bootstrap_test

import (
	"bytes"
	"log"
	"os"
	"sync"
	"testing"

	"github.com/weplanx/workflow/worker/bootstrap"
)

// output is what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// captured has the standard logger write where the worker logs to.
func captured(t *testing.T) *output {
	t.Helper()
	o := &output{}
	flags := log.Flags()
	t.Cleanup(func() { log.SetOutput(os.Stderr); log.SetFlags(flags) })
	bootstrap.SilenceTargets(o)
	return o
}

//nolint:paralleltest // the standard logger is looked at
func TestSilenceTargets(t *testing.T) {
	out := captured(t)
	for _, line := range []string{
		"Unsolicited response received on idle HTTP channel starting with \"http: \\ncanary\"; err=<nil>",
		"Transport: unhandled response frame type *http.http2UnknownFrame", "protocol error: received DATA", "http2: canary",
	} {
		log.Print(line)
	}
	if out.String() != "" {
		t.Errorf("got %q", out)
	}
	log.Print("http: panic serving 127.0.0.1:1: why")
	if got := out.String(); got != "http: panic serving 127.0.0.1:1: why\n" {
		t.Errorf("got %q", got)
	}
}

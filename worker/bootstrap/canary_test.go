package bootstrap_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/tracetest"
	"github.com/weplanx/workflow/worker/bootstrap"
)

const canary = "canary"

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

// telling is a target that answers every request with that, in which %s is all
// that it was sent, and resets the connection when there is nothing to answer.
func telling(t *testing.T, answer string) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() { tell(c, answer) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); open.Wait() })
	return "http://" + listener.Addr().String()
}

func tell(c net.Conn, answer string) {
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patience))
	request := make([]byte, 64<<10)
	n, _ := c.Read(request)
	flat := strings.NewReplacer("\r", "", "\n", " ").Replace(string(request[:n]))
	_, _ = io.WriteString(c, strings.ReplaceAll(answer, "%s", flat))
	if answer == "" {
		_ = c.(*net.TCPConn).SetLinger(0) //nolint:forcetypeassert // it was accepted on tcp
		return
	}
	time.Sleep(50 * time.Millisecond)
	_, _ = io.WriteString(c, flat) // on a connection that may be idle by now
	if strings.HasSuffix(answer, "silence") {
		_, _ = io.Copy(io.Discard, c)
	}
}

// A secret in a header, the body or the URL of a job, and the one that signs,
// reach neither log nor records nor traces nor metrics, however a call ends and
// whatever a target answers. Excerpts are what the target says; the jobs here want
// none. Into metrics not even keys and hosts get.
//
//nolint:paralleltest // the standard logger is looked at
func TestNoSecretReachesLogsRecordsTracesOrMetrics(t *testing.T) {
	out, collector := captured(t), tracetest.Start(t)
	b := setup(t)
	worker := b.start(t, func(c *bootstrap.Config) {
		c.Tracing = collector.Settings()
		c.Tracing.Headers, c.Tracing.Delay = "authorization="+canary, "100"
		c.Log = logging.New("debug", out)
		c.WebhookSecrets = []string{"whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(canary, 5)))}
		c.URL = "http://worker.test/" + canary
	})
	targets := telltales(t)
	wanted := b.callAll(t, targets)
	eventually(t, "every call was recorded", func() bool {
		seen := map[string]bool{}
		for _, r := range b.records(t) {
			seen[r.Key] = true
		}
		return len(seen) == wanted
	})
	for _, r := range b.records(t) {
		if data, err := contract.Encode(r); err != nil || tells(string(data)) {
			t.Errorf("the record tells it: %s", data)
		}
	}
	checkMetrics(t, exported(t, worker.app), targets)
	collector.Await(t, "all of these calls are in the traces", func([]tracetest.Span) bool { return untold(string(collector.Sent())) == "" })
	worker.stop() // which sends the last spans, and targets need not wait for more on idle connections
	lines := out.String()
	for line := range strings.Lines(lines) {
		if tells(line) {
			t.Errorf("the log tells it: %s", line)
		}
	}
	for _, want := range []string{"attempt started", "attempt finished", "egress", "protocol", "network", "timeout", "tls", "connect", "status", "invalid"} {
		if !strings.Contains(lines, want) {
			t.Errorf("the log does not say %q: it is not the log of these calls", want)
		}
	}
	traces := string(collector.Sent())
	if tells(traces) {
		t.Errorf("the traces tell it: %q", traces)
	}
}

// untold is what of these calls traces do not tell.
func untold(traces string) (missing string) {
	for _, want := range []string{"POST", "record", "127.0.0.1", "egress", "protocol", "network", "timeout", "tls", "connect", "404", "invalid"} {
		if !strings.Contains(traces, want) {
			return want
		}
	}
	return ""
}

// checkMetrics looks for secrets, keys, hosts and URLs in metrics, and for those
// of the calls.
func checkMetrics(t *testing.T, text string, targets map[string]string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if tells(line) || strings.Contains(line, "127.0.0.1") || strings.Contains(line, "//") {
			t.Errorf("the metrics tell it: %s", line)
		}
		for key, url := range targets {
			if strings.Contains(line, "event-"+key) || strings.Contains(line, strings.TrimLeft(url, "htps:/")) {
				t.Errorf("the metrics tell of %s: %s", key, line)
			}
		}
	}
	for _, class := range []string{"egress", "protocol", "network", "timeout", "tls", "connect", "status", "invalid"} {
		if !strings.Contains(text, `error_class="`+class+`"`) || counted(text, class) == 0 {
			t.Errorf("the metrics do not count %q: they are not those of these calls", class)
		}
	}
}

// telltales are the targets of calls that fail in every way, and of some that
// succeed.
func telltales(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{
		"status-line": telling(t, "%s\r\n\r\n"),
		"reason":      telling(t, "HTTP/1.1 500 %s\r\nContent-Length: 0\r\n\r\n"),
		"status":      telling(t, "HTTP/1.1 %s OK\r\n\r\n"),
		"header":      telling(t, "HTTP/1.1 200 OK\r\n%s\r\n\r\n"),
		"length":      telling(t, "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n"),
		"encoding":    telling(t, "HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n"),
		"location":    telling(t, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"),
		"retry-after": telling(t, "HTTP/1.1 429 Later\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n"),
		"body":        telling(t, "HTTP/1.1 404 No\r\nConnection: close\r\n\r\n%s"),
		"success":     telling(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%s"),
		"unasked":     telling(t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
		"cut":         telling(t, "HTTP/1.1 200 "),
		"reset":       telling(t, ""),
		"timeout":     telling(t, "HTTP/1.1 200 OK\r\nx: silence"),
		"tls":         strings.Replace(telling(t, "%s"), "http:", "https:", 1),
		"connect":     "http://127.0.0.1:1",
		"egress":      "http://10.255.0.1:8080",
		"dns":         "http://no-such-name.invalid",
		"user":        "http://canary:canary@127.0.0.1",
		"port":        "http://127.0.0.1:canary",
		"scheme":      "canary:canary@127.0.0.1",
	}
}

// callAll has each target called for a schedule and for an event, and returns
// for how many keys.
func (b *bench) callAll(t *testing.T, targets map[string]string) (keys int) {
	t.Helper()
	for key, url := range targets {
		b.publish(t, b.secretTrigger(t, key, url))
		keys++
		if key == "timeout" {
			continue // that of an event cannot be chosen
		}
		event, err := json.Marshal(contract.Event{Mode: contract.ModeHTTP, Option: b.secretTrigger(t, "event-"+key, url).Option})
		if err != nil {
			t.Fatal(err)
		}
		listened(t, func() error { return b.events().Publish(t.Context(), "event-"+key, event) })
		keys++
	}
	return keys
}

func (b *bench) secretTrigger(t *testing.T, key, url string) contract.Trigger {
	t.Helper()
	trigger := b.trigger(key, url)
	trigger.Timeout = contract.Duration(time.Second)
	option, err := json.Marshal(contract.HttpOption{
		Url:       url + "/canary?token=canary#canary",
		Headers:   map[string]string{"Authorization": "Bearer canary", "X-Key": "canary"},
		Body:      map[string]string{"password": canary},
		NoExcerpt: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	trigger.Option = option
	return trigger
}

// tells reports whether text holds the canary, or the key that signs.
func tells(text string) bool {
	return strings.Contains(text, canary) || strings.Contains(text, "Y2FuYXJ5")
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

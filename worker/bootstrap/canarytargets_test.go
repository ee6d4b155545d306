package bootstrap_test

import (
	"encoding/json"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// telling is a target that answers every request with that, in which %s is all
// that it was sent, and resets the connection when there is nothing to answer.
func telling(t *testing.T, s *secrets, answer string) string {
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
			open.Go(func() { tell(c, s, answer) })
		}
	})
	t.Cleanup(func() { _ = listener.Close(); open.Wait() })
	return "http://" + listener.Addr().String()
}

func tell(c net.Conn, s *secrets, answer string) {
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(patience))
	request := make([]byte, 64<<10)
	n, _ := c.Read(request)
	flat := strings.NewReplacer("\r", "", "\n", " ").Replace(string(request[:n]))
	s.given(flat)
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

// telltales are the targets of calls that fail in every way, and of some that
// succeed.
func telltales(t *testing.T, s *secrets) map[string]string {
	t.Helper()
	return map[string]string{
		"status-line": telling(t, s, "%s\r\n\r\n"),
		"reason":      telling(t, s, "HTTP/1.1 500 %s\r\nContent-Length: 0\r\n\r\n"),
		"status":      telling(t, s, "HTTP/1.1 %s OK\r\n\r\n"),
		"header":      telling(t, s, "HTTP/1.1 200 OK\r\n%s\r\n\r\n"),
		"length":      telling(t, s, "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n"),
		"encoding":    telling(t, s, "HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n"),
		"location":    telling(t, s, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n"),
		"retry-after": telling(t, s, "HTTP/1.1 429 Later\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n"),
		"body":        telling(t, s, "HTTP/1.1 404 No\r\nConnection: close\r\n\r\n%s"),
		"success":     telling(t, s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n%s"),
		"unasked":     telling(t, s, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
		"cut":         telling(t, s, "HTTP/1.1 200 "),
		"reset":       telling(t, s, ""),
		"timeout":     telling(t, s, "HTTP/1.1 200 OK\r\nx: silence"),
		"long":        telling(t, s, "HTTP/1.1 202 Accepted\r\nSchedule-Complete: callback\r\nContent-Length: 0\r\n\r\n"),
		"open":        telling(t, s, "HTTP/1.1 202 Accepted\r\nSchedule-Complete: callback\r\nContent-Length: 0\r\n\r\n"),
		"tls":         strings.Replace(telling(t, s, "%s"), "http:", "https:", 1),
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
		if err := b.nc.Publish(b.names.Event("event-"+key), event); err != nil {
			t.Fatal(err)
		}
		keys++
	}
	return keys
}

func (b *bench) secretTrigger(t *testing.T, key, url string) contract.Trigger {
	t.Helper()
	trigger := b.trigger(key, url)
	trigger.Timeout, trigger.Overlap = contract.Duration(time.Second), contract.OverlapQueue
	if key == "reason" {
		trigger.Attempts = 1
	}
	trigger.Option = httpOption(t, url)
	return trigger
}

// httpOption is that of a job with secrets in all places.
func httpOption(t *testing.T, url string) json.RawMessage {
	t.Helper()
	option, err := json.Marshal(contract.HttpOption{
		Url:       url + "/canary?token=canary#canary",
		Headers:   map[string]string{"Authorization": "Bearer canary", "X-Key": "canary"},
		Body:      map[string]string{"password": canary},
		NoExcerpt: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return option
}

package natsexec_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/natsexec"
	"github.com/weplanx/workflow/worker/internal/adapter/system"
)

// FuzzOption: no panic; what is published stays below the namespace's prefix,
// carries our headers as we set them and none of the server's.
func FuzzOption(f *testing.F) {
	for _, seed := range []string{
		``, `[]`, `{}`, `{"subject":"a"}`, `{"subject":"a.b","headers":{"x":"y"},"body":{"n":1.10},"request":true}`, `{"Subject":"a","SUBJECT":"b"}`,
		`{"subject":"a","headers":{"webhook-id":"x"}}`, `{"subject":"a","headers":{"Nats-Rollup":"all"}}`, `{"subject":">"}`, `{"subject":"a","body":null}`,
	} {
		f.Add([]byte(seed))
	}
	e := natsexec.New(nil, nil, "beta", system.Clock{})
	f.Fuzz(func(t *testing.T, option []byte) {
		c := call(string(option))
		if target := e.Plan(option).Target; target != "" && (!strings.HasPrefix(target, "nats:") || strings.ContainsAny(target, "*>. \r\n")) {
			t.Fatalf("target is %q", target)
		}
		msg, err := e.Message(c)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\x00\r\n\x1b") || len(err.Error()) > 1000 {
				t.Fatalf("error %q is not fit for a log line", err)
			}
			return
		}
		check(t, msg)
	})
}

func check(t *testing.T, msg *nats.Msg) {
	t.Helper()
	if !strings.HasPrefix(msg.Subject, "beta.jobs.") || strings.ContainsAny(msg.Subject, "*> \t\r\n\x00") || strings.Contains(msg.Subject, "..") {
		t.Fatalf("subject is %q", msg.Subject)
	}
	for name, values := range msg.Header {
		if strings.HasPrefix(strings.ToLower(name), "nats-") || len(values) != 1 || strings.ContainsAny(name+values[0], "\r\n\x00") {
			t.Fatalf("header %q: %q", name, values)
		}
	}
	if msg.Header.Get(contract.HeaderID) != "5f" || msg.Header.Get(contract.HeaderKey) != "a.b" {
		t.Fatalf("headers are %v", msg.Header)
	}
}

// FuzzText: what is kept is short, valid, and steers no terminal.
func FuzzText(f *testing.F) {
	f.Add([]byte("aé\x1b\u009b€𝄞"), 5)
	f.Add([]byte{0xff, 0x80, 0x80}, 1)
	f.Fuzz(func(t *testing.T, data []byte, limit int) {
		limit = max(limit%64, 0)
		kept := natsexec.Text(data, limit)
		if len(kept) > limit || !utf8.ValidString(kept) || strings.ContainsAny(kept, "\x00\x1b\u009b") {
			t.Fatalf("of %q is kept %q, limit %d", data, kept, limit)
		}
	})
}

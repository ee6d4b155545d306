package contract_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/weplanx/workflow/shared/contract"
)

// FuzzDecode: no panic; a refusal is ErrMalformed or ErrNewer, in one line; what
// is read can be written and read again.
func FuzzDecode(f *testing.F) {
	for _, g := range goldens() {
		data, err := g.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte(`{"v":2}`))
	f.Add([]byte(`{"v":1,"data":"//8=","trigger":{"v":9,"attempts":-1,"deadline":"-1s","origin":"a.b"}}`))
	f.Add([]byte(`{"v":1,"jobs":[{"attempts":1e3,"deadline":"1h","overlap":"queue","completion":"","option":{"accept":[0]}}]}`))
	f.Add([]byte(`{"v":1,"jobs":null,"key":"\u0000","due":"0000-01-01T00:00:00+23:59"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		again(t, data, contract.Decode[contract.Schedule], contract.Encode[contract.Schedule])
		again(t, data, contract.Decode[contract.Trigger], contract.Encode[contract.Trigger])
		again(t, data, contract.Decode[contract.Cursor], contract.Encode[contract.Cursor])
		again(t, data, contract.Decode[contract.Heartbeat], contract.Encode[contract.Heartbeat])
		again(t, data, contract.Decode[contract.Result], contract.Encode[contract.Result])
		again(t, data, contract.Decode[contract.Dead], contract.Encode[contract.Dead])
		again(t, data, contract.DecodeEvent, func(e contract.Event) ([]byte, error) { return json.Marshal(e) })
	})
}

func again[M any](t *testing.T, data []byte, decode func([]byte) (M, error), encode func(M) ([]byte, error)) {
	t.Helper()
	m, err := decode(data)
	if err != nil {
		if !errors.Is(err, contract.ErrMalformed) && !errors.Is(err, contract.ErrNewer) {
			t.Fatalf("%T: error %v is neither ErrMalformed nor ErrNewer", m, err)
		}
		if strings.ContainsAny(err.Error(), "\x00\r\n\x1b") || len(err.Error()) > 1000 {
			t.Fatalf("%T: error %q is not fit for a log line", m, err)
		}
		return
	}
	first, err := encode(m)
	if err != nil {
		t.Fatalf("%T was read but cannot be written: %v", m, err)
	}
	back, err := decode(first)
	if err != nil {
		t.Fatalf("%T was written but cannot be read: %v\n%s", m, err, first)
	}
	second, err := encode(back)
	if err != nil || !reflect.DeepEqual(first, second) {
		t.Fatalf("%T changes when written again (%v):\n%s\n%s", m, err, first, second)
	}
}

// FuzzCheckOption: no panic; what is accepted makes a request that net/http
// takes, to a host, with no header of ours or a line break in it.
func FuzzCheckOption(f *testing.F) {
	f.Add("POST", "https://api.developer.com/x?y#z", "x-token", "t", "")
	f.Add("", "http://[::1]:8080/", "a", "\r\n", `{"url":"http://h"}`)
	f.Add("GET", "http://h:80:90/", "Webhook-Id", "x", `{"url":1}`)
	f.Add("get", "http://u:p@h%2f/", "", "x", `[]`)
	f.Add("PUT", "http://h", "a", "b", `{"url":"http://h","accept":[200,599],"no_excerpt":true}`)
	f.Fuzz(func(t *testing.T, method, url, name, value, raw string) {
		checkRequest(t, json.RawMessage(raw))
		option, err := json.Marshal(contract.HttpOption{Method: method, Url: url, Headers: map[string]string{name: value}})
		if err != nil {
			t.Fatal(err)
		}
		checkRequest(t, option)
	})
}

func checkRequest(t *testing.T, option json.RawMessage) {
	t.Helper()
	if err := contract.CheckOption(contract.ModeHTTP, option); err != nil {
		if strings.ContainsAny(err.Error(), "\x00\r\n\x1b") || len(err.Error()) > 1000 {
			t.Fatalf("error %q is not fit for a log line", err)
		}
		return
	}
	job := contract.Job{Mode: contract.ModeHTTP, Option: option}
	o, err := job.HTTP()
	if err != nil {
		t.Fatalf("accepted, but cannot be read: %v", err)
	}
	r, err := http.NewRequest(o.Method, o.Url, http.NoBody)
	if err != nil {
		t.Fatalf("accepted %q, but net/http says %v", o.Url, err)
	}
	if r.URL.Hostname() == "" || r.URL.User != nil || r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		t.Fatalf("accepted %q", o.Url)
	}
	for k, v := range o.Headers {
		lower := strings.ToLower(k)
		if k == "" || strings.ContainsAny(k+v, "\r\n\x00") || strings.HasPrefix(lower, "webhook-") || lower == "host" {
			t.Fatalf("accepted header %q: %q", k, v)
		}
	}
}

// FuzzCheckNatsOption: no panic; what is accepted stays below its prefix and
// sets no header that a server or we act on.
func FuzzCheckNatsOption(f *testing.F) {
	f.Add("report.daily", "X-Team", "a", "")
	f.Add("a.*", "Nats-Rollup", "all", `{"subject":"a","request":true,"headers":{"a":"b"}}`)
	f.Add("a\r\nPUB b 0", "status", "\r\n", `{"subject":1}`)
	f.Add(".", "Webhook-Id", "x", `[]`)
	f.Fuzz(func(t *testing.T, subject, name, value, raw string) {
		checkMessage(t, json.RawMessage(raw))
		option, err := json.Marshal(contract.NatsOption{Subject: subject, Headers: map[string]string{name: value}})
		if err != nil {
			t.Fatal(err)
		}
		checkMessage(t, option)
	})
}

func checkMessage(t *testing.T, option json.RawMessage) {
	t.Helper()
	if err := contract.CheckOption(contract.ModeNATS, option); err != nil {
		if strings.ContainsAny(err.Error(), "\x00\r\n\x1b") || len(err.Error()) > 1000 {
			t.Fatalf("error %q is not fit for a log line", err)
		}
		return
	}
	job := contract.Job{Mode: contract.ModeNATS, Option: option}
	o, err := job.NATS()
	if err != nil {
		t.Fatalf("accepted, but cannot be read: %v", err)
	}
	for token := range strings.SplitSeq(contract.Names("ns").Job(o.Subject), ".") {
		if token == "" || strings.ContainsAny(token, "*> \t\r\n\x00$") {
			t.Fatalf("accepted subject %q", o.Subject)
		}
	}
	for k, v := range o.Headers {
		lower := strings.ToLower(k)
		if k == "" || strings.ContainsAny(k+v, "\r\n\x00") || strings.HasPrefix(lower, "nats-") || strings.HasPrefix(lower, "webhook-") || lower == "status" {
			t.Fatalf("accepted header %q: %q", k, v)
		}
	}
}

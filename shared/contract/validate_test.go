package contract_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

func TestCheckNamespace(t *testing.T) {
	t.Parallel()
	for _, ok := range []string{"a", "beta", "A_b-9", "-", strings.Repeat("x", 32)} {
		if err := contract.CheckNamespace(ok); err != nil {
			t.Errorf("%q: %v", ok, err)
		}
	}
	for _, bad := range []string{
		"", " ", "a b", "a.b", "a*", "a>", "a/b", "a$", "é", "\xff", "a\x00", "a\n", strings.Repeat("x", 33), strings.Repeat("x", 10_000),
	} {
		checkField(t, contract.CheckNamespace(bad), "namespace", "want 1 to 32 characters")
	}
}

func TestCheckKey(t *testing.T) {
	t.Parallel()
	for _, ok := range []string{
		"a", "test", "a.b.c", "a/b", "a=b", "a_b-c", "-", "_", "=", "/", "_nodes", "_nodesx.a", "x._nodes.a", strings.Repeat("x", 128),
	} {
		if err := contract.CheckKey(ok); err != nil {
			t.Errorf("%q: %v", ok, err)
		}
	}
	for _, bad := range []string{
		"", ".", "..", ".a", "a.", "a..b", "a b", "a*", "a.>", ">", "*", "a\t", "a\nb", "a\x00", "é", "\xff", "a:b", "a\\b", "a#", "a$",
		strings.Repeat("x", 129), strings.Repeat("x", 100_000),
	} {
		checkField(t, contract.CheckKey(bad), "key", "want 1 to 128 characters")
	}
	checkField(t, contract.CheckKey("_nodes.a"), "key", "reserved")
}

// checkField wants a *FieldError with this field and words, fit for a log line.
func checkField(t *testing.T, err error, field, words string) {
	t.Helper()
	var f *contract.FieldError
	if !errors.As(err, &f) {
		t.Errorf("error is a %T (%v), want a *FieldError on %s", err, err, field)
		return
	}
	if f.Field != field || !strings.Contains(f.Problem, words) {
		t.Errorf("error is %q, want %s with %q", f, field, words)
	}
	if len(f.Error()) > 400 || strings.ContainsAny(f.Error(), "\x00\r\n\x1b") {
		t.Errorf("error %q is not fit for a log line", f)
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	for _, ok := range []string{
		"http://a", "https://api.developer.com", "HTTPS://API.developer.com/x?y=1#z", "http://127.0.0.1:8080/", "http://localhost:1",
		"http://h:65535/", "http://[::1]/", "http://[2001:db8::1]:8443/x", "https://h/a%20b?q=%0d%0a", "http://h?x=http://y", "http://例え.jp/",
		"http://h_x/", "http://h.", "https://h/" + strings.Repeat("x", 2000),
	} {
		if err := contract.CheckOption("HTTP", option(t, contract.HttpOption{Url: ok})); err != nil {
			t.Errorf("%q: %v", ok, err)
		}
	}
	for _, c := range []struct{ name, url, want string }{
		{"empty", "", "is empty"},
		{"no scheme", "api.developer.com/x", "scheme"},
		{"scheme-relative", "//h/x", "scheme"},
		{"ftp", "ftp://h/x", `has scheme "ftp", want http`},
		{"file", "file:///etc/passwd", "scheme"},
		{"javascript", "javascript:alert(1)", "scheme"},
		{"no host", "http:///x", "has no host"},
		{"opaque", "http:h", "has no host"},
		{"port only", "http://:80/", "has no host"},
		{"user", "http://user@h/", "user name or password"},
		{"password", "http://user:secret@h/", "user name or password"},
		{"empty user", "http://@h/", "user name or password"},
		{"port 0", "http://h:0/", `has port "0", want 1 to 65535`},
		{"port 65536", "http://h:65536/", "65535"},
		{"port huge", "http://h:99999999999999999999/", "65535"},
		{"port negative", "http://h:-1/", "want"},
		{"port name", "http://h:http/", "want"},
		{"port empty", "http://h:/", "empty port"},
		{"two ports", "http://h:80:90/", "want"},
		{"space", "http://h/a b", "space or control"},
		{"space in host", "http://a b/", "space or control"},
		{"space first", " http://h/", "space or control"},
		{"tab", "http://h/\t", "space or control"},
		{"CR LF", "http://h/\r\nx: y", "space or control"},
		{"NUL", "http://h/\x00", "space or control"},
		{"bad escape", "http://h/%zz", "is not a URL"},
		{"escape in host", "http://h%41/", "is not a URL"},
		{"IPv6 without brackets", "http://::1/", "want"},
		{"IPv6 unclosed", "http://[::1/", "is not a URL"},
		{"name in brackets", "http://[example]/", ""},
		{"IPv4 in brackets", "http://[127.0.0.1]/", ""},
		{"star host", "http://*/", "has a host that is not"},
		{"too long", "https://h/" + strings.Repeat("x", 2048), "longer than 2048"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := contract.CheckOption("HTTP", option(t, contract.HttpOption{Url: c.url}))
			if err == nil {
				t.Fatalf("%q was accepted", c.url)
			}
			checkField(t, err, "url", c.want)
			if strings.Contains(err.Error(), "secret") || c.url != "" && strings.Contains(err.Error(), c.url) {
				t.Errorf("error %q repeats the URL", err)
			}
		})
	}
}

func option(t testing.TB, o contract.HttpOption) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	for _, ok := range [][2]string{
		{"Authorization", "Bearer x"}, {"x-a", ""}, {"X-A", "a\tb c"}, {"content-type", "text/plain"}, {"X-Ü", ""}, {"accept", "grüße"}, {"webhook", "x"},
	} {
		err := contract.CheckOption("HTTP", option(t, contract.HttpOption{Url: "http://h", Headers: map[string]string{ok[0]: ok[1]}}))
		if wrong := ok[0] == "X-Ü"; (err != nil) != wrong {
			t.Errorf("%q: %v", ok, err)
		}
	}
	const reserved, name, control = "is reserved", "is not a header name", "control character"
	for _, c := range [][3]string{
		{"host", "x", reserved},
		{"Host", "x", reserved},
		{"Content-Length", "1", reserved},
		{"connection", "close", reserved},
		{"Keep-Alive", "x", reserved},
		{"proxy-authenticate", "x", reserved},
		{"proxy-authorization", "x", reserved},
		{"proxy-connection", "x", reserved},
		{"TE", "trailers", reserved},
		{"trailer", "x", reserved},
		{"Transfer-Encoding", "chunked", reserved},
		{"upgrade", "h2c", reserved},
		{"user-agent", "x", reserved},
		{"TraceParent", "x", reserved},
		{"tracestate", "x", reserved},
		{"webhook-id", "x", reserved},
		{"Webhook-Signature", "x", reserved},
		{"webhook-anything", "x", reserved},
		{"Schedule-Key", "x", reserved},
		{"schedule-attempt", "1", reserved},
		{"", "x", name},
		{"a b", "x", name},
		{"a:", "x", name},
		{"a\r\nb", "x", name},
		{"a\x00", "x", name},
		{"é", "x", name},
		{strings.Repeat("x", 257), "x", name},
		{"x-a", "a\r\nb: c", control},
		{"x-a", "a\nb", control},
		{"x-a", "a\rb", control},
		{"x-a", "a\x00b", control},
		{"x-a", "a\x7fb", control},
		{"x-a", strings.Repeat("x", 8193), "longer than 8192"},
	} {
		t.Run(c[0]+" "+c[2], func(t *testing.T) {
			t.Parallel()
			err := contract.CheckOption("HTTP", option(t, contract.HttpOption{Url: "http://h", Headers: map[string]string{c[0]: c[1]}}))
			if err == nil {
				t.Fatalf("header %q: %q was accepted", c[0], c[1])
			}
			if !strings.HasPrefix(err.Field, "headers[") || !strings.Contains(err.Problem, c[2]) {
				t.Errorf("error is %v, want %q", err, c[2])
			}
			if strings.ContainsAny(err.Error(), "\r\n\x00") || len(err.Error()) > 400 {
				t.Errorf("error %q is not fit for a log line", err)
			}
		})
	}
}

func TestOption(t *testing.T) {
	t.Parallel()
	for _, m := range []string{"", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		if err := contract.CheckOption("HTTP", option(t, contract.HttpOption{Method: m, Url: "http://h"})); err != nil {
			t.Errorf("method %q: %v", m, err)
		}
	}
	cases := []struct{ name, mode, option, field, want string }{
		{"other mode", "GRPC", `{"url":"http://h"}`, "", `belongs to mode "GRPC"`},
		{"missed mode", "MISSED", `{"url":"http://h"}`, "", "belongs to mode"},
		{"nothing", "HTTP", ``, "", "want an object"},
		{"null", "HTTP", `null`, "", "want an object"},
		{"array", "HTTP", `[]`, "", "want an object"},
		{"truncated", "HTTP", `{"url":`, "", "not JSON"},
		{"no url", "HTTP", `{}`, "url", "is empty"},
		{"url as number", "HTTP", `{"url":1}`, "", `field "url" must not be a JSON number`},
		{"header as number", "HTTP", `{"url":"http://h","headers":{"a":1}}`, "", "must not be a JSON number"},
		{"lower-case method", "HTTP", `{"url":"http://h","method":"get"}`, "method", `is "get", want one of GET`},
		{"CONNECT", "HTTP", `{"url":"http://h","method":"CONNECT"}`, "method", "want one of"},
		{"TRACE", "HTTP", `{"url":"http://h","method":"TRACE"}`, "method", "want one of"},
		{"method with CR LF", "HTTP", `{"url":"http://h","method":"GET\r\nX: y"}`, "method", "want one of"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := contract.CheckOption(c.mode, json.RawMessage(c.option))
			if err == nil || err.Field != c.field || !strings.Contains(err.Problem, c.want) {
				t.Errorf("error is %v, want field %q with %q", err, c.field, c.want)
			}
		})
	}
}

func TestCheckSchedule(t *testing.T) {
	t.Parallel()
	good := contract.HttpJob("@every 15s", contract.HttpOption{Url: "http://h"})
	with := func(change func(*contract.Job)) contract.Schedule {
		j := good
		change(&j)
		return contract.Schedule{Jobs: []contract.Job{good, j}}
	}
	cases := []struct {
		name        string
		schedule    contract.Schedule
		field, want string
	}{
		{"no job", contract.Schedule{}, "jobs", "has 0, want 1 to 100"},
		{"101 jobs", contract.Schedule{Jobs: make([]contract.Job, 101)}, "jobs", "has 101"},
		{"33 gaps", contract.Schedule{Jobs: []contract.Job{good}, Gaps: make([]contract.Gap, 33)}, "gaps", "has 33, want at most 32"},
		{"mode", with(func(j *contract.Job) { j.Mode = "MISSED" }), "jobs[1].mode", `is "MISSED", want "HTTP"`},
		{"spec", with(func(j *contract.Job) { j.Spec = "bad" }), "jobs[1].spec", "not good"},
		{"plain error of the spec", with(func(j *contract.Job) { j.Spec = "plain" }), "jobs[1].spec", "plain words"},
		{"timezone", with(func(j *contract.Job) { j.Timezone = "bad" }), "jobs[1].timezone", "not good"},
		{"negative timeout", with(func(j *contract.Job) { j.Timeout = -1 }), "jobs[1].timeout", "want more than 0s"},
		{"long timeout", with(func(j *contract.Job) { j.Timeout = contract.Duration(contract.MaxTimeout + 1) }), "jobs[1].timeout", "at most 15m"},
		{"option", with(func(j *contract.Job) { j.Option = nil }), "jobs[1].option", "want an object"},
		{"url", with(func(j *contract.Job) { j.Option = json.RawMessage(`{"url":"x"}`) }), "jobs[1].option.url", "scheme"},
		{"body", with(func(j *contract.Job) {
			*j = contract.HttpJob("@daily", contract.HttpOption{Url: "http://h", Body: make(chan int)})
		}), "jobs[1].option.body", "cannot be written as JSON"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			checkField(t, c.schedule.Check(checkSpec), c.field, c.want)
		})
	}
	longest := with(func(j *contract.Job) { j.Timeout = contract.Duration(15 * time.Minute) })
	if err := longest.Check(checkSpec); err != nil {
		t.Errorf("a good schedule: %v", err)
	}
}

func checkSpec(spec, timezone string) error {
	switch {
	case spec == "bad":
		return &contract.FieldError{Field: "spec", Problem: "is not good"}
	case spec == "plain":
		return errors.New("plain words")
	case timezone == "bad":
		return &contract.FieldError{Field: "timezone", Problem: "is not good"}
	}
	return nil
}

func TestHTTPOfAJob(t *testing.T) {
	t.Parallel()
	job := contract.HttpJob("@daily", contract.HttpOption{Url: "http://h", Headers: map[string]string{"a": "b"}})
	if o, err := job.HTTP(); err != nil || o.Url != "http://h" || o.Headers["a"] != "b" {
		t.Errorf("HTTP is %+v, %v", o, err)
	}
	other := contract.Job{Mode: "GRPC"}
	_, err := other.HTTP()
	checkField(t, err, "mode", `is "GRPC"`)
	broken := contract.Job{Mode: "HTTP", Option: json.RawMessage("{")}
	_, err = broken.HTTP()
	checkField(t, err, "option", "not JSON")
}

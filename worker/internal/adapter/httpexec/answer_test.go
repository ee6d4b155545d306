package httpexec_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/httpexec"
	"github.com/weplanx/workflow/worker/internal/core"
)

// answering makes a target that answers every call with that status and body.
func answering(t *testing.T, status int, body string) string {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func TestAcceptedStatuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		accept string
		status int
		want   core.Verdict
	}{
		"default":            {`[]`, 204, core.Success},
		"one":                {`[200]`, 200, core.Success},
		"not among them":     {`[200]`, 204, core.Permanent},
		"not found":          {`[200,404]`, 404, core.Success},
		"redirect":           {`[302]`, 302, core.Success},
		"server error":       {`[200,503]`, 503, core.Success},
		"other server error": {`[200,503]`, 500, core.Temporary},
		"other client error": {`[404]`, 410, core.Permanent},
		"too many":           {`[200]`, 429, core.Temporary},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := answering(t, test.status, "")
			a := execute(t, setup(t), call(`{"url":"`+url+`","accept":`+test.accept+`}`))
			if a.Verdict != test.want || a.Status != test.status || (a.Class == "") != (test.want == core.Success) {
				t.Errorf("got %+v", a)
			}
		})
	}
}

func TestExcerpt(t *testing.T) {
	t.Parallel()
	const most = contract.MaxExcerpt
	for name, test := range map[string]struct {
		body, excerpt string
		bytes         int64
	}{
		"none":                        {"", "", 0},
		"text":                        {"done\r\n\tx", "done\r\n\tx", 8},
		"JSON":                        {`{"a":"ü"}`, `{"a":"ü"}`, 10},
		"as long as it is":            {strings.Repeat("a", most), strings.Repeat("a", most), most},
		"too long":                    {strings.Repeat("a", most+1), strings.Repeat("a", most), most + 1},
		"much too long":               {strings.Repeat("a", 1<<20), strings.Repeat("a", most), 64 << 10},
		"cut in a character of two":   {strings.Repeat("a", most-1) + "üü", strings.Repeat("a", most-1), most + 3},
		"cut in a character of three": {strings.Repeat("a", most-2) + "€€", strings.Repeat("a", most-2), most + 4},
		"cut in a character of four":  {strings.Repeat("a", most-3) + "🙂🙂", strings.Repeat("a", most-3), most + 5},
		"cut behind a character":      {strings.Repeat("a", most-4) + "🙂🙂", strings.Repeat("a", most-4) + "🙂", most + 4},
		"ends in a character":         {"a€"[:3], "a", 3},
		"not UTF-8":                   {"a\xffb", "", 3},
		"Latin-1":                     {"gr\xfc\xdfe", "", 5},
		"NUL":                         {"a\x00b", "", 3},
		"binary":                      {"\x89PNG\r\n\x1a\n\x00\x00", "", 10},
		"not UTF-8 behind the end":    {strings.Repeat("a", most+10) + "\xff", strings.Repeat("a", most), most + 11},
		"control characters":          {"\x1b[2Ja\x07\u0085\x7f", "\uFFFD[2Ja\uFFFD\uFFFD\uFFFD", 9},
		"many control characters":     {strings.Repeat("\x1b", most), strings.Repeat("\uFFFD", most/3), most},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, status := range []int{200, 500} {
				url := answering(t, status, test.body)
				a := execute(t, setup(t), at(url))
				if a.Excerpt != test.excerpt || a.Bytes != test.bytes || a.Status != status {
					t.Errorf("got status %d, %d bytes, excerpt of %d bytes %.40q", a.Status, a.Bytes, len(a.Excerpt), a.Excerpt)
				}
				if len(a.Excerpt) > most || !utf8.ValidString(a.Excerpt) {
					t.Errorf("excerpt of %d bytes is too long or not UTF-8", len(a.Excerpt))
				}
				a = execute(t, setup(t), call(`{"url":"`+url+`","no_excerpt":true}`))
				if a.Excerpt != "" || a.Bytes != test.bytes {
					t.Errorf("without: got %d bytes, excerpt %.40q", a.Bytes, a.Excerpt)
				}
			}
		})
	}
}

func TestCompletionsThatAreReportedLater(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status         int
		header, option string
		token          string
		want           bool
	}{
		"accepted":         {202, "callback", "", "t0", true},
		"in other case":    {202, "Callback", "", "t0", true},
		"no token":         {202, "callback", "", "", false},
		"no header":        {202, "", "", "t0", false},
		"other value":      {202, "later", "", "t0", false},
		"other status":     {200, "callback", "", "t0", false},
		"error":            {500, "callback", "", "t0", false},
		"202 is a failure": {202, "callback", `,"accept":[200]`, "t0", false},
		"202 is listed":    {202, "callback", `,"accept":[202]`, "t0", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Schedule-Complete", test.header)
				w.WriteHeader(test.status)
			})
			c := call(`{"url":"` + url + `"` + test.option + `}`)
			c.Token = test.token
			a := execute(t, setup(t), c)
			if a.Accepted != test.want || (a.Accepted && a.Verdict != core.Success) {
				t.Errorf("got %+v", a)
			}
		})
	}
}

func TestWhereToReportCompletions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ url, token, wantURL, wantSubject string }{
		"no token":           {"http://worker:8081", "", "", ""},
		"URL":                {"http://worker:8081", "t0", "http://worker:8081/complete/t0", "beta.complete.t0"},
		"URL with path":      {"https://example.com/workers/", "t0", "https://example.com/workers/complete/t0", "beta.complete.t0"},
		"no URL of a worker": {"", "t0", "", "beta.complete.t0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("schedule-complete-url"); got != test.wantURL {
					t.Errorf("got URL %q", got)
				}
				if got := r.Header.Get("schedule-complete-subject"); got != test.wantSubject {
					t.Errorf("got subject %q", got)
				}
			})
			c := at(url)
			c.Token = test.token
			if a := execute(t, on(t, &net.Dialer{}, httpexec.Settings{URL: test.url}), c); a.Verdict != core.Success {
				t.Errorf("got %+v", a)
			}
		})
	}
}

// The trace that the target was given is that of the answer, whatever happened.
func TestTraceID(t *testing.T) {
	t.Parallel()
	var sent string
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { sent = r.Header.Get("traceparent") })
	c := at(url)
	c.ID = "not the form of a trace"
	a := execute(t, setup(t), c)
	if parts := strings.Split(sent, "-"); len(parts) != 4 || parts[1] != a.TraceID || len(a.TraceID) != 32 {
		t.Errorf("sent %q, answer says %q", sent, a.TraceID)
	}
	for _, option := range []string{`{}`, `{"url":"http://127.0.0.1:1/"}`, `{"url":"http://10.0.0.1/"}`} {
		if a := execute(t, setup(t), call(option)); a.TraceID != occurrence {
			t.Errorf("%s: got %+v", option, a)
		}
	}
}

// What is sent is signed as it is sent, and receivers verify it with the
// specification's library.
func TestSignature(t *testing.T) {
	t.Parallel()
	const newest, older = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for name, rest := range map[string]string{
		"no body": ``, "null": `,"body":null`, "object": `,"body":{"b" : 1,  "a":12345678901234567890.10}`, "text": `,"body":" <ü> "`, "GET": `,"method":"GET"`,
		"other type": `,"headers":{"Content-Type":"text/plain"},"body":[1]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				for _, secret := range []string{newest, older} {
					receiver, err := standardwebhooks.NewWebhook(secret)
					if err != nil {
						t.Error(err)
						return
					}
					if err := receiver.Verify(body, r.Header); err != nil {
						t.Errorf("%v: %q", err, r.Header)
					}
				}
				if id := r.Header.Get("webhook-id"); id != "origin" {
					t.Errorf("got id %q", id)
				}
			})
			c := call(`{"url":"` + url + `"` + rest + `}`)
			c.WebhookID = "origin"
			if a := execute(t, on(t, &net.Dialer{}, httpexec.Settings{}, newest, older), c); a.Verdict != core.Success {
				t.Errorf("got %+v", a)
			}
		})
	}
}

// Events may be larger than schedules.
func TestRequestsThatAreTooLarge(t *testing.T) {
	t.Parallel()
	headers := map[string]string{}
	for i := range 9 {
		headers["x-"+strconv.Itoa(i)] = strings.Repeat("a", 8000)
	}
	for name, test := range map[string]struct {
		option contract.HttpOption
		field  string
	}{
		"headers": {contract.HttpOption{Url: "http://127.0.0.1:1/", Headers: headers}, "option.headers"},
		"body":    {contract.HttpOption{Url: "http://127.0.0.1:1/", Body: strings.Repeat("a", 1<<20)}, "option.body"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := json.Marshal(test.option)
			if err != nil {
				t.Fatal(err)
			}
			a := execute(t, setup(t), call(string(data)))
			if a.Verdict != core.Permanent || a.Class != contract.ErrorInvalid || !strings.HasPrefix(a.Error, test.field+": ") {
				t.Errorf("got %+v", a)
			}
		})
	}
}

package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/httpapi"
)

const event = `{"mode":"HTTP","option":{"url":"https://example.com/hello","body":{"n":12345678901234567890}}}`

func TestEventIsPublished(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		request
		key string
	}{
		"plain":              {request{path: "/events/hello", body: event}, "hello"},
		"key with slashes":   {request{path: "/events/a/b//c/./d", body: event}, "a/b//c/./d"},
		"key escaped":        {request{path: "/events/a%2Fb%3Dc.d", body: event}, "a/b=c.d"},
		"scheme in any case": {request{path: "/events/k", body: event, token: "bearer " + secret}, "k"},
		"any content type":   {request{path: "/events/k", body: event, header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, "k"},
		"no wait":            {request{path: "/events/k?wait=0", body: event}, "k"},
		"other preference":   {request{path: "/events/k", body: event, header: map[string]string{"Prefer": "respond-async, wait=soon"}}, "k"},
		"mode NATS":          {request{path: "/events/k", body: `{"mode":"NATS","option":{"subject":"a.b"}}`}, "k"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, f := setup()
			w := test.send(t, api)
			if w.Code != http.StatusAccepted || strings.TrimSpace(w.Body.String()) != `{"status":"accepted"}` {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			if want := (published{test.key, test.body, false}); len(f.events) != 1 || f.events[0] != want {
				t.Errorf("got %v, want %v", f.events, want)
			}
		})
	}
}

func TestEventIsRefused(t *testing.T) {
	t.Parallel()
	large := `{"mode":"HTTP","option":{"url":"https://example.com/","body":"` + strings.Repeat("x", 64<<10) + `"}}`
	for name, test := range map[string]struct {
		request
		status      int
		field, part string
	}{
		"no token":            {request{path: "/events/k", body: event, token: "-"}, 401, "authorization", "EVENTS_TOKEN"},
		"wrong token":         {request{path: "/events/k", body: event, token: "Bearer " + secret[1:]}, 401, "authorization", ""},
		"token and more":      {request{path: "/events/k", body: event, token: "Bearer " + secret + "x"}, 401, "authorization", ""},
		"empty token":         {request{path: "/events/k", body: event, token: "Bearer "}, 401, "authorization", ""},
		"other scheme":        {request{path: "/events/k", body: event, token: "Basic " + secret}, 401, "authorization", ""},
		"wrong before method": {request{path: "/events/k", method: "GET"}, 405, "", "POST"},
		"no key":              {request{path: "/events/", body: event}, 422, "key", "want 1 to 128"},
		"wildcard":            {request{path: "/events/a.*", body: event}, 422, "key", ""},
		"all":                 {request{path: "/events/%3E", body: event}, 422, "key", ""},
		"space":               {request{path: "/events/a%20b", body: event}, 422, "key", ""},
		"line break":          {request{path: "/events/a%0D%0APUB", body: event}, 422, "key", ""},
		"reserved":            {request{path: "/events/_nodes.x", body: event}, 422, "key", "reserved"},
		"dots":                {request{path: "/events/a..b", body: event}, 422, "key", ""},
		"no body":             {request{path: "/events/k"}, 422, "", "not a JSON object"},
		"not JSON":            {request{path: "/events/k", body: "{nope"}, 422, "", "not JSON"},
		"no mode":             {request{path: "/events/k", body: "{}"}, 422, "mode", `want "HTTP" or "NATS"`},
		"unknown mode":        {request{path: "/events/k", body: `{"mode":"FTP","option":{}}`}, 422, "mode", "HTTP"},
		"mode of records":     {request{path: "/events/k", body: `{"mode":"MISSED","option":{}}`}, 422, "mode", "HTTP"},
		"no option":           {request{path: "/events/k", body: `{"mode":"HTTP"}`}, 422, "option", "url"},
		"bad option":          {request{path: "/events/k", body: `{"mode":"HTTP","option":{"url":"ftp://a"}}`}, 422, "option.url", "scheme"},
		"reserved header":     {request{path: "/events/k", body: `{"mode":"HTTP","option":{"url":"http://a","headers":{"Host":"b"}}}`}, 422, `option.headers["Host"]`, "reserved"},
		"too large":           {request{path: "/events/k", body: large}, 413, "", "64 KiB"},
		"compressed":          {request{path: "/events/k", body: event, header: map[string]string{"Content-Encoding": "gzip"}}, 415, "", "coding"},
		"bad wait":            {request{path: "/events/k?wait=long", body: event}, 400, "wait", "10s"},
		"negative wait":       {request{path: "/events/k?wait=-1s", body: event}, 400, "wait", "10s"},
		"long wait":           {request{path: "/events/k?wait=1h", body: event}, 400, "wait", "at most 20s"},
		"wait of seconds":     {request{path: "/events/k?wait=21", body: event}, 400, "wait", "at most 20s"},
		"wait of many":        {request{path: "/events/k?wait=9999999999", body: event}, 400, "wait", "at most 20s"},
		"other path":          {request{path: "/event/k", body: event}, 404, "", ""},
		"without slash":       {request{path: "/events", body: event}, 404, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, f := setup()
			wantError(t, test.send(t, api), test.status, test.field, test.part)
			if len(f.events) != 0 {
				t.Errorf("published %v", f.events)
			}
		})
	}
}

func TestRefusalsSayWhatIsWanted(t *testing.T) {
	t.Parallel()
	api, _ := setup()
	if got := (request{path: "/events/k", method: http.MethodPut}).send(t, api).Header().Get("Allow"); got != http.MethodPost {
		t.Errorf("got Allow %q", got)
	}
	if got := (request{path: "/events/k", token: "-"}).send(t, api).Header().Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("got WWW-Authenticate %q", got)
	}
}

func TestLargestEvent(t *testing.T) {
	t.Parallel()
	api, f := setup()
	const frame = `{"mode":"HTTP","option":{"url":"https://example.com/","body":""}}`
	body := strings.Replace(frame, `"body":"`, `"body":"`+strings.Repeat("x", 64<<10-len(frame)), 1)
	if w := (request{path: "/events/k", body: body}).send(t, api); w.Code != http.StatusAccepted || f.events[0].data != body {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// Without a token set nobody learns that there could be one.
func TestEventsAreOffWithoutAToken(t *testing.T) {
	t.Parallel()
	f := &fake{}
	api := httpapi.New(httpapi.Settings{}, f, f)
	for _, r := range []request{
		{path: "/events/k", body: event},
		{path: "/events/k", body: event, token: "-"},
		{path: "/events/k", body: event, token: "Bearer "},
		{path: "/events/k", body: event, token: "Bearer"},
		{path: "/events/k", method: http.MethodGet},
	} {
		wantError(t, r.send(t, api), http.StatusNotFound, "", "nothing")
	}
	if len(f.events) != 0 {
		t.Errorf("published %v", f.events)
	}
}

func TestEventThatIsWaitedFor(t *testing.T) {
	t.Parallel()
	record := contract.Result{Kind: contract.KindFinal, ID: "1", Key: "k", Outcome: contract.OutcomeFailed, Status: 404}
	for name, test := range map[string]struct {
		request
		applied string
	}{
		"query":            {request{path: "/events/k?wait=10s"}, ""},
		"bare query":       {request{path: "/events/k?wait"}, ""},
		"seconds in query": {request{path: "/events/k?wait=10"}, ""},
		"header":           {request{path: "/events/k", header: map[string]string{"Prefer": "wait=10"}}, "wait=10"},
		"bare header":      {request{path: "/events/k", header: map[string]string{"Prefer": "wait"}}, "wait=15"},
		"among others":     {request{path: "/events/k", header: map[string]string{"Prefer": `respond-async, Wait = "5" ; x=1`}}, "wait=5"},
		"too long":         {request{path: "/events/k", header: map[string]string{"Prefer": "wait=3600"}}, "wait=20"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, f := setup()
			f.Answer = func(string) (contract.Result, error) { return record, nil }
			test.body = event
			w := test.send(t, api)
			got, err := contract.Decode[contract.Result](w.Body.Bytes())
			if err != nil || w.Code != http.StatusOK || got.ID != "1" || got.Outcome != contract.OutcomeFailed {
				t.Errorf("got %d %s, %v", w.Code, w.Body, err)
			}
			if len(f.events) != 1 || !f.events[0].waited || w.Header().Get("Preference-Applied") != test.applied {
				t.Errorf("got %v, applied %q", f.events, w.Header().Get("Preference-Applied"))
			}
		})
	}
}

func TestWaitThatEndsBeforeTheEvent(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]time.Duration{
		"/events/k?wait=3s": 3 * time.Second, "/events/k?wait": 15 * time.Second, "/events/k?wait=20s": 20 * time.Second,
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				api, _ := setup()
				began := time.Now()
				w := (request{path: path, body: event}).send(t, api)
				if took := time.Since(began); took != want || w.Code != http.StatusAccepted {
					t.Errorf("got %d after %s, want 202 after %s", w.Code, took, want)
				}
			})
		})
	}
}

func TestEventsWithoutNATS(t *testing.T) {
	t.Parallel()
	api, f := setup()
	f.Err = errAway
	f.Answer = func(string) (contract.Result, error) { return contract.Result{}, errAway }
	for _, path := range []string{"/events/k", "/events/k?wait"} {
		w := (request{path: path, body: event}).send(t, api)
		wantError(t, w, http.StatusServiceUnavailable, "", "may still be run")
		if w.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
}

func TestErrorsAreWrittenAsJSON(t *testing.T) {
	t.Parallel()
	api, _ := setup()
	w := (request{path: "/events/k", body: `{"mode":"HTTP","option":{"url":"http://a","method":"<\">"}}`}).send(t, api)
	if !json.Valid(w.Body.Bytes()) || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("got %v %s", w.Header(), w.Body)
	}
}

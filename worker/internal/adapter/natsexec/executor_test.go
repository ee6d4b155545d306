package natsexec_test

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natsio"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/worker/internal/adapter/natsexec"
	"github.com/weplanx/workflow/worker/internal/adapter/system"
	"github.com/weplanx/workflow/worker/internal/core"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

const occurrence = "0123456789abcdef0123456789abcdef"

// bundle is an executor and the connection of a service.
type bundle struct {
	*natsexec.Executor
	nc     *nats.Conn
	server *natstest.Server
}

func setup(t *testing.T, options ...natstest.Option) *bundle {
	t.Helper()
	s := natstest.Start(t, options...)
	own := s.Connect(t, nats.ReconnectBufSize(-1)) // as services are connected
	return &bundle{executor(own), s.Connect(t), s}
}

func executor(nc *nats.Conn) *natsexec.Executor {
	return natsexec.New(nc, natsio.NewRefusals(nc), "beta", system.Clock{})
}

func call(option string) core.Call {
	return core.Call{
		ID: occurrence, WebhookID: "5f", Key: "a.b", Index: 2, Mode: contract.ModeNATS, Attempt: 3, Option: json.RawMessage(option),
		Scheduled: time.Date(2026, 1, 2, 3, 4, 5, 600, time.FixedZone("", 3600)), Token: "t0k",
	}
}

func (b *bundle) execute(t *testing.T, c core.Call) core.Answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return b.Execute(ctx, c)
}

// listen subscribes before it returns.
func (b *bundle) listen(t *testing.T, subject string) *nats.Subscription {
	t.Helper()
	sub, err := b.nc.SubscribeSync(subject)
	if err == nil {
		err = b.nc.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

// serve answers requests.
func (b *bundle) serve(t *testing.T, subject string, answer func(*nats.Msg) *nats.Msg) {
	t.Helper()
	_, err := b.nc.Subscribe(subject, func(m *nats.Msg) {
		if err := m.RespondMsg(answer(m)); err != nil {
			t.Errorf("respond: %v", err)
		}
	})
	if err == nil {
		err = b.nc.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestPublish(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sub := b.listen(t, "beta.jobs.>")
	before := time.Now().Unix()
	a := b.execute(t, call(`{"subject":"report.daily","headers":{"X-Team":"beta","authorization":"Bearer t"},"body":{"n":12345678901234567890.10}}`))
	if a != (core.Answer{Verdict: core.Success, TraceID: occurrence}) {
		t.Errorf("got %+v", a)
	}
	msg, err := sub.NextMsg(time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if msg.Subject != "beta.jobs.report.daily" || msg.Reply != "" || string(msg.Data) != `{"n":12345678901234567890.10}` {
		t.Errorf("got %s %s %s", msg.Subject, msg.Reply, msg.Data)
	}
	for name, want := range map[string]string{
		"X-Team": "beta", "authorization": "Bearer t",
		contract.HeaderID: "5f", contract.HeaderNamespace: "beta", contract.HeaderKey: "a.b", contract.HeaderIndex: "2",
		contract.HeaderTime: "2026-01-02T02:04:05.0000006Z", contract.HeaderAttempt: "3", contract.HeaderCompleteSubject: "",
	} {
		if msg.Header.Get(name) != want {
			t.Errorf("header %s: got %q, want %q", name, msg.Header.Get(name), want)
		}
	}
	sent := json.Number(msg.Header.Get(contract.HeaderTimestamp))
	if seconds, err := sent.Int64(); err != nil || seconds < before || seconds > time.Now().Unix() {
		t.Errorf("got timestamp %q", sent)
	}
	trace := regexp.MustCompile("^00-" + occurrence + "-[0-9a-f]{16}-00$")
	if !trace.MatchString(msg.Header.Get(contract.HeaderTrace)) {
		t.Errorf("got traceparent %q", msg.Header.Get(contract.HeaderTrace))
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sub := b.listen(t, "beta.jobs.a")
	for option, want := range map[string]string{
		``: "", `,"body":null`: "", `,"body":{}`: "{}", `,"body":"x"`: `"x"`, `,"body":[1, 2]`: "[1, 2]", `,"body":false`: "false",
	} {
		if a := b.execute(t, call(`{"subject":"a"`+option+`}`)); a.Verdict != core.Success {
			t.Errorf("%s: got %+v", option, a)
		}
		msg, err := sub.NextMsg(time.Minute)
		if err != nil || string(msg.Data) != want {
			t.Errorf("%s: got %v, %v, want %q", option, msg, err, want)
		}
	}
}

// Whoever listens, or nobody: the server has the message.
func TestPublishToNobody(t *testing.T) {
	t.Parallel()
	if a := setup(t).execute(t, call(`{"subject":"nobody"}`)); a.Verdict != core.Success {
		t.Errorf("got %+v", a)
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.serve(t, "beta.jobs.echo", func(m *nats.Msg) *nats.Msg {
		if got := m.Header.Get(contract.HeaderCompleteSubject); got != "beta.complete.t0k" {
			t.Errorf("completions go to %q", got)
		}
		return &nats.Msg{Data: m.Data}
	})
	for name, c := range map[string]struct {
		option string
		want   core.Answer
	}{
		"reply":           {`,"body":{"ok":true}`, core.Answer{Bytes: 11, Excerpt: `{"ok":true}`}},
		"empty reply":     {``, core.Answer{}},
		"without excerpt": {`,"body":"x","no_excerpt":true`, core.Answer{Bytes: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.want.Verdict, c.want.TraceID = core.Success, occurrence
			if a := b.execute(t, call(`{"subject":"echo","request":true`+c.option+`}`)); a != c.want {
				t.Errorf("got %+v, want %+v", a, c.want)
			}
		})
	}
}

func TestExcerpts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	replies := map[string]struct{ reply, want string }{
		"long":          {strings.Repeat("x", contract.MaxExcerpt+1), strings.Repeat("x", contract.MaxExcerpt)},
		"cut character": {strings.Repeat("é", contract.MaxExcerpt), strings.Repeat("é", contract.MaxExcerpt/2)},
		"cut, odd":      {"x" + strings.Repeat("é", contract.MaxExcerpt), "x" + strings.Repeat("é", contract.MaxExcerpt/2-1)},
		"not UTF-8":     {"a\xffb", ""},
		"NUL":           {"a\x00b", ""},
		"escapes":       {"a\x1b[31mb\u009bc\td\r\n", "a [31mb c\td\r\n"},
		"half a MiB":    {strings.Repeat("0123456789abcdef", 1<<15), strings.Repeat("0123456789abcdef", contract.MaxExcerpt/16)},
	}
	b.serve(t, "beta.jobs.>", func(m *nats.Msg) *nats.Msg { return &nats.Msg{Data: []byte(replies[m.Header.Get("which")].reply)} })
	for name, c := range replies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := b.execute(t, call(`{"subject":"a","request":true,"headers":{"which":"`+name+`"}}`))
			if a.Verdict != core.Success || a.Bytes != int64(len(c.reply)) || a.Excerpt != c.want {
				t.Errorf("got %s, %d bytes, excerpt of %d: %.40q", a.Error, a.Bytes, len(a.Excerpt), a.Excerpt)
			}
		})
	}
}

// A service that is made with nats.go's micro package.
func TestServiceErrors(t *testing.T) {
	t.Parallel()
	b := setup(t)
	service, err := micro.AddService(b.nc, micro.Config{Name: "jobs", Version: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = service.Stop() })
	err = service.AddEndpoint("fail", micro.HandlerFunc(func(r micro.Request) {
		code, words := r.Headers().Get("code"), r.Headers().Get("words")
		if err := r.Error(code, words, []byte("why")); err != nil {
			t.Errorf("respond: %v", err)
		}
	}), micro.WithEndpointSubject("beta.jobs.fail"))
	if err == nil {
		err = b.nc.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		code    string
		verdict core.Verdict
		status  int
	}{
		{"400", core.Permanent, 400},
		{"404", core.Permanent, 404},
		{"409", core.Permanent, 409},
		{"499", core.Permanent, 499},
		{"408", core.Temporary, 408},
		{"425", core.Temporary, 425},
		{"429", core.Temporary, 429},
		{"500", core.Temporary, 500},
		{"503", core.Temporary, 503},
		{"302", core.Temporary, 302},
		{"200", core.Temporary, 200},
		{"10", core.Temporary, 0},
		{"99999999999999999999", core.Temporary, 0},
		{"-404", core.Temporary, 0},
		{"E_BUSY", core.Temporary, 0},
	} {
		a := b.execute(t, call(`{"subject":"fail","request":true,"headers":{"code":"`+c.code+`","words":"no such report"}}`))
		if a.Verdict != c.verdict || a.Status != c.status || a.Class != contract.ErrorStatus || !strings.HasSuffix(a.Error, ": no such report") || a.Excerpt != "why" || a.Accepted {
			t.Errorf("%s: got %+v", c.code, a)
		}
	}
	a := b.execute(t, call(`{"subject":"fail","request":true,"no_excerpt":true,"headers":{"code":"500","words":"secret"}}`))
	if a.Error != "the service reported error 500" || a.Excerpt != "" || a.Bytes != 3 {
		t.Errorf("without excerpt: got %+v", a)
	}
	a = b.execute(t, call(`{"subject":"fail","request":true,"headers":{"code":"500","words":"`+strings.Repeat("é", 500)+`"}}`))
	if len(a.Error) > 250 || !strings.Contains(a.Error, "éé") {
		t.Errorf("many words: got %d bytes of error", len(a.Error))
	}
}

func TestErrorWithoutCode(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.serve(t, "beta.jobs.a", func(*nats.Msg) *nats.Msg { return &nats.Msg{Header: nats.Header{"nats-service-error": {"no"}}} })
	a := b.execute(t, call(`{"subject":"a","request":true}`))
	if a.Verdict != core.Temporary || a.Class != contract.ErrorStatus || a.Error != "the service reported an error: no" {
		t.Errorf("got %+v", a)
	}
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.serve(t, "beta.jobs.>", func(m *nats.Msg) *nats.Msg {
		return &nats.Msg{Header: nats.Header{"Schedule-Complete": {m.Header.Get("say")}}}
	})
	for say, want := range map[string]bool{"callback": true, "Callback": true, "later": false, "": false} {
		if a := b.execute(t, call(`{"subject":"a","request":true,"headers":{"say":"`+say+`"}}`)); a.Verdict != core.Success || a.Accepted != want {
			t.Errorf("%q: got %+v", say, a)
		}
	}
}

func TestNoReply(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.execute(t, call(`{"subject":"nobody","request":true}`))
	if a.Verdict != core.Temporary || a.Class != contract.ErrorConnect || a.Error != "nobody listens on the subject" {
		t.Errorf("nobody: got %+v", a)
	}
	b.listen(t, "beta.jobs.silent")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	a = b.Execute(ctx, call(`{"subject":"silent","request":true}`))
	if took := time.Since(began); a.Verdict != core.Temporary || a.Class != contract.ErrorTimeout || took > time.Minute {
		t.Errorf("silent: got %+v after %s", a, took)
	}
}

func TestWithoutServer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.server.Stop()
	for _, option := range []string{`{"subject":"a"}`, `{"subject":"a","request":true}`} {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		a := b.Execute(ctx, call(option))
		cancel()
		if a.Verdict != core.Temporary || a.Class == "" || a.Class == contract.ErrorInvalid || a.Error == "" {
			t.Errorf("%s: got %+v", option, a)
		}
	}
}

func TestConnectionThatWasClosed(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	nc.Close()
	a := executor(nc).Execute(t.Context(), call(`{"subject":"a"}`))
	if a.Verdict != core.Temporary || a.Class != contract.ErrorConnect {
		t.Errorf("got %+v", a)
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	b := setup(t, natstest.WithOptions(func(o *server.Options) { o.MaxPayload = 4096 }))
	a := b.execute(t, call(`{"subject":"a","body":"`+strings.Repeat("x", 8192)+`"}`))
	if a.Verdict != core.Permanent || a.Class != contract.ErrorInvalid || !strings.HasPrefix(a.Error, "option.body: ") {
		t.Errorf("got %+v", a)
	}
}

func TestInvalidOptions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, test := range map[string]struct{ option, field string }{
		"none":        {``, "option: "},
		"array":       {`[]`, "option: "},
		"no subject":  {`{}`, "option.subject: "},
		"wildcard":    {`{"subject":"a.>"}`, "option.subject: "},
		"JetStream":   {`{"subject":"$JS.API.INFO"}`, "option.subject: "},
		"own header":  {`{"subject":"a","headers":{"Webhook-Id":"secret"}}`, "option.headers"},
		"rollup":      {`{"subject":"a","headers":{"Nats-Rollup":"all"}}`, "option.headers"},
		"line breaks": {`{"subject":"a","headers":{"a":"secret\r\nb: c"}}`, "option.headers"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := b.execute(t, call(test.option))
			if a.Verdict != core.Permanent || a.Class != contract.ErrorInvalid || !strings.HasPrefix(a.Error, test.field) || strings.Contains(a.Error, "secret") {
				t.Errorf("got %+v, want an error that begins with %q", a, test.field)
			}
			if a.TraceID != occurrence {
				t.Errorf("got trace %q, want the occurrence's", a.TraceID)
			}
		})
	}
}

func TestTarget(t *testing.T) {
	t.Parallel()
	e := natsexec.New(nil, nil, "beta", system.Clock{})
	for option, want := range map[string]string{
		`{"subject":"report"}`: "nats:report", `{"subject":"report.daily"}`: "nats:report", `{"subject":"Report.daily.x"}`: "nats:Report",
		`{"subject":"report-2/x.y"}`: "nats:report-2/x", ``: "", `[]`: "", `{}`: "", `{"subject":"*"}`: "", `{"subject":".a"}`: "",
	} {
		if got := e.Plan(json.RawMessage(option)).Target; got != want {
			t.Errorf("%s: target is %q, want %q", option, got, want)
		}
	}
}

// The worker that stops cuts calls off by their context.
func TestEndOfTheContext(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.listen(t, "beta.jobs.silent")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(core.ErrStopped) })
	if a := b.Execute(ctx, call(`{"subject":"silent","request":true}`)); a.Verdict != core.Temporary || !errors.Is(context.Cause(ctx), core.ErrStopped) {
		t.Errorf("got %+v", a)
	}
}

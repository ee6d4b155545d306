package cli_test

import (
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/internal/cli"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

// now is what the command line takes for the present in tables.
var now = time.Date(2099, 12, 31, 23, 59, 48, 0, time.UTC)

// far are the jobs' spec in most tests: 12 s after now.
const far = "@at 2100-01-01T00:00:00Z"

// outcome is what a run left behind.
type outcome struct {
	code     int
	out, err string
}

// run runs the command line without a server.
func run(t testing.TB, stdin string, args ...string) outcome {
	t.Helper()
	return runContext(context.Background(), stdin, args...)
}

func runContext(ctx context.Context, stdin string, args ...string) outcome {
	var out, errs bytes.Buffer
	app := cli.App{
		In: strings.NewReader(stdin), Out: &out, Err: &errs,
		Now: func() time.Time { return now }, Location: time.FixedZone("", 3600), Version: "v1.2.3",
	}
	code := app.Patient().Run(ctx, args)
	return outcome{code, out.String(), errs.String()}
}

// bundle is a server with a namespace.
type bundle struct {
	server *natstest.Server
	client *client.Schedule
	js     nats.JetStreamContext
	names  contract.Names
}

func setup(t testing.TB) *bundle {
	t.Helper()
	server := natstest.Start(t)
	nc := server.Connect(t)
	js, err := nc.JetStream()
	noError(t, err)
	c, err := client.New("beta", nc, js)
	noError(t, err)
	return &bundle{server, c, js, "beta"}
}

// run runs the command line against the server.
func (b *bundle) run(t testing.TB, stdin string, args ...string) outcome {
	t.Helper()
	return run(t, stdin, b.args(args...)...)
}

func (b *bundle) args(args ...string) []string {
	return append(args, "--server", b.server.URL(), "--namespace", "beta")
}

// ok runs the command line, which must succeed, and returns its output with
// what differs from run to run replaced.
func (b *bundle) ok(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	got := b.run(t, stdin, args...)
	if args[0] == "set" { // most tests run no scheduler
		got.err = strings.TrimPrefix(got.err, "no scheduler is alive: nothing fires\n")
	}
	if strings.HasPrefix(got.out, "SCHEDULED") || strings.HasPrefix(got.out, "SEQUENCE") {
		if empty := strings.Count(got.out, "\n") == 1; empty != (got.err == "none\n") {
			t.Errorf("%q: output is %q, error %q, want \"none\" exactly when there is none", args, got.out, got.err)
		}
		got.err = strings.TrimPrefix(got.err, "none\n")
	}
	if got.code != cli.ExitOK || got.err != "" {
		t.Fatalf("%q: exit code %d, error %q", args, got.code, got.err)
	}
	return steady(got.out)
}

var varying = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`(?m)^(stored: +).*$`), "${1}STORED"},
	{regexp.MustCompile(`"stored": "[^"]*"`), `"stored": "STORED"`},
	{regexp.MustCompile(`(?m)^(version|round trip): .*$`), "$1: …"},
	{regexp.MustCompile(`"(version|rtt|seen)": "[^"]*"`), `"$1": "…"`},
}

func steady(text string) string {
	for _, v := range varying {
		text = v.pattern.ReplaceAllString(text, v.with)
	}
	return text
}

func (b *bundle) put(t testing.TB, subject, value string) {
	t.Helper()
	_, err := b.js.Publish(subject, []byte(value))
	noError(t, err)
}

func equal(t testing.TB, got, want string) {
	t.Helper()
	want = strings.TrimPrefix(want, "\n")
	if got != want {
		t.Errorf("output is\n%s\nwant\n%s", got, want)
	}
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

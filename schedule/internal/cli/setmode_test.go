package cli_test

import (
	"strings"
	"testing"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/schedule/internal/cli"
)

const limits = `
key:       a
revision:  1
stored:    STORED
state:     active

job 0
  spec:        @at 2100-01-01T00:00:00Z
  timeout:     5s
  attempts:    3
  deadline:    10m0s
  overlap:     queue
  completion:  2h0m0s
  request:     PUT http://a
  accept:      [200 409]
  excerpt:     none
  next:        2100-01-01T01:00:00+01:00 (in 12s)
  prev:        -
`

func TestSetLimits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	equal(t, b.ok(t, "", "set", "a", "--spec", far, "--url", "http://a", "--method", "put", "--timeout", "5s", "--attempts", "3", "--deadline", "10m",
		"--overlap", "queue", "--completion", "2h", "--accept", "200,409", "--no-excerpt"), limits)
	// The same in a file is no change.
	equal(t, b.ok(t, `
jobs:
  - spec: "@at 2100-01-01T00:00:00Z"
    timeout: 5s
    attempts: 3
    deadline: 10m
    overlap: queue
    completion: 120m
    option: {url: "http://a", method: put, accept: [200, 409], no_excerpt: true}
`, "set", "a", "-f", "-"), limits)
	written := b.ok(t, "", "get", "a", "-o", "json")
	equal(t, b.ok(t, written, "set", "a", "-f", "-", "-o", "json"), written)
	jobs, err := b.client.Get("a")
	noError(t, err)
	option, err := jobs[0].HTTP()
	noError(t, err)
	if jobs[0].Attempts != 3 || jobs[0].Overlap != common.OverlapQueue || len(option.Accept) != 2 || !option.NoExcerpt {
		t.Errorf("job is %+v, option %+v", jobs[0], option)
	}
}

const message = `
key:       a
revision:  1
stored:    STORED
state:     active

job 0
  spec:     @at 2100-01-01T00:00:00Z
  timeout:  10s
  subject:  report.daily
  reply:    wanted
  header:   x-team: beta
  header:   x-token: ***
  body:     {"day":"2026-01-02"}
  next:     2100-01-01T01:00:00+01:00 (in 12s)
  prev:     -
`

func TestSetModeNATS(t *testing.T) {
	t.Parallel()
	b := setup(t)
	equal(t, b.ok(t, "", "set", "a", "--spec", far, "--nats-subject", "report.daily", "--request", "--header", "x-team=beta",
		"--header", "x-token=s3cr3t", "--body", `{"day": "2026-01-02"}`), message)
	equal(t, b.ok(t, `
jobs:
  - mode: NATS
    spec: "@at 2100-01-01T00:00:00Z"
    option:
      subject: report.daily
      request: true
      headers: {x-team: beta, x-token: s3cr3t}
      body: {day: 2026-01-02}
`, "set", "a", "-f", "-"), message)
	jobs, err := b.client.Get("a")
	noError(t, err)
	option, err := jobs[0].NATS()
	noError(t, err)
	if option.Subject != "report.daily" || !option.Request || option.Headers["x-token"] != "s3cr3t" {
		t.Errorf("option is %+v", option)
	}
	if hidden := b.ok(t, "", "get", "a", "-o", "json"); strings.Contains(hidden, "s3cr3t") || !strings.Contains(hidden, `"***"`) {
		t.Errorf("output is %s, want the secret hidden", hidden)
	}
	open := b.ok(t, "", "get", "a", "-o", "json", "--show-secrets")
	b.ok(t, open, "set", "a", "-f", "-")
	equal(t, b.ok(t, "", "get", "a", "-o", "json", "--show-secrets"), open)
}

func TestSetRefusesLimits(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cases := map[string]struct{ job, want string }{
		"attempts":           {"attempts: 101, option: {url: 'http://a'}", "jobs[0].attempts: "},
		"no attempts":        {"attempts: 0, option: {url: 'http://a'}", "jobs[0].attempts: is 0, want 1 to 100"},
		"attempts as text":   {"attempts: many, option: {url: 'http://a'}", "wrong kind of value"},
		"deadline":           {"deadline: 721h, option: {url: 'http://a'}", "jobs[0].deadline: "},
		"deadline as text":   {"deadline: soon, option: {url: 'http://a'}", "jobs[0].deadline: "},
		"overlap":            {"overlap: x, option: {url: 'http://a'}", "jobs[0].overlap: "},
		"completion":         {"completion: 169h, option: {url: 'http://a'}", "jobs[0].completion: "},
		"accept":             {"option: {url: 'http://a', accept: [100]}", "jobs[0].option.accept[0]: "},
		"subject":            {"mode: NATS, option: {subject: 'a.>'}", "jobs[0].option.subject: "},
		"no subject":         {"mode: NATS, option: {}", "jobs[0].option.subject: "},
		"reserved header":    {"mode: NATS, option: {subject: a, headers: {Nats-Rollup: all}}", "jobs[0].option.headers"},
		"URL of a message":   {"mode: NATS, option: {subject: a, url: 'http://a'}", "belong to mode HTTP"},
		"subject of a call":  {"option: {url: 'http://a', subject: a}", "belong to mode NATS"},
		"unknown mode":       {"mode: GRPC, option: {url: 'http://a'}", "jobs[0].mode: "},
		"hidden in a header": {"mode: NATS, option: {subject: a, headers: {x-token: '***'}}", "is hidden"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.run(t, "jobs: [{spec: '@hourly', "+c.job+"}]", "set", "a", "-f", "-")
			if got.code != cli.ExitUsage || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, c.want) {
				t.Errorf("exit code %d, error %q, want 2 and %q", got.code, got.err, c.want)
			}
		})
	}
}

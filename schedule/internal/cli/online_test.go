package cli_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/schedule/internal/cli"
	"github.com/weplanx/workflow/shared/contract"
)

func TestSetByFlags(t *testing.T) {
	t.Parallel()
	b := setup(t)
	equal(t, b.ok(t, "", "set", "report", "--spec", far, "--url", "https://example.com/?a=1&b=2", "--method", "put", "--timeout", "5s",
		"--header", "x-team=beta=1", "--header", "Authorization=Bearer s3cr3t", "--body", `{"b": [1], "a": "<x>"}`), `
key:       report
revision:  1
stored:    STORED
state:     active

job 0
  spec:     @at 2100-01-01T00:00:00Z
  timeout:  5s
  request:  PUT https://example.com/?a=1&b=2
  header:   Authorization: ***
  header:   x-team: beta=1
  body:     {"a":"<x>","b":[1]}
  next:     2100-01-01T01:00:00+01:00 (in 12s)
  prev:     -
`)
	jobs, err := b.client.Get("report")
	noError(t, err)
	option, err := jobs[0].HTTP()
	noError(t, err)
	if option.Headers["Authorization"] != "Bearer s3cr3t" || option.Headers["x-team"] != "beta=1" {
		t.Errorf("headers are %v", option.Headers)
	}
}

const file = `
jobs:
  - spec: "30 9 * * mon-fri"
    timezone: Asia/Shanghai
    timeout: 1m
    option:
      url: https://example.com/a
      headers: {x-count: 5}
      body: {day: 2026-01-02, n: 12345678901, list: [a, null, true]}
  - mode: HTTP
    spec: "@every 15s"
    option: {url: "https://example.com/b", method: GET}
`

func TestSetByFile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	path := filepath.Join(t.TempDir(), "report.yaml")
	noError(t, os.WriteFile(path, []byte(file), 0o600))
	b.ok(t, "", "set", "path", "-f", path)
	b.ok(t, file, "set", "stdin", "-f", "-")
	b.ok(t, `{"jobs":[{"mode":"HTTP","spec":"@hourly","option":{"url":"http://a","body":"x"}}]}`, "set", "json", "-f", "-")
	for _, key := range []string{"path", "stdin"} {
		jobs, err := b.client.Get(key)
		noError(t, err)
		option, err := jobs[0].HTTP()
		noError(t, err)
		body, err := json.Marshal(option.Body)
		noError(t, err)
		if len(jobs) != 2 || jobs[0].Timezone != "Asia/Shanghai" || time.Duration(jobs[0].Timeout) != time.Minute || option.Headers["x-count"] != "5" {
			t.Errorf("%s: jobs are %+v", key, jobs)
		}
		equal(t, string(body), `{"day":"2026-01-02","list":["a",null,true],"n":12345678901}`)
	}
}

// What get writes can be edited and stored again, but not without its secrets.
func TestSetWhatGetWrote(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.ok(t, "", "set", "a", "--spec", far, "--url", "http://a", "--header", "X-Token=s3cr3t")
	got := b.run(t, b.ok(t, "", "get", "a", "-o", "json"), "set", "a", "-f", "-")
	if got.code != cli.ExitUsage || !strings.Contains(got.err, `jobs[0].option.headers["X-Token"]: is hidden`) {
		t.Errorf("exit code %d, error %q", got.code, got.err)
	}
	open := b.ok(t, "", "get", "a", "-o", "json", "--show-secrets")
	if !strings.Contains(open, "s3cr3t") {
		t.Errorf("output is %s, want the secret", open)
	}
	equal(t, b.ok(t, open, "set", "a", "-f", "-", "-o", "json"), b.ok(t, "", "get", "a", "-o", "json"))
}

func TestSetRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	flags := func(spec, url string) []string { return []string{"set", "a", "--spec", spec, "--url", url} }
	input := []string{"set", "a", "-f", "-"}
	cases := map[string]struct {
		args  []string
		stdin string
		want  string
	}{
		"spec":         {flags("@every 0", "http://a"), "", "jobs[0].spec: "},
		"URL":          {flags("@hourly", "ftp://a"), "", "jobs[0].option.url: "},
		"key":          {[]string{"set", "a b", "--spec", "@hourly", "--url", "http://a"}, "", "key: "},
		"mode":         {input, "jobs: [{mode: GRPC, spec: '@hourly', option: {url: 'http://a'}}]", "jobs[0].mode: "},
		"unknown name": {input, "jobs:\n- sepc: '@hourly'", `line 2: unknown field "sepc"`},
		"wrong kind":   {input, "jobs: [secret]", "line 1: wrong kind of value"},
		"name twice":   {input, "jobs: []\njobs: []", "already defined"},
		"not YAML":     {input, "jobs: [", "did not find"},
		"two":          {input, "jobs: []\n---\njobs: []", "more than one document"},
		"no jobs":      {input, "jobs: []", "jobs: "},
		"body":         {input, "jobs: [{spec: '@hourly', option: {url: 'http://a', body: {1: 2}}}]", "jobs[0].option.body: "},
		"timeout":      {input, "jobs: [{spec: '@hourly', timeout: soon, option: {url: 'http://a'}}]", "jobs[0].timeout: "},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := b.run(t, c.stdin, c.args...)
			if got.code != cli.ExitUsage || got.out != "" || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, c.want) {
				t.Errorf("exit code %d, output %q, error %q, want 2, nothing and %q", got.code, got.out, got.err, c.want)
			}
		})
	}
}

func TestListAndGet(t *testing.T) {
	t.Parallel()
	b := setup(t)
	equal(t, b.ok(t, "", "list"), "KEY  JOBS  STATE  NEXT  PREV\n")
	equal(t, b.ok(t, "", "list", "-o", "json"), "{\n  \"schedules\": []\n}\n")
	noError(t, b.client.Set("on", job(far), job("@at 2101-01-01T00:00:00Z")))
	noError(t, b.client.Set("off", job(far)))
	b.put(t, b.names.BucketSubject("broken"), `{"v":1,"jobs":[{"mode":"HTTP","spec":"TZ=0","option":{"url":"http://a"}}]}`)
	noError(t, b.client.Pause("off"))
	equal(t, b.ok(t, "", "list"), `
KEY     JOBS  STATE      NEXT                                PREV
broken  -     bad entry  -                                   -
off     1     paused     -                                   -
on      2     active     2100-01-01T01:00:00+01:00 (in 12s)  -
`)
	equal(t, b.ok(t, "", "list", "-o", "json"), `
{
  "schedules": [
    {
      "key": "broken",
      "revision": 3,
      "stored": "STORED",
      "state": "bad entry",
      "jobs": 0,
      "reason": "jobs[0].spec: `+reason(t, b)+`"
    },
    {
      "key": "off",
      "revision": 4,
      "stored": "STORED",
      "state": "paused",
      "jobs": 1
    },
    {
      "key": "on",
      "revision": 1,
      "stored": "STORED",
      "state": "active",
      "jobs": 2,
      "next": "2100-01-01T00:00:00Z"
    }
  ]
}
`)
	equal(t, b.ok(t, "", "get", "off", "-o", "json"), `
{
  "key": "off",
  "revision": 4,
  "stored": "STORED",
  "state": "paused",
  "jobs": [
    {
      "mode": "HTTP",
      "spec": "@at 2100-01-01T00:00:00Z",
      "option": {
        "url": "https://example.com/"
      }
    }
  ]
}
`)
}

// reason is why "broken" cannot be used, as JSON has it.
func reason(t testing.TB, b *bundle) string {
	t.Helper()
	_, err := b.client.Get("broken")
	_, text, _ := strings.Cut(err.Error(), "jobs[0].spec: ")
	return strings.ReplaceAll(text, `"`, `\"`)
}

func TestGetBadEntry(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, b.names.BucketSubject("broken"), "garbage")
	got := b.run(t, "", "get", "broken")
	equal(t, steady(got.out), `
key:       broken
revision:  1
stored:    STORED
state:     bad entry
reason:    malformed message: not a JSON object
`)
	if want := "schedulectl: bad entry \"broken\" (revision 1): malformed message: not a JSON object\n"; got.code != cli.ExitFailure || got.err != want {
		t.Errorf("exit code %d, error %q, want 1 and %q", got.code, got.err, want)
	}
}

func TestNotFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	noError(t, b.client.Set("a", job(far)))
	for _, command := range []string{"get", "rm", "pause", "resume", "results"} {
		got := b.run(t, "", command, "nobody")
		if want := "schedulectl: schedule not found: \"nobody\"\n"; got.code != cli.ExitNotFound || got.err != want {
			t.Errorf("%s: exit code %d, error %q, want 3 and %q", command, got.code, got.err, want)
		}
	}
	for _, command := range []string{"list", "ping", "nodes"} {
		got := run(t, "", command, "--server", b.server.URL(), "--namespace", "typo")
		want := "schedulectl: namespace \"typo\": no schedule was stored and no scheduler has run here; is NAMESPACE right?\n"
		if got.code != cli.ExitNotFound || got.err != want {
			t.Errorf("%s in an unknown namespace: exit code %d, error %q, want 3 and %q", command, got.code, got.err, want)
		}
	}
	if _, err := b.js.StreamInfo("KV_typo_schedules"); err == nil {
		t.Error("reading has made a bucket")
	}
}

func TestPauseResumeRemove(t *testing.T) {
	t.Parallel()
	b := setup(t)
	noError(t, b.client.Set("a", job(far)))
	noError(t, b.client.Set("b", job(far)))
	equal(t, b.ok(t, "", "pause", "a", "b"), "paused a\npaused b\n")
	equal(t, b.ok(t, "", "resume", "a", "-o", "json"), "{\n  \"resumed\": [\n    \"a\"\n  ]\n}\n")
	got := b.run(t, "", "rm", "x", "a", "y")
	if got.code != cli.ExitNotFound || got.out != "removed a\n" || strings.Count(got.err, "\n") != 2 {
		t.Errorf("exit code %d, output %q, error %q", got.code, got.out, got.err)
	}
	if got = b.run(t, "", "rm", "x", "a b"); got.code != cli.ExitFailure {
		t.Errorf("errors of two kinds: exit code %d", got.code)
	}
}

func TestCompletionOfKeys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	noError(t, b.client.Set("a", job(far)))
	noError(t, b.client.Set("b", job(far)))
	complete := append([]string{"__complete"}, b.args()...)
	got := run(t, "", append(complete, "get", "")...)
	equal(t, got.out, "a\nb\n:4\n")
	equal(t, run(t, "", append(complete, "get", "a", "")...).out, ":4\n")
	equal(t, run(t, "", append(complete, "rm", "a", "")...).out, "a\nb\n:4\n")
}

func TestPing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	equal(t, b.ok(t, "", "ping"), `
namespace:   beta
server:      test
version: …
round trip: …
jetstream:   ok

no scheduler is alive: nothing fires
`)
	beat, err := contract.Encode(contract.Heartbeat{Node: "n1", Started: now.Add(-time.Hour)})
	noError(t, err)
	b.put(t, b.names.BucketSubject(contract.NodePrefix+"n1"), string(beat))
	equal(t, b.ok(t, "", "ping", "-o", "json"), `
{
  "namespace": "beta",
  "server": "test",
  "version": "…",
  "rtt": "…",
  "jetstream": true,
  "schedulers": [
    {
      "name": "n1",
      "started": "2099-12-31T22:59:48Z",
      "seen": "…"
    }
  ]
}
`)
}

func (b *bundle) results(t testing.TB) {
	t.Helper()
	_, err := b.js.AddStream(&nats.StreamConfig{Name: b.names.ResultStream(), Subjects: []string{b.names.Results()}})
	noError(t, err)
	for _, r := range []contract.Result{
		{Kind: contract.KindAttempt, Attempt: 1, Outcome: contract.OutcomeRetry, Status: 503, ErrorClass: "status", Error: "503\x1b[31m\nService Unavailable", Started: now, Finished: now.Add(1500 * time.Millisecond)},
		{Kind: contract.KindFinal, Attempt: 2, Outcome: contract.OutcomeSuccess, Status: 204, Started: now, Finished: now.Add(12 * time.Millisecond)},
		{Kind: contract.KindMissed, Outcome: contract.OutcomeMissed, From: now, To: now.Add(time.Minute), Count: 5, Reason: "late"},
	} {
		r.Key, r.Scheduled = "a", now.Add(7*time.Millisecond)
		data, err := contract.Encode(r)
		noError(t, err)
		b.put(t, b.names.Result("a"), string(data))
	}
}

func TestResults(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const heading = "SCHEDULED                      ENDED                          JOB  KIND       ORIGIN   ATTEMPT  OUTCOME   STATUS  TOOK      DETAIL\n"
	noError(t, b.client.Set("a", job(far)))
	equal(t, b.ok(t, "", "results", "a"), heading)
	b.results(t)
	noError(t, b.client.Remove("a"))
	equal(t, b.ok(t, "", "results", "a"), heading+`2100-01-01T00:59:48.007+01:00  2100-01-01T00:59:49.500+01:00  0    attempt    -        1        retry     503     1.5s      status: 503 [31m Service Unavailable
2100-01-01T00:59:48.007+01:00  2100-01-01T00:59:48.012+01:00  0    final      -        2        success   204     12ms      -
2100-01-01T00:59:48.007+01:00  -                              0    missed     -        -        missed    -       -         5 from 2099-12-31T23:59:48.000Z to 2100-01-01T00:00:48.000Z: late
`)
	equal(t, b.ok(t, "", "results", "a", "--since", "1h"), heading) // there are records, though none so new
	equal(t, b.ok(t, "", "results", "a", "--outcome", "lost"), heading)
	var document struct{ Results []common.Result }
	noError(t, json.Unmarshal([]byte(b.ok(t, "", "results", "a", "-n", "2", "-o", "json")), &document))
	if len(document.Results) != 2 || document.Results[0].Kind != contract.KindFinal {
		t.Errorf("results are %+v", document.Results)
	}
	b.put(t, b.names.Result("a"), "garbage")
	if got := b.run(t, "", "results", "a"); got.code != cli.ExitFailure || strings.Count(got.out, "\n") != 4 || !strings.Contains(got.err, "malformed") {
		t.Errorf("exit code %d, error %q, output %s", got.code, got.err, got.out)
	}
}

// Following ends with the context, as by Ctrl-C, and that is no failure.
func TestResultsFollow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.results(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var lines int
	out := writer(func(p []byte) {
		if lines += strings.Count(string(p), "\n"); lines == 2 {
			cancel()
		}
	})
	var errs strings.Builder
	app := cli.App{In: strings.NewReader(""), Out: out, Err: &errs, Now: func() time.Time { return now }, Location: time.UTC}
	if code := app.Run(ctx, b.args("results", "a", "-f", "-n", "2", "-o", "json")); code != cli.ExitOK || errs.String() != "" || lines != 2 {
		t.Errorf("exit code %d, error %q, %d lines", code, errs.String(), lines)
	}
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

func job(spec string) common.Job {
	return common.HttpJob(spec, common.HttpOption{Url: "https://example.com/"})
}

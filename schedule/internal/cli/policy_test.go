package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/schedule/internal/cli"
	"github.com/weplanx/workflow/shared/contract"
)

const policies = `
key:       a
revision:  1
stored:    STORED
state:     active

job 0
  spec:      30 2 * * *
  timezone:  Europe/Berlin
  start:     2100-01-01T01:00:00+01:00 (in 12s)
  end:       2100-02-01T01:00:00+01:00 (in 31d)
  jitter:    up to 30s
  dst:       gap skip, fold both
  misfire:   all, at most 5, within 1h0m0s
  timeout:   10s
  request:   POST http://a
  next:      2100-01-01T02:30:00+01:00 (in 1h30m)
  prev:      -
`

func TestSetPolicies(t *testing.T) {
	t.Parallel()
	b := setup(t)
	equal(t, b.ok(t, "", "set", "a", "--spec", "30 2 * * *", "--timezone", "Europe/Berlin", "--url", "http://a",
		"--start", "2100-01-01T00:00:00Z", "--end", "2100-02-01T01:00:00+01:00", "--jitter", "30s", "--gap", "skip", "--fold", "both",
		"--misfire", "all", "--misfire-limit", "5", "--misfire-window", "1h"), policies)
	// The same in a file is no change.
	equal(t, b.ok(t, `
jobs:
  - spec: 30 2 * * *
    timezone: Europe/Berlin
    start: 2100-01-01T00:00:00Z
    end: 2100-02-01T00:00:00Z
    jitter: 30s
    dst: {gap: skip, fold: both}
    misfire: {policy: all, limit: 5, window: 60m}
    option: {url: "http://a"}
`, "set", "a", "-f", "-"), policies)
	written := b.ok(t, "", "get", "a", "-o", "json")
	equal(t, b.ok(t, written, "set", "a", "-f", "-", "-o", "json"), written)
	equal(t, b.ok(t, "", "get", "a"), policies)
}

func TestSetRefusesPolicies(t *testing.T) {
	t.Parallel()
	b := setup(t)
	cases := map[string]string{
		"dst: {gap: x}":             "jobs[0].dst.gap: ",
		"dst: {fold: x}":            "jobs[0].dst.fold: ",
		"dst: {spring: x}":          `unknown field "spring"`,
		"jitter: 25h":               "jobs[0].jitter: ",
		"jitter: x":                 "jobs[0].jitter: ",
		"misfire: {policy: x}":      "jobs[0].misfire.policy: ",
		"misfire: {limit: 5}":       "jobs[0].misfire: ",
		"misfire: {window: x}":      "jobs[0].misfire.window: ",
		"start: x":                  "jobs[0].start: ",
		"end: 2000-01-01T00:00:00Z": "jobs[0].end: ",
		"start: 2101-01-01T00:00:00Z, end: 2100-01-01T00:00:00Z": "jobs[0].end: ",
		"start: 2100-01-01T00:01:00Z, end: 2100-01-01T00:02:00Z": "jobs[0].spec: has no time",
	}
	for policy, want := range cases {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			got := b.run(t, "jobs: [{spec: '@hourly', "+policy+", option: {url: 'http://a'}}]", "set", "a", "-f", "-")
			if got.code != cli.ExitUsage || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, want) {
				t.Errorf("exit code %d, error %q, want 2 and %q", got.code, got.err, want)
			}
		})
	}
}

func TestNextOfKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	second := job("@every 1h")
	second.Start = now.Add(time.Hour)
	noError(t, b.client.Set("a", job(far), second))
	equal(t, b.ok(t, "", "next", "--key", "a"), `
NEXT                       IN
2100-01-01T01:00:00+01:00  12s
`)
	e, err := b.client.Entry("a")
	noError(t, err)
	var document struct{ Times []common.PreviewTime }
	noError(t, json.Unmarshal([]byte(b.ok(t, "", "next", "--key", "a", "--index", "1", "-n", "1", "-o", "json")), &document))
	if len(document.Times) != 1 || document.Times[0].Time.Sub(e.Anchor)%time.Hour != 0 || document.Times[0].Time.Before(second.Start) {
		t.Errorf("times are %+v", document.Times)
	}
	if got := b.run(t, "", "next", "--key", "a", "--index", "2"); got.code != cli.ExitUsage || !strings.Contains(got.err, `--index is 2, but "a" has jobs 0 to 1`) {
		t.Errorf("exit code %d, error %q", got.code, got.err)
	}
	if got := b.run(t, "", "next", "--key", "b"); got.code != cli.ExitNotFound {
		t.Errorf("exit code %d", got.code)
	}
	noError(t, b.client.Pause("a"))
	if got := b.run(t, "", "next", "--key", "a"); got.code != cli.ExitOK || got.out != "" || got.err != "no times while the schedule is paused\n" {
		t.Errorf("paused: exit code %d, output %q, error %q", got.code, got.out, got.err)
	}
}

func TestNodes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	equal(t, b.ok(t, "", "nodes"), "no scheduler answers: nothing fires\n")
	equal(t, b.ok(t, "", "nodes", "-o", "json"), "{\n  \"schedulers\": []\n}\n")
	nc := b.server.Connect(t)
	for _, state := range []contract.NodeState{
		{
			NodePing: contract.NodePing{Node: "n1", Ready: true}, Started: now.Add(-time.Hour), Partitions: 4, Schedules: 12,
			Owned: []contract.OwnedCursor{{Partition: 0, Due: now.Add(time.Second)}, {Partition: 3, Due: now.Add(-2 * time.Second)}}, ClockOffset: contract.Duration(-1500 * time.Microsecond),
		},
		{NodePing: contract.NodePing{Node: "n2", Reason: "loading"}, Started: now, Partitions: 4},
	} {
		data, err := json.Marshal(state)
		noError(t, err)
		_, err = nc.Subscribe(b.names.Endpoint(contract.EndpointState), func(m *nats.Msg) { _ = m.Respond(data) })
		noError(t, err)
		noError(t, nc.Flush())
	}
	equal(t, b.ok(t, "", "nodes"), `
NODE  READY        STARTED                             PARTITIONS   PUBLISHED UNTIL                     CLOCK   SCHEDULES
n1    yes          2099-12-31T23:59:48+01:00 (1h ago)  2 of 4: 0,3  2100-01-01T00:59:46+01:00 (2s ago)  -1.5ms  12
n2    no: loading  2100-01-01T00:59:48+01:00 (in 0s)   0 of 4       -                                   +0.0ms  0
`)
}

func TestAudit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if got := b.run(t, "", "audit", "nobody", "--since", "700000h"); got.code != cli.ExitNotFound {
		t.Errorf("exit code %d, error %q", got.code, got.err)
	}
	noError(t, b.client.Set("a", job("@every 1h")))
	got := b.run(t, "", "audit", "a", "--until", time.Now().Format(time.RFC3339), "--since", "2020-01-01T00:00:00Z")
	if got.code != cli.ExitOK || !strings.HasPrefix(got.out, `audited 0 occurrences of "a" from `) || !strings.HasSuffix(got.out, ": 0 ended; 0 differences\n") {
		t.Errorf("exit code %d, error %q, output %q", got.code, got.err, got.out)
	}
}

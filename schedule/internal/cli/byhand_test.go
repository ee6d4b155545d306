package cli_test

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/bootstrap"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/schedule/internal/cli"
	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/logging"
)

// scheduler runs a scheduler until the test ends, and waits until it answers.
func (b *bundle) scheduler(t testing.TB) {
	t.Helper()
	c := bootstrap.Config{Config: config.Defaults("")}
	c.Namespace, c.Log = string(b.names), logging.Discard()
	app, err := bootstrap.NewWithConn(t.Context(), c, b.server.Connect(t))
	noError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for deadline := time.Now().Add(time.Minute); app.Ready() != nil; <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the scheduler is not ready: %v", app.Ready())
		}
	}
}

var runID = regexp.MustCompile(`run-[0-9a-f]{32}`)

func TestRun(t *testing.T) {
	t.Parallel()
	b := setup(t)
	noError(t, b.client.Set("a", job(far), job(far)))
	noError(t, b.client.Set("one", job(far)))
	if got := b.run(t, "", "run", "a"); got.code != cli.ExitFailure || !strings.Contains(got.err, "no scheduler answers") {
		t.Errorf("without a scheduler: exit code %d, error %q", got.code, got.err)
	}
	b.scheduler(t)
	equal(t, runID.ReplaceAllString(b.ok(t, "", "run", "a"), "ID"), "JOB  ID\n0    ID\n1    ID\n")
	equal(t, runID.ReplaceAllString(b.ok(t, "", "run", "a", "--index", "1"), "ID"), "JOB  ID\n1    ID\n")
	var document struct{ Runs []common.RunID }
	noError(t, json.Unmarshal([]byte(b.ok(t, "", "run", "a", "--index", "0", "-o", "json")), &document))
	if len(document.Runs) != 1 || !runID.MatchString(document.Runs[0].ID) || time.Since(document.Runs[0].Scheduled).Abs() > time.Minute {
		t.Errorf("runs are %+v", document.Runs)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"unknown key": {[]string{"run", "nobody"}, cli.ExitNotFound, `schedule not found: "nobody"`},
		"bad key":     {[]string{"run", "a b"}, cli.ExitUsage, "key: "},
		"index":       {[]string{"run", "a", "--index", "2"}, cli.ExitUsage, `--index is 2, but "a" has jobs 0 to 1`},
		"of one job":  {[]string{"run", "one", "--index", "3"}, cli.ExitUsage, `--index is 3, but "one" has only job 0`},
		"negative":    {[]string{"run", "a", "--index", "-1"}, cli.ExitUsage, `--index is -1, but "a" has jobs 0 to 1`},
	} {
		if got := b.run(t, "", c.args...); got.code != c.code || got.out != "" || !strings.Contains(got.err, c.want) || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s: exit code %d, output %q, error %q", name, got.code, got.out, got.err)
		}
	}
}

// Where nothing fires, set says so; what it stores is stored all the same.
func TestSetWarnsWithoutScheduler(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const warning = "no scheduler is alive: nothing fires\n"
	for _, output := range []string{"table", "json"} {
		got := b.run(t, "", "set", "a", "--spec", far, "--url", "http://a", "-o", output)
		if got.code != cli.ExitOK || got.err != warning || strings.Contains(got.out, warning) {
			t.Errorf("%s: exit code %d, output %q, error %q, want 0 and %q", output, got.code, got.out, got.err, warning)
		}
	}
	b.scheduler(t)
	if got := b.run(t, "", "set", "a", "--spec", far, "--url", "http://b"); got.code != cli.ExitOK || got.err != "" {
		t.Errorf("with a scheduler: exit code %d, error %q", got.code, got.err)
	}
}

// worker ends what is run by hand as outcome says, as a worker would.
func (b *bundle) worker(t testing.TB, outcome func(contract.Trigger) string) {
	t.Helper()
	sub, err := b.js.PullSubscribe(b.names.Triggers(), "workers", nats.BindStream(b.names.TriggerStream()))
	noError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for ctx.Err() == nil {
			msgs, _ := sub.Fetch(10, nats.Context(ctx)) // none in time, or the end
			for _, msg := range msgs {
				trigger, err := contract.Decode[contract.Trigger](msg.Data)
				if err != nil {
					t.Error(err)
					continue
				}
				b.end(t, trigger, outcome(trigger))
				_ = msg.Ack()
			}
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
}

func (b *bundle) end(t testing.TB, trigger contract.Trigger, outcome string) {
	t.Helper()
	result := contract.Result{
		Key: trigger.Key, Index: trigger.Index, ID: trigger.ID, Scheduled: now, Attempt: 1, Outcome: outcome, Status: 204,
		Started: now, Finished: now.Add(7 * time.Millisecond),
	}
	if outcome != common.OutcomeSuccess {
		result.Status, result.ErrorClass, result.Error = 500, contract.ErrorStatus, "status 500"
	}
	for _, kind := range []string{common.KindAttempt, common.KindFinal} {
		result.Kind = kind
		data, err := contract.Encode(result)
		if err != nil {
			t.Error(err)
		}
		if _, err := b.js.Publish(b.names.Result(trigger.Key), data); err != nil {
			t.Error(err)
		}
	}
}

func TestRunAndWait(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.scheduler(t)
	noError(t, b.client.Set("a", job(far), job(far)))
	b.put(t, b.names.Result("a"), "garbage")
	b.end(t, contract.Trigger{Key: "a", ID: "5f"}, common.OutcomeDead) // another's
	b.worker(t, func(trigger contract.Trigger) string {
		if trigger.Index == 1 {
			return common.OutcomeDead
		}
		return common.OutcomeSuccess
	})
	good := b.ok(t, "", "run", "a", "--index", "0", "--wait")
	if lines := strings.Split(good, "\n"); len(lines) != 3 || !strings.Contains(lines[1], "  0    final      by hand  1        success   204     7ms") {
		t.Errorf("output is %q", good)
	}
	got := b.run(t, "", "run", "a", "--wait", "-o", "json")
	if want := "schedulectl: job 1 of \"a\" has ended as dead: status 500\n"; got.code != cli.ExitFailure || got.err != want {
		t.Errorf("exit code %d, error %q, want 1 and %q", got.code, got.err, want)
	}
	var document struct{ Results []common.Result }
	noError(t, json.Unmarshal([]byte(got.out), &document))
	if len(document.Results) != 2 {
		t.Errorf("results are %+v", document.Results)
	}
}

// Whoever waits sees that an attempt has failed and is followed by another.
func TestRunAndWaitShowsRetries(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.scheduler(t)
	noError(t, b.client.Set("a", job(far)))
	b.worker(t, func(trigger contract.Trigger) string {
		retry, err := contract.Encode(contract.Result{
			Kind: common.KindAttempt, Key: trigger.Key, ID: trigger.ID, Scheduled: now, Attempt: 1, Outcome: common.OutcomeRetry, Status: 503,
		})
		if err != nil {
			t.Error(err)
		}
		if _, err := b.js.Publish(b.names.Result(trigger.Key), retry); err != nil {
			t.Error(err)
		}
		return common.OutcomeSuccess
	})
	lines := strings.Split(b.ok(t, "", "run", "a", "--wait"), "\n")
	if len(lines) != 4 || !strings.Contains(lines[1], "  attempt    by hand  1        retry     503") || !strings.Contains(lines[2], "  final      by hand  1        success   204") {
		t.Errorf("output is %q, want the heading, a retry and the end", lines)
	}
}

// Whoever waits in vain ends it with Ctrl-C, and is told that it is not over.
func TestRunWaitsNoLongerThanItsContext(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.scheduler(t)
	noError(t, b.client.Set("a", job(far)))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		for ctx.Err() == nil { // until it waits for records
			info, err := b.js.StreamInfo(b.names.ResultStream())
			if err == nil && info.State.Consumers > 0 {
				cancel()
			}
			<-time.After(10 * time.Millisecond)
		}
	}()
	if got := runContext(ctx, "", b.args("run", "a", "--wait")...); got.code != cli.ExitFailure || !strings.Contains(got.err, "1 of the runs had not ended yet") {
		t.Errorf("exit code %d, error %q", got.code, got.err)
	}
}

func TestResultsChosen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	noError(t, b.client.Set("a", job(far)))
	b.results(t)
	chosen := func(want int, args ...string) {
		t.Helper()
		var document struct{ Results []common.Result }
		noError(t, json.Unmarshal([]byte(b.ok(t, "", append([]string{"results", "a", "-o", "json"}, args...)...)), &document))
		if len(document.Results) != want {
			t.Errorf("%q: results are %+v, want %d", args, document.Results, want)
		}
	}
	chosen(3)
	chosen(1, "--outcome", "retry")
	chosen(2, "--outcome", "retry,success")
	chosen(2, "--outcome", "missed", "--outcome", "success")
	chosen(1, "--kind", "final")
	chosen(0, "--kind", "final", "--outcome", "retry")
	chosen(3, "--until", "2099-01-01T00:00:00Z")
	chosen(0, "--until", "2000-01-01T00:00:00Z")
	chosen(0, "--until", "800000h")
	chosen(3, "--since", "800000h")
	chosen(3, "--since", "2000-01-01T00:00:00Z")
	chosen(0, "--since", "2099-01-01T00:00:00Z")
	for flag, value := range map[string]string{"--outcome": "x", "--kind": "x"} {
		got := b.run(t, "", "results", "a", flag, value)
		if got.code != cli.ExitUsage || got.out != "" || !strings.Contains(got.err, `is "x", want one of`) || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s: exit code %d, output %q, error %q", flag, got.code, got.out, got.err)
		}
	}
}

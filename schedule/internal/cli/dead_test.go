package cli_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/schedule/internal/cli"
	"github.com/weplanx/workflow/shared/contract"
)

// bury stores dead letters: of "a" a call that died, of "b/c" a message that was
// sent again before, of "a" what could not be read, and garbage.
func (b *bundle) bury(t testing.TB) {
	t.Helper()
	if _, err := b.js.StreamInfo(b.names.DeadStream()); err != nil {
		_, err = b.js.AddStream(&nats.StreamConfig{Name: b.names.DeadStream(), Subjects: []string{b.names.Deads()}})
		noError(t, err)
	}
	call := common.HttpJob(far, common.HttpOption{Url: "http://h/", Headers: map[string]string{"X-Token": "s3cr3t"}, Body: 1})
	message := common.NatsJob(far, common.NatsOption{Subject: "report"})
	for _, dead := range []common.Dead{
		{
			ID: "5f", Key: "a", Index: 2, Mode: common.ModeHTTP, Scheduled: now.Add(-time.Hour), Died: now, Outcome: common.OutcomeDead, Attempts: 5,
			Status: 503, ErrorClass: contract.ErrorStatus, Error: "status 503\x1b[31m", Worker: "w1",
			Trigger: &contract.Trigger{V: 1, ID: "5f", Key: "a", Index: 2, Mode: common.ModeHTTP, Option: call.Option, Attempts: 5, Overlap: common.OverlapSkip},
		},
		{
			ID: "60-1", Key: "b/c", Mode: common.ModeNATS, Scheduled: now, Died: now, Outcome: common.OutcomeExpired, Reason: "too late",
			Trigger: &contract.Trigger{V: 1, ID: "60-1", Key: "b/c", Mode: common.ModeNATS, Option: message.Option, Origin: "60"},
		},
		{ID: "61", Key: "a", Died: now, Outcome: common.OutcomeFailed, Reason: "the trigger cannot be run", ErrorClass: contract.ErrorInvalid, Error: "not JSON", Data: []byte("s3cr3t")},
	} {
		data, err := contract.Encode(dead)
		noError(t, err)
		b.put(t, b.names.Dead(dead.Key), string(data))
	}
	b.put(t, b.names.Dead("a"), "garbage")
}

var storedAt = regexp.MustCompile(`\S+ \((\d+y\d*d?|in 0s|\d+s) ?(ago)?\)`)

// kept replaces when a letter was stored, which is the server's time.
func kept(text string) string { return storedAt.ReplaceAllString(text, "THEN") }

func TestDeadList(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const heading = "SEQUENCE  KEY  JOB  SCHEDULED  STORED  OUTCOME  ATTEMPTS  DETAIL\n"
	equal(t, b.ok(t, "", "dead", "list"), heading)
	equal(t, b.ok(t, "", "dead", "list", "-o", "json"), "{\n  \"dead\": []\n}\n")
	b.bury(t)
	equal(t, kept(b.ok(t, "", "dead", "list")), `
SEQUENCE  KEY  JOB  SCHEDULED                  STORED                                  OUTCOME  ATTEMPTS  DETAIL
4         a    -    -                          THEN  -        -         malformed message: not a JSON object
3         a    0    -                          THEN  failed   0         invalid: not JSON
2         b/c  0    2100-01-01T00:59:48+01:00  THEN  expired  0         too late
1         a    2    2099-12-31T23:59:48+01:00  THEN  dead     5         status 503 [31m
`)
	sequences := func(args ...string) string {
		t.Helper()
		text := b.ok(t, "", append([]string{"dead", "ls", "-o", "json"}, args...)...)
		if strings.Contains(text, "s3cr3t") {
			t.Errorf("%q: output is %s, want the secret hidden", args, text)
		}
		var document struct {
			Dead []struct {
				Sequence   uint64
				Key        string
				Unreadable string
				Trigger    *contract.Trigger
			}
		}
		noError(t, json.Unmarshal([]byte(text), &document))
		var list []string
		for _, l := range document.Dead {
			list = append(list, fmt.Sprint(l.Sequence))
			if (l.Unreadable != "") != (l.Sequence == 4) || (l.Trigger == nil) != (l.Sequence > 2) {
				t.Errorf("letter is %+v", l)
			}
		}
		return strings.Join(list, " ")
	}
	for args, want := range map[string]string{
		"": "4 3 2 1", "a": "4 3 1", "b/c": "2", "nobody": "", "-n 2": "4 3", "-n 0": "4 3 2 1", "--outcome dead": "1",
		"--class invalid": "3", "a --outcome failed -n 1": "3", "--until 2000-01-01T00:00:00Z": "", "--until 2099-01-01T00:00:00Z": "4 3 2 1", "--since 1h": "", "--since 800000h": "4 3 2 1",
	} {
		if got := sequences(strings.Fields(args)...); got != want {
			t.Errorf("%q: letters are %q, want %q", args, got, want)
		}
	}
	if got := b.run(t, "", "dead", "list", "--outcome", "x"); got.code != cli.ExitUsage || !strings.Contains(got.err, "outcome: ") {
		t.Errorf("exit code %d, error %q", got.code, got.err)
	}
}

func TestDeadShow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.bury(t)
	equal(t, kept(b.ok(t, "", "dead", "show", "1")), `
sequence:     1
key:          a
stored:       STORED
job:          2
id:           5f
scheduled:    2099-12-31T23:59:48+01:00 (1h ago)
died:         THEN
outcome:      dead
attempts:     5
status:       503
error class:  status
error:        status 503 [31m
worker:       w1

what it runs
  mode:      HTTP
  timeout:   10s
  attempts:  5
  overlap:   skip
  request:   POST http://h/
  header:    X-Token: ***
  body:      1
`)
	equal(t, kept(b.ok(t, "", "dead", "show", "2")), `
sequence:   2
key:        b/c
stored:     STORED
job:        0
id:         60-1
repeats:    60
scheduled:  THEN
died:       THEN
outcome:    expired
reason:     too late

what it runs
  mode:     NATS
  timeout:  10s
  subject:  report
`)
	equal(t, kept(b.ok(t, "", "dead", "show", "4")), `
sequence:    4
key:         a
stored:      STORED
unreadable:  malformed message: not a JSON object
`)
	if text := b.ok(t, "", "dead", "show", "3"); !strings.Contains(text, "data:         6 bytes\n") || strings.Contains(text, "s3cr3t") {
		t.Errorf("output is %s", text)
	}
	for sequence, at := range map[string]string{"1": "trigger", "3": "data"} {
		for _, output := range []string{"table", "json"} {
			if text := b.ok(t, "", "dead", "show", sequence, "-o", output); strings.Contains(text, "s3cr3t") || strings.Contains(text, "czNjcjN0") {
				t.Errorf("%s: output is %s, want the secret hidden", at, text)
			}
			if text := b.ok(t, "", "dead", "show", sequence, "-o", output, "--show-secrets"); !strings.Contains(text, "s3cr3t") && !strings.Contains(text, "czNjcjN0") {
				t.Errorf("%s: output is %s, want the secret", at, text)
			}
		}
	}
	if got := b.run(t, "", "dead", "show", "9"); got.code != cli.ExitNotFound || got.err != "schedulectl: dead letter not found: 9\n" {
		t.Errorf("exit code %d, error %q", got.code, got.err)
	}
}

// The last answer of the target often says more than the status.
func TestDeadShowsTheLastAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.bury(t)
	_, err := b.js.AddStream(&nats.StreamConfig{Name: b.names.ResultStream(), Subjects: []string{b.names.Results()}})
	noError(t, err)
	for _, r := range []contract.Result{
		{ID: "5f", Kind: contract.KindAttempt, Attempt: 4, Excerpt: "busy"},
		{ID: "5f", Kind: contract.KindAttempt, Attempt: 5, Excerpt: "\nno such table\x1b[31m: t\nat line 7"},
		{ID: "60", Kind: contract.KindFinal, Attempt: 1, Excerpt: "another's"},
	} {
		r.Key = "a"
		data, err := contract.Encode(r)
		noError(t, err)
		b.put(t, b.names.Result("a"), string(data))
	}
	if text := b.ok(t, "", "dead", "show", "1"); !strings.Contains(text, "answer:       no such table [31m: t\n") {
		t.Errorf("output is %s, want the first line of the last answer", text)
	}
}

func TestDeadResend(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.bury(t)
	if got := b.run(t, "", "dead", "resend", "1"); got.code != cli.ExitFailure || !strings.Contains(got.err, "no scheduler answers") {
		t.Errorf("without a scheduler: exit code %d, error %q", got.code, got.err)
	}
	noError(t, b.js.DeleteStream(b.names.DeadStream()))
	b.scheduler(t)
	b.bury(t)
	equal(t, b.ok(t, "", "dead", "resend", "2", "--key", "b/c"), "sent 2 again: 60-1 of b/c is now 60-2\n")
	got := b.run(t, "", "dead", "resend", "1", "2", "3", "9", "-o", "json")
	equal(t, got.out, `
{
  "sent": [
    {
      "sequence": 1,
      "key": "a",
      "dead": "5f",
      "id": "5f-1"
    }
  ]
}
`)
	equal(t, got.err, `
schedulectl: dead letter not found: 2
schedulectl: dead letter 3 cannot be run: its trigger could not be read
schedulectl: dead letter not found: 9
`)
	if got.code != cli.ExitFailure {
		t.Errorf("exit code is %d", got.code)
	}
	if got = b.run(t, "", "dead", "resend", "1"); got.code != cli.ExitNotFound || got.out != "" {
		t.Errorf("exit code %d, output %q", got.code, got.out)
	}
	if got = b.run(t, "", "dead", "resend", "--all"); got.code != cli.ExitFailure || got.out != "" || strings.Count(got.err, "\n") != 2 {
		t.Errorf("exit code %d, output %q, error %q, want that two cannot be sent", got.code, got.out, got.err)
	}
	b.bury(t)
	equal(t, b.ok(t, "", "dead", "resend", "--all", "--key", "a", "--class", "status", "--outcome", "dead", "--since", "900000h"), "sent 5 again: 5f of a is now 5f-1\n")
	equal(t, b.ok(t, "", "dead", "resend", "--all", "--until", "2000-01-01T00:00:00Z", "-o", "json"), "{\n  \"sent\": []\n}\n")
}

func TestDeadDrop(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.bury(t)
	equal(t, b.ok(t, "", "dead", "drop", "4"), "dropped 4\n")
	got := b.run(t, "", "dead", "rm", "4", "1", "2", "--key", "a", "-o", "json")
	equal(t, got.out, "{\n  \"dropped\": [\n    1\n  ]\n}\n")
	equal(t, got.err, "schedulectl: dead letter not found: 4\nschedulectl: dead letter not found: 2 of \"a\"\n")
	if got.code != cli.ExitNotFound {
		t.Errorf("exit code is %d", got.code)
	}
	b.bury(t)
	equal(t, b.ok(t, "", "dead", "drop", "--all", "--yes", "--outcome", "expired"), "dropped 6\ndropped 2\n")
	equal(t, b.ok(t, "", "dead", "drop", "--all", "--yes", "--key", "b/c", "-o", "json"), "{\n  \"dropped\": []\n}\n")
	equal(t, b.ok(t, "", "dead", "drop", "--all", "--yes"), "dropped 8\ndropped 7\ndropped 5\ndropped 3\n")
	equal(t, b.ok(t, "", "dead", "list", "-o", "json"), "{\n  \"dead\": []\n}\n")
}

func TestCompletionOfLetters(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.bury(t)
	noError(t, b.client.Set("a", job(far)))
	complete := append([]string{"__complete"}, b.args()...)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"dead", "show", ""}, "4\ta, unreadable\n3\ta, failed\n2\tb/c, expired\n1\ta, dead\n:36\n"},
		{[]string{"dead", "show", "1", ""}, ":4\n"},
		{[]string{"dead", "drop", "1", ""}, "4\ta, unreadable\n3\ta, failed\n2\tb/c, expired\n1\ta, dead\n:36\n"},
		{[]string{"dead", "list", ""}, "a\n:4\n"},
		{[]string{"dead", "resend", "--all", "--key", ""}, "a\n:4\n"},
		{[]string{"run", ""}, "a\n:4\n"},
		{[]string{"set", "a", "--overlap", ""}, "allow\nskip\nqueue\n:4\n"},
		{[]string{"results", "a", "--kind", ""}, "attempt\nfinal\nmissed\nbad_entry\n:4\n"},
	} {
		if got := run(t, "", append(complete, c.args...)...); got.out != c.want {
			t.Errorf("%q: offers are %q, want %q", c.args, got.out, c.want)
		}
	}
}

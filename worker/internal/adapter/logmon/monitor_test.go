package logmon_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/leaktest"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/worker/internal/adapter/logmon"
	"github.com/weplanx/workflow/worker/internal/core"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestLines(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	result := contract.Result{
		Kind: contract.KindFinal, ID: "1", Key: "k", Index: 2, Mode: "HTTP", Scheduled: began, Due: began,
		Started: began.Add(40 * time.Millisecond), Finished: began.Add(2 * time.Second), Attempt: 3, Outcome: "success", Status: 200,
	}
	failed := result
	failed.Outcome, failed.Status, failed.ErrorClass, failed.Error = "failed", 404, "status", "status 404 Not Found"
	attempt := result
	attempt.Kind = contract.KindAttempt
	for name, test := range map[string]struct {
		say  func(*logmon.Monitor)
		want map[string]any // nil: nothing in mode release
	}{
		"final": {func(m *logmon.Monitor) { m.Recorded(result) }, nil},
		"failed": {func(m *logmon.Monitor) { m.Recorded(failed) }, map[string]any{
			"level": "warning", "msg": "occurrence finished", "id": "1", "key": "k", "index": 2.0, "mode": "HTTP", "attempt": 3.0,
			"outcome": "failed", "late_ms": 40.0, "took_ms": 1960.0, "scheduled": "2026-01-02T03:04:05Z", "error_class": "status", "status": 404.0,
		}},
		"attempt": {func(m *logmon.Monitor) { m.Recorded(attempt) }, nil},
		"started": {func(m *logmon.Monitor) { m.Started(core.Call{ID: "1", Option: json.RawMessage(`"secret"`)}) }, nil},
		"missed": {func(m *logmon.Monitor) {
			m.Recorded(contract.Result{Kind: contract.KindMissed, ID: "1", Key: "k", Count: 3, Reason: "late", Outcome: "missed"})
		}, map[string]any{"level": "warning", "msg": "occurrences missed", "count": 3.0, "reason": "late"}},
		"returned": {func(m *logmon.Monitor) { m.Returned("1", "k", "attempt failed", time.Second) }, map[string]any{
			"level": "info", "id": "1", "key": "k", "reason": "attempt failed", "delay_ms": 1000.0,
		}},
		"trouble": {func(m *logmon.Monitor) {
			m.Trouble(core.Trouble{Doing: "store record", ID: "1", Err: errors.New("full")})
		}, map[string]any{"level": "warning", "doing": "store record", "id": "1", "error": "full"}},
		"target fails": {func(m *logmon.Monitor) { m.Target("a:80", true) }, map[string]any{
			"level": "warning", "target": "a:80", "msg": "target fails, its calls are put off",
		}},
		"target answers": {func(m *logmon.Monitor) { m.Target("a:80", false) }, map[string]any{
			"level": "info", "target": "a:80", "msg": "target answers again",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			test.say(logmon.New(logging.New("release", &out)))
			if test.want == nil {
				if out.Len() > 0 {
					t.Errorf("got %s", out.String())
				}
				return
			}
			var got map[string]any
			if err := json.Unmarshal(out.Bytes(), &got); err != nil {
				t.Fatal(err)
			}
			for field, want := range test.want {
				if got[field] != want {
					t.Errorf("%s: got %v, want %v", field, got[field], want)
				}
			}
		})
	}
}

func TestOptionsAreNotLogged(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	m := logmon.New(logging.New("debug", &out))
	m.Started(core.Call{ID: "1", Key: "k", Option: json.RawMessage(`{"headers":{"authorization":"secret"}}`)})
	if text := out.String(); !strings.Contains(text, "attempt started") || strings.Contains(text, "secret") {
		t.Errorf("got %s", text)
	}
}

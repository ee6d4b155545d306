package logmon_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/logging/logtest"
	"github.com/weplanx/workflow/worker/internal/adapter/logmon"
	"github.com/weplanx/workflow/worker/internal/core"
)

// document is what people are told of the lines.
const document = "../../../docs/logs.md"

// The document tells of the fields and messages of all lines, and of no others.
func TestFieldsAreDocumented(t *testing.T) {
	t.Parallel()
	logtest.Documented(t, document, "Of occurrences", everything(t))
}

// everything is what a monitor logs when it is told everything.
func everything(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	log := logging.New("release", &out)
	log.SetLevel(logrus.DebugLevel)
	m, at := logmon.New(log), time.Unix(1, 0)
	full := contract.Result{
		V: 1, Kind: contract.KindFinal, ID: "1", Key: "k", Mode: "HTTP", Scheduled: at, Due: at, Started: at, Finished: at, Attempt: 1,
		Outcome: "dead", Status: 500, ErrorClass: "status", Error: "e", Worker: "w", From: at, To: at, Count: 1, Reason: "r",
		Lateness: 1, Bytes: 1, Excerpt: "x", TraceID: "2", Origin: "3",
	}
	for _, kind := range []string{contract.KindFinal, contract.KindAttempt, contract.KindMissed} {
		full.Kind = kind
		m.Recorded(full)
	}
	m.Started(core.Call{ID: "1", Key: "k", Mode: "HTTP", Attempt: 1})
	m.Returned("1", "k", "attempt failed", time.Second)
	m.Trouble(core.Trouble{Doing: "store record", ID: "1", Key: "k", Err: errors.New("full")})
	m.Target("a:80", true)
	m.Target("a:80", false)
	return out.String()
}

// The ID of a trace is that of its occurrence, and only told where it is not.
func TestTraceID(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		result contract.Result
		want   bool
	}{{contract.Result{ID: "1", TraceID: "1"}, false}, {contract.Result{ID: "event-1", TraceID: "2"}, true}, {contract.Result{ID: "1"}, false}} {
		var out bytes.Buffer
		logmon.New(logging.New("release", &out)).Recorded(test.result)
		if got := strings.Contains(out.String(), `"trace_id":"2"`); got != test.want || strings.Contains(out.String(), "trace_id") != test.want {
			t.Errorf("got %s", out.String())
		}
	}
}

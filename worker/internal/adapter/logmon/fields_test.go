package logmon_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/worker/internal/adapter/logmon"
	"github.com/weplanx/workflow/worker/internal/core"
)

// document is what people are told of the lines.
const document = "../../../docs/logs.md"

// The document tells of the fields of all lines, and of no others.
func TestFieldsAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n## Of occurrences\n")
	table, _, _ := strings.Cut(section, "\n| `msg` |")
	if !found {
		t.Fatalf("%s has no such section", document)
	}
	told := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(table, -1) {
		told[row[1]] = false
	}
	_, lines, _ := strings.Cut(section, "\n| `msg` |")
	lines, _, _ = strings.Cut(lines, "\n## ")
	messages := map[string]bool{}
	for row := range strings.Lines(lines) {
		if cells := strings.Split(row, "|"); len(cells) == 5 {
			for _, message := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[1], -1) {
				messages[message[1]] = false
			}
		}
	}
	for line := range strings.Lines(everything(t)) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		for name := range fields {
			if _, ok := told[name]; !ok && !slices.Contains([]string{"time", "level", "msg"}, name) {
				t.Errorf("%s does not tell of %s, in %s", document, name, line)
			}
			told[name] = true
		}
		message, _ := fields["msg"].(string)
		if _, ok := messages[message]; !ok {
			t.Errorf("%s does not tell of %q", document, message)
		}
		messages[message] = true
	}
	for message, seen := range messages {
		if !seen {
			t.Errorf("%s tells of %q, which no line says", document, message)
		}
	}
	for name, seen := range told {
		if !seen {
			t.Errorf("%s tells of %s, which no line has", document, name)
		}
	}
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

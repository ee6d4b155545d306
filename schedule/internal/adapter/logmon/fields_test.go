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

	"github.com/weplanx/workflow/schedule/internal/adapter/logmon"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/logging"
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
	_, section, found := strings.Cut(string(text), "\n## Of firing\n")
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
	m := logmon.New(log, "ns", "n", time.Now)
	m.BadEntry("k", 7, errors.New("spec: is empty"))
	m.Committed(core.Committed{Partition: 1, Triggers: make([]contract.Trigger, 2), Due: time.Unix(1, 0), Took: time.Millisecond})
	m.NotCommitted(1, core.ErrFenced)
	m.Owned([]int{1}, []string{"n"})
	m.Loading(1, false)
	m.Loading(2, true)
	m.Trouble("publish triggers", 1, core.ErrFull)
	return out.String()
}

// Package logtest compares what is logged with what the documents tell of it.
package logtest

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	fieldRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|")
	quoted   = regexp.MustCompile("`([^`]+)`")
)

const (
	messageTable = "\n| `msg` |" // begins the table of messages, which follows that of fields
	messageCells = 5             // of its rows, with what is outside the first and the last bar
)

// told is what a document tells of, and whether that was seen.
type told map[string]bool

// Documented fails unless a section of the document tells of all fields and
// messages of the lines, JSON each, and of no others.
func Documented(t *testing.T, document, section, lines string) {
	t.Helper()
	fields, messages := read(t, document, section)
	for line := range strings.Lines(lines) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		for name := range entry {
			if _, ok := fields[name]; !ok && !slices.Contains([]string{"time", "level", "msg"}, name) {
				t.Errorf("%s does not tell of %s, in %s", document, name, line)
			}
			fields[name] = true
		}
		message, _ := entry["msg"].(string)
		if _, ok := messages[message]; !ok {
			t.Errorf("%s does not tell of %q", document, message)
		}
		messages[message] = true
	}
	fields.allSeen(t, document)
	messages.allSeen(t, document)
}

func (s told) allSeen(t *testing.T, document string) {
	t.Helper()
	for name, seen := range s {
		if !seen {
			t.Errorf("%s tells of %q, which no line has", document, name)
		}
	}
}

func read(t *testing.T, document, section string) (fields, messages told) {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "\n## "+section+"\n")
	if !found {
		t.Fatalf("%s has no section %q", document, section)
	}
	rest, _, _ = strings.Cut(rest, "\n## ")
	table, rows, _ := strings.Cut(rest, messageTable)
	fields, messages = told{}, told{}
	for _, row := range fieldRow.FindAllStringSubmatch(table, -1) {
		fields[row[1]] = false
	}
	for row := range strings.Lines(rows) {
		if cells := strings.Split(row, "|"); len(cells) == messageCells {
			for _, message := range quoted.FindAllStringSubmatch(cells[1], -1) {
				messages[message[1]] = false
			}
		}
	}
	return fields, messages
}

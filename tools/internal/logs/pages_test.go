package logs_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// root is the folder of the repository.
const root = "../../.."

// The pages tell of every line that a program logs of itself, with its level and
// all of its fields, and of no other.
func TestPagesTellOfTheLinesOfPrograms(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"worker", "schedule"} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			page := filepath.Join(root, program, "docs", "logs.md")
			told, is := documented(t, page), logged(t, filepath.Join(root, program), filepath.Join(root, "shared"))
			if len(is) < 10 {
				t.Errorf("only %d lines were found", len(is))
			}
			for _, text := range slices.Sorted(maps.Keys(is)) {
				if got, ok := told[text]; !ok || got != is[text] {
					t.Errorf("%s: %q is told to be %+v, it is %+v", page, text, got, is[text])
				}
				delete(told, text)
			}
			for _, text := range slices.Sorted(maps.Keys(told)) {
				t.Errorf("%s tells of %q, which nothing logs", page, text)
			}
		})
	}
}

var quoted = regexp.MustCompile("`([^`]+)`")

// documented returns the lines in the table of a page's section about the
// program: texts, level and fields.
func documented(t *testing.T, page string) map[string]line {
	t.Helper()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(data), "\n## Of the program\n")
	if section, _, _ = strings.Cut(section, "\n## "); !found {
		t.Fatalf("%s has no section of the program", page)
	}
	lines := map[string]line{}
	for row := range strings.Lines(section) {
		cells := strings.Split(row, "|")
		if len(cells) != 5 || !strings.HasPrefix(cells[1], " `") || cells[1] == " `msg` " {
			continue
		}
		names := inQuotes(cells[3])
		slices.Sort(names)
		for _, text := range inQuotes(cells[1]) {
			lines[text] = line{strings.TrimSpace(cells[2]), strings.Join(names, " ")}
		}
	}
	return lines
}

func inQuotes(text string) (all []string) {
	for _, found := range quoted.FindAllStringSubmatch(text, -1) {
		all = append(all, found[1])
	}
	return all
}

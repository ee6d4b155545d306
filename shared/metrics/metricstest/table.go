// Package metricstest checks what a program exports against what its documents
// say, and against the conventions of Prometheus.
package metricstest

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"

	"github.com/weplanx/workflow/shared/metrics"
)

// Lint fails the test for each metric that breaks a convention of Prometheus
// (promlint).
func Lint(t *testing.T, g prometheus.Gatherer) {
	t.Helper()
	problems, err := testutil.GatherAndLint(g)
	if err != nil {
		t.Error(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// Matches fails the test unless the metrics that g gathers and whose names begin
// with prefix are those of the table in a file of Markdown, with their types,
// labels and labels' values. A row is
//
//	| `name` | type | `label`: `value`, `value`; `label`: … | meaning |
//
// with "any" for values that are no fixed set. The label of the namespace is not
// listed: every metric has it.
func Matches(t *testing.T, file, prefix string, g prometheus.Gatherer) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	listed := rows(string(text))
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		name := family.GetName()
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		want, ok := listed[name]
		if got := describe(family, want); !ok {
			t.Errorf("%s does not list %s: %s", file, name, got)
		} else if got != want {
			t.Errorf("%s: exported is %q, %s has %q", name, got, file, want)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("%s lists %s, which is not exported", file, name)
	}
}

var row = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (\\w+) \\| (.*?) ?\\|")

// rows returns type and labels of each row, by name.
func rows(text string) map[string]string {
	listed := map[string]string{}
	for _, m := range row.FindAllStringSubmatch(text, -1) {
		listed[m[1]] = strings.TrimSpace(m[2] + " " + strings.ReplaceAll(m[3], "`", ""))
	}
	return listed
}

// describe returns type and labels of a family as a row does, in the row's order.
func describe(family *dto.MetricFamily, row string) string {
	values := map[string][]string{}
	var names []string
	for _, metric := range family.GetMetric() {
		for _, label := range metric.GetLabel() {
			name := label.GetName()
			if name == metrics.LabelNamespace {
				continue
			}
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
			if !slices.Contains(values[name], label.GetValue()) {
				values[name] = append(values[name], label.GetValue())
			}
		}
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(place(row, a+":"), place(row, b+":")) })
	labels := make([]string, len(names))
	for i, name := range names {
		if labels[i] = name + ": any"; strings.Contains(row, labels[i]) {
			continue
		}
		slices.SortFunc(values[name], func(a, b string) int { return cmp.Compare(place(row, a), place(row, b)) })
		labels[i] = name + ": " + strings.Join(values[name], ", ")
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s", strings.ToLower(family.GetType().String()), strings.Join(labels, "; ")))
}

// place is where a word is in a row; behind everything, if it is not.
func place(row, word string) int {
	at := regexp.MustCompile(`(?:^|[ ,;])` + regexp.QuoteMeta(word) + `(?:[,;: ]|$)`).FindStringIndex(row)
	if at == nil {
		return len(row)
	}
	return at[0]
}

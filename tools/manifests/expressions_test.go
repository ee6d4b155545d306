package manifests_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// exported is a metric as the documents list it. Tests of both programs hold the
// documents to what is exported.
type exported struct {
	kind   string
	values map[string][]string // of each label; nil: any
}

var (
	documentRow   = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (\\w+) \\| (.*?) ?\\| ")
	documentLabel = regexp.MustCompile("`(\\w+)`: (any|`[^;|]*`)")
)

// metrics are all that the programs export.
func metrics(t *testing.T) map[string]exported {
	t.Helper()
	all := map[string]exported{"up": {kind: "gauge"}, "ALERTS": {kind: "gauge", values: map[string][]string{"alertname": nil, "alertstate": nil}}}
	for _, name := range []string{"../../schedule/docs/metrics.md", "../../worker/docs/metrics.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range documentRow.FindAllStringSubmatch(string(text), -1) {
			m := exported{kind: row[2], values: map[string][]string{}}
			for _, label := range documentLabel.FindAllStringSubmatch(row[3], -1) {
				m.values[label[1]] = nil
				if label[2] != "any" {
					m.values[label[1]] = strings.Split(strings.ReplaceAll(label[2], "`", ""), ", ")
				}
			}
			all[row[1]] = m
		}
		// Those of the process, which the client library exports.
		for _, process := range []string{"go_goroutines", "process_cpu_seconds_total", "process_resident_memory_bytes"} {
			if !strings.Contains(string(text), "`"+process+"`") {
				t.Errorf("%s does not name %s", name, process)
			}
			kind := "gauge"
			if strings.HasSuffix(process, "_total") {
				kind = "counter"
			}
			all[process] = exported{kind: kind}
		}
	}
	if len(all) < 40 {
		t.Fatalf("the documents list %d metrics, which are not all", len(all))
	}
	return all
}

// find looks a name up, that of a part of a histogram as well.
func find(all map[string]exported, name string) (m exported, ok bool) {
	if m, ok = all[name]; ok {
		return m, m.kind != "histogram"
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if m, ok = all[strings.TrimSuffix(name, suffix)]; ok && m.kind == "histogram" && strings.HasSuffix(name, suffix) {
			return exported{kind: "counter", values: m.values}, true
		}
	}
	return m, false
}

// everywhere are labels that every metric has once it is scraped, le that of
// buckets.
var everywhere = []string{"namespace", "job", "instance", "le"}

// checkExpression says what is wrong with an expression: that it cannot be parsed,
// or names metrics, labels or values of labels that nobody exports, or takes the
// rate of what is no counter.
func checkExpression(all map[string]exported, text string) (problems []string) {
	root, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		return []string{err.Error()}
	}
	known := map[string]bool{}
	for _, name := range everywhere {
		known[name] = true
	}
	parser.Inspect(root, func(node parser.Node, path []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			m, found := find(all, selector.Name)
			if !found {
				problems = append(problems, "nobody exports "+selector.Name)
			}
			for name := range m.values {
				known[name] = true
			}
			problems = append(problems, checkMatchers(selector.Name, m, selector.LabelMatchers)...)
			if rated(path) != (m.kind == "counter") {
				problems = append(problems, selector.Name+" is a "+m.kind)
			}
		}
		return nil
	})
	parser.Inspect(root, func(node parser.Node, _ []parser.Node) error {
		var names []string
		switch n := node.(type) {
		case *parser.AggregateExpr:
			names = n.Grouping
		case *parser.BinaryExpr:
			if n.VectorMatching != nil {
				names = n.VectorMatching.MatchingLabels
			}
		}
		for _, name := range names {
			if !known[name] {
				problems = append(problems, "no metric in it has the label "+name)
			}
		}
		return nil
	})
	return problems
}

// rated reports whether one of the calls around a selector takes a rate.
func rated(path []parser.Node) bool {
	return slices.ContainsFunc(path, func(n parser.Node) bool {
		call, ok := n.(*parser.Call)
		return ok && (call.Func.Name == "rate" || call.Func.Name == "increase")
	})
}

func checkMatchers(name string, m exported, matchers []*labels.Matcher) (problems []string) {
	for _, matcher := range matchers {
		values, ok := m.values[matcher.Name]
		switch {
		case matcher.Name == model.MetricNameLabel, slices.Contains(everywhere, matcher.Name):
		case !ok:
			problems = append(problems, name+" has no label "+matcher.Name)
		case values != nil && !slices.ContainsFunc(values, func(v string) bool { return matcher.Matches(v) }):
			problems = append(problems, name+": no value of its label is meant by "+matcher.String())
		case values != nil && !slices.ContainsFunc(values, func(v string) bool { return !matcher.Matches(v) }):
			problems = append(problems, name+": every value of its label is meant by "+matcher.String())
		}
	}
	return problems
}

func TestCheckExpression(t *testing.T) {
	t.Parallel()
	all := metrics(t)
	for text, want := range map[string]string{
		`sum by (namespace, outcome) (rate(worker_attempts_total{error_class!="none"}[5m]))`:                    "",
		`histogram_quantile(0.9, sum by (le) (rate(worker_callback_duration_seconds_bucket{mode="HTTP"}[5m])))`: "",
		`sum(rate(worker_attempts_total[5m])`:                "parse error",
		`sum(rate(worker_attempt_total[5m]))`:                "nobody exports",
		`rate(worker_callback_duration_seconds[5m])`:         "nobody exports",
		`sum(worker_attempts_total)`:                         "is a counter",
		`rate(worker_ready[5m])`:                             "is a gauge",
		`rate(worker_attempts_total{host="a"}[5m])`:          "has no label host",
		`sum by (host) (worker_ready)`:                       "has the label host",
		`rate(worker_attempts_total{outcome="succes"}[5m])`:  "no value of its label",
		`rate(worker_attempts_total{error_class!="no"}[5m])`: "every value of its label",
		`worker_ready + on (node) worker_ready`:              "has the label node",
	} {
		problems := strings.Join(checkExpression(all, text), "; ")
		if (problems == "") != (want == "") || !strings.Contains(problems, want) {
			t.Errorf("%s: got %q, want %q", text, problems, want)
		}
	}
}

func TestRulesNameWhatIsExported(t *testing.T) {
	t.Parallel()
	all := metrics(t)
	for _, r := range newPrometheus(t, nil).all() {
		for _, problem := range checkExpression(all, r.Query().String()) {
			t.Errorf("%s: %s", r.Name(), problem)
		}
	}
}

package manifests_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
)

const (
	rulesFile  = "../../deploy/prometheus/rules.yml"
	alertsPage = "../../deploy/docs/alerts.md"
	scrape     = 15 * time.Second // between two samples, and two evaluations
)

// prometheus evaluates the rules on series that a test makes up.
type prometheus struct {
	t      *testing.T
	loader *promqltest.LazyLoader
	groups map[string]*rules.Group
	next   time.Time // evaluation
}

// newPrometheus loads the rules, strictly, and series in the notation of promtool:
// name{labels} values.
func newPrometheus(t *testing.T, series []string) *prometheus {
	t.Helper()
	loader, err := promqltest.NewLazyLoader("load "+scrape.String()+"\n  "+strings.Join(series, "\n  "), promqltest.LazyLoaderOpts{
		EnableAtModifier: true, EnableNegativeOffset: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = loader.Close() })
	p := &prometheus{t: t, loader: loader, next: time.Unix(0, 0).UTC()}
	manager := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: rules.EngineQueryFunc(loader.QueryEngine(), loader.Storage()), Appendable: loader.Storage(), Context: t.Context(),
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
	})
	var errs []error
	if p.groups, errs = manager.LoadGroups(scrape, labels.EmptyLabels(), "", nil, false, rulesFile); len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, r := range p.all() {
		r.SetRestored(true)
	}
	return p
}

func (p *prometheus) all() (alerts []*rules.AlertingRule) {
	for _, g := range p.groups {
		for _, r := range g.Rules() {
			if alert, ok := r.(*rules.AlertingRule); ok {
				alerts = append(alerts, alert)
			}
		}
	}
	return alerts
}

// at evaluates up to that time after the first sample, and returns which alerts
// fire then.
func (p *prometheus) at(d time.Duration) (firing []*rules.Alert) {
	p.t.Helper()
	for until := time.Unix(0, 0).UTC().Add(d); !p.next.After(until); p.next = p.next.Add(scrape) {
		p.loader.WithSamplesTill(p.next, func(err error) {
			if err != nil {
				p.t.Fatal(err)
			}
			for _, g := range p.groups {
				g.Eval(p.loader.Context(), p.next)
			}
		})
	}
	for _, r := range p.all() {
		if r.LastError() != nil {
			p.t.Errorf("%s: %v", r.Name(), r.LastError())
		}
		for _, a := range r.ActiveAlerts() {
			if a.State == rules.StateFiring {
				firing = append(firing, a)
			}
		}
	}
	return firing
}

func names(alerts []*rules.Alert) (names []string) {
	for _, a := range alerts {
		names = append(names, a.Labels.Get(labels.AlertName))
	}
	slices.Sort(names)
	return names
}

// healthy are two schedulers and two workers that do what they should.
func healthy() []string {
	return []string{
		`up{job="schedule",instance="s1"} 1x400`, `up{job="schedule",instance="s2"} 1x400`,
		`up{job="worker",instance="w1"} 1x400`, `up{job="worker",instance="w2"} 1x400`, `up{job="other",instance="o"} 0x400`,
		`schedule_ready{namespace="beta",instance="s1"} 1x400`, `schedule_ready{namespace="beta",instance="s2"} 0x20 1x380`,
		`worker_ready{namespace="beta",instance="w1"} 1x400`, `worker_ready{namespace="beta",instance="w2"} 1x20 0x380`,
		`schedule_cursor_overdue_seconds{namespace="beta",instance="s1"} 0 1 29 0x397`,
		`schedule_clock_offset_seconds{namespace="beta",instance="s1"} 0.2x100 -0.2x300`,
		`schedule_stream_full{namespace="beta",instance="s1"} 0x400`,
		`schedule_bad_entries{namespace="beta",instance="s1"} 0x400`,
		`schedule_missed_occurrences_total{namespace="beta",instance="s1",reason="policy_once"} 7x400`,
		`schedule_fire_lag_seconds_bucket{namespace="beta",instance="s1",le="0.0"} 0+990x400`,
		`schedule_fire_lag_seconds_bucket{namespace="beta",instance="s1",le="1.0"} 0+1000x400`,
		`schedule_fire_lag_seconds_bucket{namespace="beta",instance="s1",le="+Inf"} 0+1001x400`,
		`worker_attempts_total{namespace="beta",instance="w1",outcome="success",error_class="none"} 0+1000x400`,
		`worker_queue_pending_triggers{namespace="beta",instance="w1"} 0 5000 0 0 100 0x395`,
		`worker_queue_unacknowledged_triggers{namespace="beta",instance="w1"} 500x400`,
		`worker_queue_bytes{namespace="beta",instance="w1"} 1000x400`, `worker_queue_limit_bytes{namespace="beta",instance="w1"} 10000x400`,
		`worker_queue_bytes{namespace="other",instance="w3"} 1000x400`, `worker_queue_limit_bytes{namespace="other",instance="w3"} 0x400`,
		`worker_dead_letters_total{namespace="beta",instance="w1",outcome="dead"} 3x400`,
		`worker_open_breakers{namespace="beta",instance="w1"} 1x40 0x10 1x40 0x310`,
	}
}

func TestNothingFiresInGoodHealth(t *testing.T) {
	t.Parallel()
	p := newPrometheus(t, healthy())
	for d := time.Duration(0); d <= 100*time.Minute; d += time.Minute {
		if firing := p.at(d); len(firing) > 0 {
			t.Fatalf("after %s: %q", d, names(firing))
		}
	}
}

// trouble is what should make an alert fire, in place of series of good health.
type trouble struct {
	name   string
	alert  string
	series []string
	quiet  time.Duration // it does not fire yet
	fires  time.Duration
	ends   time.Duration // it does not fire any more; 0: it goes on
	also   []string      // alerts that may fire beside it
	labels map[string]string
}

var troubles = []trouble{
	{
		name: "schedulers are not ready", alert: "ScheduleNoneReady", quiet: time.Minute, fires: 3 * time.Minute, ends: 10 * time.Minute,
		series: []string{`schedule_ready{namespace="beta",instance="s1"} 1x3 0x30 1x300`, `schedule_ready{namespace="beta",instance="s2"} 0x400`},
		labels: map[string]string{"namespace": "beta", "severity": "critical"},
	},
	{
		name: "schedulers are gone, workers are there", alert: "ScheduleNoneReady", quiet: 5 * time.Minute, fires: 8 * time.Minute,
		series: []string{`schedule_ready{namespace="beta",instance="s1"} 1x3 stale`, `schedule_ready{namespace="beta",instance="s2"} 1x20 stale`},
	},
	{
		name: "there never was a scheduler", alert: "ScheduleNoneReady", fires: 2 * time.Minute,
		series: []string{`schedule_ready{namespace="beta",instance="s1"} stale`, `schedule_ready{namespace="beta",instance="s2"} stale`},
	},
	{
		name: "both are gone", alert: "ScheduleNoneReady", quiet: time.Minute, fires: 3 * time.Minute, also: []string{"WorkerNoneReady"},
		series: []string{
			`schedule_ready{namespace="beta",instance="s1"} 1 stale`, `schedule_ready{namespace="beta",instance="s2"} 1 stale`,
			`worker_ready{namespace="beta",instance="w1"} 1 stale`, `worker_ready{namespace="beta",instance="w2"} 1 stale`,
		},
	},
	{
		name: "a cursor is stuck", alert: "ScheduleCursorStuck", quiet: 105 * time.Second, fires: 2*time.Minute + 15*time.Second, ends: 20 * time.Minute,
		series: []string{`schedule_cursor_overdue_seconds{namespace="beta",instance="s1"} 0 0 15 30 45+15x40 0x300`},
		labels: map[string]string{"namespace": "beta", "instance": "s1", "severity": "critical"},
	},
	{
		name: "two in a hundred are late", alert: "ScheduleFiresLate", quiet: time.Minute, fires: 5 * time.Minute, ends: 50 * time.Minute,
		series: []string{
			`schedule_fire_lag_seconds_bucket{namespace="beta",instance="s1",le="0.0"} 0+98x80 7840+100x300`,
			`schedule_fire_lag_seconds_bucket{namespace="beta",instance="s1",le="1.0"} 0+98x80 7840+100x300`,
			`schedule_fire_lag_seconds_bucket{namespace="beta",instance="s1",le="2.5"} 0+100x380`,
			`schedule_fire_lag_seconds_bucket{namespace="beta",instance="s1",le="+Inf"} 0+100x380`,
		},
	},
	{
		name: "the only one an hour is late", alert: "ScheduleFiresLate", fires: 5 * time.Minute, ends: 20 * time.Minute,
		series: []string{
			`schedule_fire_lag_seconds_bucket{namespace="beta",instance="s1",le="0.0"} 0x400`,
			`schedule_fire_lag_seconds_bucket{namespace="beta",instance="s1",le="1.0"} 0x400`,
			`schedule_fire_lag_seconds_bucket{namespace="beta",instance="s1",le="10.0"} 0x5 1x395`,
			`schedule_fire_lag_seconds_bucket{namespace="beta",instance="s1",le="+Inf"} 0x5 1x395`,
		},
	},
	{
		name: "one is missed", alert: "ScheduleMissedOccurrences", quiet: time.Minute, fires: 2 * time.Minute, ends: 20 * time.Minute,
		series: []string{`schedule_missed_occurrences_total{namespace="beta",instance="s1",reason="policy_once"} 0x5 1x395`},
		labels: map[string]string{"namespace": "beta", "reason": "policy_once", "severity": "warning"},
	},
	{
		name: "the stream is full", alert: "ScheduleStreamFull", quiet: time.Minute, fires: 3 * time.Minute, ends: 11 * time.Minute,
		series: []string{`schedule_stream_full{namespace="beta",instance="s1"} 0x3 1x30 0x300`},
	},
	{
		name: "a clock is behind", alert: "ScheduleClockOff", quiet: 2 * time.Minute, fires: 4 * time.Minute,
		series: []string{`schedule_clock_offset_seconds{namespace="beta",instance="s1"} 0x3 0.25x300`},
		labels: map[string]string{"instance": "s1", "severity": "warning"},
	},
	{
		name: "a clock is ahead", alert: "ScheduleClockOff", fires: 3 * time.Minute,
		series: []string{`schedule_clock_offset_seconds{namespace="beta",instance="s1"} -3x300`},
	},
	{
		name: "a bad entry is stored", alert: "ScheduleBadEntries", quiet: 5 * time.Minute, fires: 7 * time.Minute, ends: 28 * time.Minute,
		series: []string{`schedule_bad_entries{namespace="beta",instance="s1"} 0x5 2x100 0x200`},
	},
	{
		name: "workers are not ready", alert: "WorkerNoneReady", quiet: time.Minute, fires: 3 * time.Minute, ends: 10 * time.Minute,
		series: []string{`worker_ready{namespace="beta",instance="w1"} 1x3 0x30 1x300`, `worker_ready{namespace="beta",instance="w2"} 0x400`},
		labels: map[string]string{"namespace": "beta", "severity": "critical"},
	},
	{
		name: "workers are gone, schedulers are there", alert: "WorkerNoneReady", quiet: time.Minute, fires: 4 * time.Minute,
		series: []string{`worker_ready{namespace="beta",instance="w1"} 1x3 stale`, `worker_ready{namespace="beta",instance="w2"} stale`},
	},
	{
		name: "triggers wait and no attempt is made", alert: "WorkerTakesNothing", quiet: 11 * time.Minute, fires: 13 * time.Minute, ends: 30 * time.Minute,
		series: []string{
			`worker_queue_pending_triggers{namespace="beta",instance="w1"} 0x20 5x80 0x300`,
			`worker_attempts_total{namespace="beta",instance="w1",outcome="success",error_class="none"} 0+10x20 200x80 200+10x300`,
		},
		labels: map[string]string{"namespace": "beta", "severity": "critical"},
	},
	{
		name: "a backlog grows", alert: "WorkerBacklogGrows", quiet: 15 * time.Minute, fires: 30 * time.Minute, ends: 75 * time.Minute,
		series: []string{`worker_queue_pending_triggers{namespace="beta",instance="w1"} 0+100x200 20000-500x40 0x100`},
	},
	{
		name: "triggers are put off", alert: "WorkerManyPutOff", quiet: 5 * time.Minute, fires: 9 * time.Minute,
		series: []string{`worker_queue_unacknowledged_triggers{namespace="beta",instance="w1"} 0+20000x400`},
	},
	{
		name: "the stream fills", alert: "WorkerQueueFilling", quiet: 5 * time.Minute, fires: 20 * time.Minute,
		series: []string{`worker_queue_bytes{namespace="beta",instance="w1"} 0+200x400`},
	},
	{
		name: "a letter is kept", alert: "WorkerDeadLetters", quiet: time.Minute, fires: 2 * time.Minute, ends: 20 * time.Minute,
		series: []string{`worker_dead_letters_total{namespace="beta",instance="w1",outcome="lost"} 0x5 1x395`},
		labels: map[string]string{"namespace": "beta", "outcome": "lost", "severity": "warning"},
	},
	{
		name: "a target fails", alert: "WorkerBreakerOpen", quiet: 16 * time.Minute, fires: 20 * time.Minute, ends: 60 * time.Minute,
		series: []string{`worker_open_breakers{namespace="beta",instance="w1"} 0x10 1x200 0x200`},
	},
	{
		name: "a worker cannot be scraped", alert: "WorkflowScrapeDown", quiet: 4 * time.Minute, fires: 7 * time.Minute,
		series: []string{`up{job="worker",instance="w2"} 1x4 0x300`},
		labels: map[string]string{"job": "worker", "instance": "w2", "severity": "warning"},
	},
}

// instead puts series in the place of those of the same name and labels.
func instead(series []string) []string {
	all := slices.DeleteFunc(healthy(), func(line string) bool {
		metric, _, _ := strings.Cut(line, "} ")
		return slices.ContainsFunc(series, func(s string) bool { return strings.HasPrefix(s, metric+"} ") })
	})
	return append(all, series...)
}

func TestAlertsFire(t *testing.T) {
	t.Parallel()
	for _, test := range troubles {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPrometheus(t, instead(test.series))
			if firing := p.at(test.quiet); len(firing) > 0 {
				t.Errorf("after %s %q fire already", test.quiet, names(firing))
			}
			firing := p.at(test.fires)
			got := slices.DeleteFunc(names(firing), func(name string) bool { return slices.Contains(test.also, name) })
			if !slices.Equal(got, []string{test.alert}) {
				t.Fatalf("after %s %q fire, want %s", test.fires, got, test.alert)
			}
			for _, a := range firing {
				checkAlert(t, a, test)
			}
			if test.ends > 0 {
				if firing := p.at(test.ends); len(firing) > 0 {
					t.Errorf("after %s %q fire still", test.ends, names(firing))
				}
			}
		})
	}
}

func checkAlert(t *testing.T, a *rules.Alert, test trouble) {
	t.Helper()
	if a.Labels.Get(labels.AlertName) != test.alert {
		return
	}
	for name, want := range test.labels {
		if got := a.Labels.Get(name); got != want {
			t.Errorf("label %s is %q, want %q: %s", name, got, want, a.Labels)
		}
	}
	for _, name := range []string{"summary", "description"} {
		text := a.Annotations.Get(name)
		if text == "" || strings.Contains(text, "<") || strings.Contains(text, "{{") || strings.Contains(text, "  ") {
			t.Errorf("%s is %q", name, text)
		}
	}
}

func TestEveryAlertIsTestedAndExplained(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(alertsPage)
	if err != nil {
		t.Fatal(err)
	}
	rest := string(page)
	for _, r := range newPrometheus(t, nil).all() {
		name := r.Name()
		if !slices.ContainsFunc(troubles, func(test trouble) bool { return test.alert == name }) {
			t.Errorf("%s: no test makes it fire", name)
		}
		anchor := strings.ToLower(name)
		if got, want := r.Annotations().Get("runbook_url"), "https://github.com/weplanx/workflow/blob/main/deploy/docs/alerts.md#"+anchor; got != want {
			t.Errorf("%s: runbook_url is %q, want %q", name, got, want)
		}
		severity := r.Labels().Get("severity")
		if severity != "critical" && severity != "warning" {
			t.Errorf("%s: severity is %q", name, severity)
		}
		if !strings.Contains(rest, "| ["+name+"](#"+anchor+") | "+severity+" |") {
			t.Errorf("%s: the table does not list it as %s", name, severity)
		}
		_, section, ok := strings.Cut(rest, "\n## "+name+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		for _, part := range []string{"**Means.**", "**Look at", "**do.**"} {
			if !ok || !strings.Contains(strings.ReplaceAll(section, "**Do.**", "**do.**"), part) {
				t.Errorf("%s: its section has no %s", name, part)
			}
		}
		rest = strings.Replace(rest, "\n## "+name+"\n", "\n", 1)
	}
	if strings.Contains(rest, "\n## ") {
		t.Error("the page explains an alert that does not exist")
	}
}

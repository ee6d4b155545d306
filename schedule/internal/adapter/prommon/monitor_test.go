package prommon_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"

	"github.com/weplanx/workflow/schedule/internal/adapter/prommon"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/leaktest"
	"github.com/weplanx/workflow/shared/metrics/metricstest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func registered(t *testing.T) (*prommon.Monitor, *prometheus.Registry) {
	t.Helper()
	m, r := prommon.New("beta", "v1.2.3"), prometheus.NewPedanticRegistry()
	if err := r.Register(m); err != nil {
		t.Fatal(err)
	}
	return m, r
}

func TestMetricsAreThoseOfTheDocuments(t *testing.T) {
	t.Parallel()
	_, r := registered(t)
	metricstest.Lint(t, r)
	metricstest.Matches(t, "../../../docs/metrics.md", "", r)
}

// missed is a trigger that tells of occurrences that were not run.
func missed(reason string, count int64) contract.Trigger {
	return contract.Trigger{Mode: contract.ModeMissed, Missed: &contract.Missed{Count: count, Reason: reason}}
}

func TestCommitsAreCounted(t *testing.T) {
	t.Parallel()
	m, r := registered(t)
	now := time.Now()
	due := func(ago time.Duration) contract.Trigger { return contract.Trigger{Due: now.Add(-ago)} }
	m.Committed(core.Committed{
		Stored: now, Took: 3 * time.Millisecond, Triggers: []contract.Trigger{
			due(-time.Second), due(-time.Millisecond), due(700 * time.Millisecond), due(2 * time.Hour),
			missed(core.ReasonLate+contract.MisfireOnce, 41), missed(core.ReasonLate+contract.MisfireSkip, 7), missed(core.ReasonSuperseded, 3),
			missed(core.ReasonLate+"a policy of next year", 1),
		},
	})
	m.Committed(core.Committed{Stored: now, Took: time.Second})
	for _, err := range []error{core.ErrFenced, core.ErrFull, core.ErrFull, core.ErrBusy, errors.New("timeout")} {
		m.NotCommitted(1, fmt.Errorf("commit: %w", err))
	}
	const want = `
# HELP schedule_commits_total Batches by what became of them.
# TYPE schedule_commits_total counter
schedule_commits_total{namespace="beta",outcome="fenced"} 1
schedule_commits_total{namespace="beta",outcome="full"} 2
schedule_commits_total{namespace="beta",outcome="stored"} 2
schedule_commits_total{namespace="beta",outcome="unknown"} 2
# HELP schedule_missed_occurrences_total Occurrences that were not run because they were late by more than 30 s, by what decided so.
# TYPE schedule_missed_occurrences_total counter
schedule_missed_occurrences_total{namespace="beta",reason="other"} 1
schedule_missed_occurrences_total{namespace="beta",reason="policy_all"} 0
schedule_missed_occurrences_total{namespace="beta",reason="policy_once"} 41
schedule_missed_occurrences_total{namespace="beta",reason="policy_skip"} 7
schedule_missed_occurrences_total{namespace="beta",reason="superseded"} 3
# HELP schedule_triggers_committed_total Occurrences that were stored to be run.
# TYPE schedule_triggers_committed_total counter
schedule_triggers_committed_total{namespace="beta"} 4
`
	if err := testutil.GatherAndCompare(r, strings.NewReader(want),
		"schedule_commits_total", "schedule_missed_occurrences_total", "schedule_triggers_committed_total"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]map[float64]uint64{
		"schedule_fire_lag_seconds":        {0: 2, .5: 2, 1: 3, 3600: 3},
		"schedule_commit_duration_seconds": {.0025: 0, .005: 1, 1: 2},
	} {
		got := buckets(t, r, name)
		for bound, n := range want {
			if got[bound] != n {
				t.Errorf("%s: %d up to %v, want %d", name, got[bound], bound, n)
			}
		}
	}
}

// buckets are the cumulative counts of a histogram, by upper bound.
func buckets(t *testing.T, r prometheus.Gatherer, name string) map[float64]uint64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[float64]uint64{}
	for _, f := range families {
		if f.GetName() == name {
			for _, b := range f.GetMetric()[0].GetHistogram().GetBucket() {
				counts[b.GetUpperBound()] = b.GetCumulativeCount()
			}
		}
	}
	return counts
}

func TestGaugesAreTheFiguresOfTheNode(t *testing.T) {
	t.Parallel()
	m, r := registered(t)
	before, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	m.Watch(func() core.Figures {
		return core.Figures{
			Ready: true, Schedulers: 2, Partitions: 8, Owned: 4, CatchingUp: 1, Full: true, Schedules: 1000, BadEntries: 3,
			ClockOffset: -250 * time.Millisecond, Overdue: 90 * time.Second,
		}
	})
	for name, want := range map[string]float64{
		"schedule_ready": 1, "schedule_alive_schedulers": 2, "schedule_partitions": 8, "schedule_owned_partitions": 4,
		"schedule_catching_up_partitions": 1, "schedule_stream_full": 1, "schedule_schedules": 1000, "schedule_bad_entries": 3,
		"schedule_clock_offset_seconds": -.25, "schedule_cursor_overdue_seconds": 90,
	} {
		if got := gauge(t, r, name); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if after, err := r.Gather(); err != nil || len(after) != len(before) {
		t.Errorf("%d metrics without a node and %d with one, %v", len(before), len(after), err)
	}
}

func gauge(t *testing.T, r prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Errorf("there is no %s", name)
	return 0
}

// Whatever users store and nodes are called, nothing of it becomes a label.
func TestSeriesAreBounded(t *testing.T) {
	t.Parallel()
	m, r := registered(t)
	before, err := testutil.GatherAndCount(r)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		text := fmt.Sprint("canary", i)
		err := errors.New(text)
		m.BadEntry(text, 1, err)
		m.Owned([]int{i}, []string{text})
		m.Loading(i, true)
		m.NotCommitted(i, err)
		m.Trouble(text, i, err)
		m.Committed(core.Committed{Partition: i, Triggers: []contract.Trigger{{Key: text, ID: text, Mode: text}, missed(text, 1)}})
	}
	if after, err := testutil.GatherAndCount(r); err != nil || after != before {
		t.Errorf("%d series became %d, %v", before, after, err)
	}
	text, err := testutil.CollectAndFormat(m, expfmt.TypeTextPlain)
	if err != nil || strings.Contains(string(text), "canary") {
		t.Errorf("got %s, %v", text, err)
	}
}

// What the scheduler reports as a trouble has a series of its own.
func TestEveryTroubleIsKnown(t *testing.T) {
	t.Parallel()
	doing := regexp.MustCompile(`(?:Trouble\(|\.Code\(|h\.hand, )"([^"]+)"`)
	found := 0
	for _, folder := range []string{"../../core", "../natsapi"} {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			for _, match := range doing.FindAllStringSubmatch(string(text), -1) {
				found++
				m, r := registered(t)
				m.Trouble(match[1], 0, nil)
				if other := counter(t, r, "schedule_troubles_total", "other"); other != 0 {
					t.Errorf("%s: %q has no series of its own", name, match[1])
				}
			}
		}
	}
	if found < 9 {
		t.Errorf("%d troubles found, which are not all", found)
	}
}

// counter is the value of the series that has a label of that value.
func counter(t *testing.T, r prometheus.Gatherer, name, value string) float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, metric := range f.GetMetric() {
			for _, label := range metric.GetLabel() {
				if f.GetName() == name && label.GetValue() == value {
					return metric.GetCounter().GetValue()
				}
			}
		}
	}
	t.Errorf("%s has no %s", name, value)
	return 0
}

func BenchmarkCommitted(b *testing.B) {
	m, now := prommon.New("beta", "dev"), time.Now()
	c := core.Committed{Stored: now, Took: time.Millisecond, Triggers: make([]contract.Trigger, 500)}
	for i := range c.Triggers {
		c.Triggers[i].Due = now.Add(time.Second)
	}
	b.ReportAllocs()
	for b.Loop() {
		m.Committed(c)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/500, "ns/trigger")
}

package prommon_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/leaktest"
	"github.com/weplanx/workflow/shared/metrics/metricstest"
	"github.com/weplanx/workflow/worker/internal/adapter/prommon"
	"github.com/weplanx/workflow/worker/internal/core"
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

// sources are those of a worker that has something of everything.
func sources() prommon.Sources {
	return prommon.Sources{
		Ready:   func() bool { return true },
		Load:    func() core.Load { return core.Load{Concurrency: 64, Calls: 3, Active: 5, Held: 7, Recorded: 8} },
		Targets: func() prommon.Targets { return prommon.Targets{Known: 10, Barred: 2, Waiting: 4} },
		Queue: func(context.Context) (prommon.Queue, error) {
			return prommon.Queue{Pending: 100, Unacknowledged: 12, Bytes: 4096, MaxBytes: 1 << 30, Dead: 6}, nil
		},
	}
}

func TestMetricsAreThoseOfTheDocuments(t *testing.T) {
	t.Parallel()
	m, r := registered(t)
	m.Watch(sources())
	metricstest.Lint(t, r)
	metricstest.Matches(t, "../../../docs/metrics.md", "", r)
}

// nonzero lists the series of counters and histograms that have counted.
func nonzero(t *testing.T, r prometheus.Gatherer) map[string]float64 {
	t.Helper()
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, f := range families {
		for _, metric := range f.GetMetric() {
			words := []string{strings.TrimPrefix(f.GetName(), "worker_")}
			for _, label := range metric.GetLabel() {
				if label.GetName() != "namespace" {
					words = append(words, label.GetValue())
				}
			}
			if v := metric.GetCounter().GetValue() + float64(metric.GetHistogram().GetSampleCount()); v != 0 {
				found[strings.Join(words, " ")] = v
			}
		}
	}
	return found
}

func TestWhatHappensIsCounted(t *testing.T) {
	t.Parallel()
	at := time.Now()
	attempt := func(outcome, class string, number int) contract.Result {
		return contract.Result{
			Kind: contract.KindAttempt, ID: "abc", Mode: contract.ModeHTTP, Outcome: outcome, ErrorClass: class, Attempt: number,
			Due: at, Started: at.Add(time.Second), Finished: at.Add(2 * time.Second),
		}
	}
	final := func(id, outcome string) contract.Result {
		return contract.Result{Kind: contract.KindFinal, ID: id, Mode: contract.ModeHTTP, Outcome: outcome}
	}
	event := func(r contract.Result) contract.Result { r.ID = contract.EventPrefix + "abc"; return r }
	record := func(r contract.Result) func(*prommon.Monitor) {
		return func(m *prommon.Monitor) { m.Recorded(r) }
	}
	returned := func(reason string) func(*prommon.Monitor) {
		return func(m *prommon.Monitor) { m.Returned("id", "key", reason, time.Second) }
	}
	trouble := func(doing string) func(*prommon.Monitor) {
		return func(m *prommon.Monitor) { m.Trouble(core.Trouble{Doing: doing, Err: errors.New("x")}) }
	}
	type counts map[string]float64
	for name, test := range map[string]struct {
		do   func(*prommon.Monitor)
		want counts
	}{
		"first attempt": {
			record(attempt(contract.OutcomeSuccess, "", 1)),
			counts{"attempts_total none success": 1, "callback_duration_seconds HTTP success": 1, "start_lateness_seconds": 1},
		},
		"later attempt": {
			record(attempt(contract.OutcomeDead, contract.ErrorTimeout, 5)),
			counts{"attempts_total timeout dead": 1, "callback_duration_seconds HTTP dead": 1},
		},
		"attempt of an event": {
			record(event(attempt(contract.OutcomeFailed, contract.ErrorStatus, 1))),
			counts{"attempts_total status failed": 1, "callback_duration_seconds HTTP failed": 1},
		},
		"success":             {record(final("a", contract.OutcomeSuccess)), counts{"finals_total success": 1}},
		"expired":             {record(final("a", contract.OutcomeExpired)), counts{"finals_total expired": 1}},
		"dead":                {record(final("a", contract.OutcomeDead)), counts{"finals_total dead": 1, "dead_letters_total dead": 1}},
		"lost":                {record(final("a", contract.OutcomeLost)), counts{"finals_total lost": 1, "dead_letters_total lost": 1}},
		"event that failed":   {record(event(final("", contract.OutcomeFailed))), counts{"event_finals_total failed": 1}},
		"missed":              {record(contract.Result{Kind: contract.KindMissed, Count: 7, Outcome: contract.OutcomeMissed}), counts{}},
		"of a later version":  {record(contract.Result{Kind: "new", Outcome: "new"}), counts{}},
		"busy":                {returned(core.ReasonBusy), counts{"returned_total target_busy": 1}},
		"turn":                {returned("occurrence 0123 goes first"), counts{"returned_total another_goes_first": 1}},
		"unknown reason":      {returned("canary"), counts{"returned_total other": 1}},
		"trouble":             {trouble("store record"), counts{"troubles_total store_record": 1}},
		"trouble with states": {trouble("read state job.0.canary"), counts{"troubles_total read_state": 1}},
		"breaker": {
			func(m *prommon.Monitor) { m.Target("a:80", true); m.Target("a:80", false) }, counts{"breakers_opened_total": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, r := registered(t)
			test.do(m)
			if got := nonzero(t, r); fmt.Sprint(got) != fmt.Sprint(map[string]float64(test.want)) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestDurationAndLatenessAreInSeconds(t *testing.T) {
	t.Parallel()
	m, r := registered(t)
	at := time.Now()
	m.Recorded(contract.Result{
		Kind: contract.KindAttempt, Mode: contract.ModeNATS, Outcome: contract.OutcomeSuccess, Attempt: 1,
		Due: at, Started: at.Add(1500 * time.Millisecond), Finished: at.Add(1750 * time.Millisecond),
	})
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]float64{}
	for _, f := range families {
		for _, metric := range f.GetMetric() {
			sums[f.GetName()] += metric.GetHistogram().GetSampleSum()
		}
	}
	if sums["worker_callback_duration_seconds"] != .25 || sums["worker_start_lateness_seconds"] != 1.5 {
		t.Errorf("got %v", sums)
	}
}

func TestGaugesAreReadWhenTheyAreCollected(t *testing.T) {
	t.Parallel()
	m, r := registered(t)
	want := func(text string, names ...string) {
		t.Helper()
		if err := testutil.GatherAndCompare(r, strings.NewReader(text), names...); err != nil {
			t.Error(err)
		}
	}
	const ready = `# HELP worker_ready 1 when the worker can receive triggers, as /readyz says; 0 otherwise.
# TYPE worker_ready gauge
worker_ready{namespace="beta"} `
	want(ready+"0\n", "worker_ready", "worker_queue_pending_triggers")
	m.Watch(sources())
	want(ready+"1\n", "worker_ready")
	gauges := map[string]float64{}
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		gauges[f.GetName()] = f.GetMetric()[0].GetGauge().GetValue()
	}
	for name, want := range map[string]float64{
		"worker_concurrency": 64, "worker_in_flight_calls": 3, "worker_active_triggers": 5, "worker_held_triggers": 7, "worker_recorded_triggers": 8,
		"worker_known_targets": 10, "worker_open_breakers": 2, "worker_waiting_calls": 4, "worker_queue_pending_triggers": 100,
		"worker_queue_unacknowledged_triggers": 12, "worker_queue_bytes": 4096, "worker_queue_limit_bytes": 1 << 30, "worker_dead_letters_kept": 6,
	} {
		if gauges[name] != want {
			t.Errorf("%s is %v, want %v", name, gauges[name], want)
		}
	}
}

// However often it is scraped, the server is asked once in some seconds, and one
// that does not answer holds a scrape up for two seconds.
func TestServerIsAskedSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, r := registered(t)
		asked, away := 0, false
		s := sources()
		s.Queue = func(ctx context.Context) (prommon.Queue, error) {
			asked++
			if away {
				<-ctx.Done()
				return prommon.Queue{}, ctx.Err()
			}
			return prommon.Queue{Pending: 1}, nil
		}
		m.Watch(s)
		scrape := func() (series int) {
			n, err := testutil.GatherAndCount(r, "worker_queue_pending_triggers")
			if err != nil {
				t.Error(err)
			}
			return n
		}
		for range 100 {
			if scrape() != 1 {
				t.Error("the queue is missing")
			}
			time.Sleep(100 * time.Millisecond)
		}
		if asked != 2 {
			t.Errorf("in ten seconds the server was asked %d times, want twice", asked)
		}
		away = true
		began := time.Now()
		for range 10 {
			if scrape() != 0 {
				t.Error("there is a queue although the server does not answer")
			}
		}
		if took := time.Since(began); asked != 3 || took != 2*time.Second {
			t.Errorf("asked %d times, which took %s", asked, took)
		}
	})
}

// Whatever users, targets and workers write, nothing of it becomes a label.
func TestSeriesAreBounded(t *testing.T) {
	t.Parallel()
	m, r := registered(t)
	m.Watch(sources())
	before, err := testutil.GatherAndCount(r)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		text := fmt.Sprint("canary", i)
		m.Started(core.Call{ID: text, Key: text, Mode: text})
		for _, kind := range []string{contract.KindAttempt, contract.KindFinal, contract.KindMissed, text} {
			m.Recorded(contract.Result{
				Kind: kind, ID: text, Key: text, Mode: text, Outcome: text, ErrorClass: text, Error: text, Worker: text, Reason: text, Attempt: 1,
			})
		}
		m.Returned(text, text, text, time.Second)
		m.Trouble(core.Trouble{Doing: text, ID: text, Key: text, Err: errors.New(text)})
		m.Target(text, true)
	}
	// One more each for attempts, their durations and finals.
	if after, err := testutil.GatherAndCount(r); err != nil || after != before+3 {
		t.Errorf("%d series became %d, %v", before, after, err)
	}
	families, err := r.Gather()
	if err != nil || strings.Contains(fmt.Sprint(families), "canary") {
		t.Errorf("got %v, %v", families, err)
	}
}

// What the worker reports as a trouble or hands back for has a series of its own.
func TestEveryTroubleAndReasonIsKnown(t *testing.T) {
	t.Parallel()
	doing := regexp.MustCompile(`(?:Doing: |trouble\()"([^"]+)"`)
	reason := regexp.MustCompile(`(?:handBack\(|ReasonBusy = )"([^"]+)"`)
	files, err := filepath.Glob("../../core/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "ports.go") {
			continue
		}
		for _, match := range doing.FindAllStringSubmatch(string(text), -1) {
			found++
			m, r := registered(t)
			m.Trouble(core.Trouble{Doing: match[1]})
			if nonzero(t, r)["troubles_total other"] != 0 {
				t.Errorf("%s: %q has no series of its own", name, match[1])
			}
		}
		for _, match := range reason.FindAllStringSubmatch(string(text), -1) {
			found++
			m, r := registered(t)
			m.Returned("", "", match[1], 0)
			if nonzero(t, r)["returned_total other"] != 0 {
				t.Errorf("%s: %q has no series of its own", name, match[1])
			}
		}
	}
	if found < 30 {
		t.Errorf("%d found, which are not all", found)
	}
}

// A callback leads to two records.
func BenchmarkCallback(b *testing.B) {
	m, at := prommon.New("beta", "dev"), time.Now()
	attempt := contract.Result{
		Kind: contract.KindAttempt, ID: "0123456789abcdef0123456789abcdef", Mode: contract.ModeHTTP, Outcome: contract.OutcomeSuccess,
		Attempt: 1, Due: at, Started: at.Add(time.Millisecond), Finished: at.Add(2 * time.Millisecond),
	}
	final := attempt
	final.Kind = contract.KindFinal
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Started(core.Call{})
			m.Recorded(attempt)
			m.Recorded(final)
		}
	})
}

package bootstrap_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weplanx/workflow/schedule/bootstrap"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/loopback"
	"github.com/weplanx/workflow/shared/metrics/metricstest"
	"github.com/weplanx/workflow/shared/natstest"
)

// serve runs a scheduler as the program does and returns where its pages are.
func (s *site) serve(change func(*bootstrap.Config)) (url string) {
	s.t.Helper()
	cfg := s.config()
	cfg.HTTPAddr = loopback.Address(s.t)
	if change != nil {
		change(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := bootstrap.Serve(ctx, cfg); err != nil {
			s.t.Errorf("Serve: %v", err)
		}
	}()
	s.t.Cleanup(func() { cancel(); <-done; http.DefaultClient.CloseIdleConnections() })
	return "http://" + cfg.HTTPAddr
}

// scrape returns the values that are exported, by series, and all of the text.
func scrape(t *testing.T, url string) (series map[string]float64, text string) {
	t.Helper()
	response, err := http.Get(url + "/metrics")
	if err != nil {
		return nil, "" // it does not listen yet
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("got status %d, %v: %s", response.StatusCode, err, body)
	}
	series = map[string]float64{}
	for lines := bufio.NewScanner(strings.NewReader(string(body))); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			series[name] = n
		}
	}
	return series, string(body)
}

// until scrapes until the values are as wanted, and returns all of the text.
func (s *site) until(url string, want map[string]func(float64) bool) (text string) {
	s.t.Helper()
	for limit := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		series, text := scrape(s.t, url)
		var missing []string
		for name, is := range want {
			if value, ok := series[name]; !ok || !is(value) {
				missing = append(missing, fmt.Sprintf("%s is %v (there: %v)", name, value, ok))
			}
		}
		if len(missing) == 0 {
			return text
		}
		if time.Now().After(limit) {
			s.t.Fatalf("within %s it did not come to that:\n%s", patience, strings.Join(missing, "\n"))
		}
	}
}

func is(want float64) func(float64) bool { return func(got float64) bool { return got == want } }

func atLeast(want float64) func(float64) bool { return func(got float64) bool { return got >= want } }

func TestMetricsOfASchedulerThatWorks(t *testing.T) {
	t.Parallel()
	s := setup(t, natstest.Start(t), "ns")
	s.start() // another one
	url := s.serve(nil)
	for i := range 20 {
		s.set(fmt.Sprintf("canary%02d", i), "@every 500ms")
	}
	s.put("canary-bad", []byte(`{"v":1,"jobs":[{"mode":"HTTP","spec":"canary","option":{"url":"http://canary/"}}]}`))
	text := s.until(url, map[string]func(float64) bool{
		`schedule_ready{namespace="ns"}`:                          is(1),
		`schedule_alive_schedulers{namespace="ns"}`:               is(2),
		`schedule_partitions{namespace="ns"}`:                     is(8),
		`schedule_schedules{namespace="ns"}`:                      is(21),
		`schedule_bad_entries{namespace="ns"}`:                    is(1),
		`schedule_stream_full{namespace="ns"}`:                    is(0),
		`schedule_cursor_overdue_seconds{namespace="ns"}`:         is(0),
		`schedule_triggers_committed_total{namespace="ns"}`:       atLeast(20),
		`schedule_fire_lag_seconds_count{namespace="ns"}`:         atLeast(20),
		`schedule_fire_lag_seconds_bucket{namespace="ns",le="0"}`: atLeast(10),
		`schedule_commits_total{namespace="ns",outcome="stored"}`: atLeast(1),
		`schedule_commit_duration_seconds_count{namespace="ns"}`:  atLeast(1),
		`go_goroutines{namespace="ns"}`:                           atLeast(1),
	})
	if strings.Contains(text, "canary") {
		t.Errorf("the metrics name what is stored:\n%s", text)
	}
	if series, _ := scrape(t, url); series[`schedule_owned_partitions{namespace="ns"}`] > 8 {
		t.Errorf("got %v partitions", series[`schedule_owned_partitions{namespace="ns"}`])
	}
}

// A scheduler that waits for NATS tells that it is not ready.
func TestMetricsOfASchedulerThatWaits(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	s := setup(t, server, "ns")
	server.Stop()
	url := s.serve(func(c *bootstrap.Config) { c.Version = "v1.2.3" })
	text := s.until(url, map[string]func(float64) bool{
		`schedule_ready{namespace="ns"}`:                                         is(0),
		`schedule_alive_schedulers{namespace="ns"}`:                              is(0),
		`schedule_commits_total{namespace="ns",outcome="stored"}`:                is(0),
		`schedule_troubles_total{doing="resign",namespace="ns"}`:                 is(0),
		`schedule_missed_occurrences_total{namespace="ns",reason="policy_once"}`: is(0),
	})
	if !strings.Contains(text, `version="v1.2.3"`) {
		t.Errorf("the version is missing:\n%s", text)
	}
	server.Start(t)
	s.until(url, map[string]func(float64) bool{`schedule_ready{namespace="ns"}`: is(1), `schedule_owned_partitions{namespace="ns"}`: is(8)})
}

// What an application that runs a scheduler inside gets is all of it.
func TestMetricsOfAnApp(t *testing.T) {
	t.Parallel()
	s := setup(t, natstest.Start(t), contract.Names("ns"))
	app, err := bootstrap.New(context.Background(), s.config())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(app.Close)
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(app.Metrics())
	metricstest.Lint(t, r)
	metricstest.Matches(t, "../docs/metrics.md", "", r)
}

package bootstrap_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/weplanx/workflow/shared/loopback"
	"github.com/weplanx/workflow/shared/metrics"
	"github.com/weplanx/workflow/shared/metrics/metricstest"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/worker/bootstrap"
)

// exported is what an application that runs the worker inside exports.
func exported(t *testing.T, app *bootstrap.App) string {
	t.Helper()
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(app.Metrics())
	w := httptest.NewRecorder()
	metrics.Beside(nil, r).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("got status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// counted adds up the attempts of a class.
func counted(text, class string) (sum float64) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "worker_attempts_total{") && strings.Contains(line, `error_class="`+class+`"`) {
			sum += valueOf(line)
		}
	}
	return sum
}

func valueOf(line string) float64 {
	value, _ := strconv.ParseFloat(strings.TrimSpace(line[strings.LastIndex(line, " ")+1:]), 64)
	return value
}

// serve runs a worker as the program does and returns where its pages are.
func (b *bench) serve(t *testing.T, change func(*bootstrap.Config)) (url string) {
	t.Helper()
	c := b.config()
	c.NATS.Hosts, c.HTTPAddr = []string{b.server.URL()}, loopback.Address(t)
	if change != nil {
		change(&c)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := bootstrap.Serve(ctx, c); err != nil {
			t.Errorf("Serve: %v", err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done; http.DefaultClient.CloseIdleConnections() })
	return "http://" + c.HTTPAddr
}

// until scrapes until the lines are there.
func until(t *testing.T, url string, lines ...string) {
	t.Helper()
	var text string
	defer func() {
		if t.Failed() {
			t.Log(text)
		}
	}()
	eventually(t, "the metrics are "+strings.Join(lines, ", "), func() bool {
		text = scrape(url)
		return !slices.ContainsFunc(lines, func(line string) bool { return !strings.Contains("\n"+text, "\n"+line+"\n") })
	})
}

// scrape returns what is exported; nothing while nothing listens.
func scrape(url string) string {
	response, err := http.Get(url + "/metrics")
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return ""
	}
	return string(body)
}

// hold publishes triggers that are due some seconds later, one after the other,
// until the metrics tell that one is held, and returns how many it took: more than
// one where that is not looked at in time.
func (b *bench) hold(t *testing.T, url, target string) (n int) {
	t.Helper()
	eventually(t, "a trigger is held", func() (held bool) {
		due := time.Now().Add(4 * time.Second)
		b.publish(t, b.triggerAt(fmt.Sprintf("later%d", n), target, due))
		for n++; !held && time.Now().Before(due); time.Sleep(20 * time.Millisecond) {
			held = strings.Contains(scrape(url), "\n"+`worker_held_triggers{namespace="beta"} 1`+"\n")
		}
		return held
	})
	return n
}

func TestMetricsOfAWorkerThatWorks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	entered, answer := make(chan struct{}, 10), make(chan struct{})
	answers := sync.OnceFunc(func() { close(answer) })
	slow := receive(t, func(int, *http.Request) int { entered <- struct{}{}; <-answer; return http.StatusOK })
	gone := receive(t, func(int, *http.Request) int { return http.StatusGone })
	failing := receive(t, func(n int, _ *http.Request) int {
		if n == 1 {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	})
	t.Cleanup(answers)
	url := b.serve(t, func(c *bootstrap.Config) { c.Concurrency = 64 })
	for range 3 {
		trigger := b.trigger("slow", slow.url)
		trigger.Timeout = endless
		b.publish(t, trigger)
	}
	b.publish(t, b.trigger("gone", gone.url))
	b.publish(t, b.trigger("failing", failing.url))
	for range 3 {
		<-entered
	}
	until(t, url,
		`worker_ready{namespace="beta"} 1`,
		`worker_concurrency{namespace="beta"} 64`,
		`worker_in_flight_calls{namespace="beta"} 3`,
	)
	held := b.hold(t, url, receive(t, ok).url)
	until(t, url,
		`worker_attempts_total{error_class="status",namespace="beta",outcome="failed"} 1`,
		`worker_attempts_total{error_class="status",namespace="beta",outcome="retry"} 1`,
		`worker_returned_total{namespace="beta",reason="attempt_failed"} 1`,
		`worker_dead_letters_total{namespace="beta",outcome="failed"} 1`,
		`worker_dead_letters_kept{namespace="beta"} 1`,
		fmt.Sprintf(`worker_finals_total{namespace="beta",outcome="success"} %d`, 1+held),
		`worker_queue_unacknowledged_triggers{namespace="beta"} 3`,
		`worker_queue_limit_bytes{namespace="beta"} 1.073741824e+09`,
		`worker_known_targets{namespace="beta"} 4`,
		`worker_open_breakers{namespace="beta"} 0`,
	)
	answers()
	until(t, url,
		fmt.Sprintf(`worker_finals_total{namespace="beta",outcome="success"} %d`, 4+held),
		fmt.Sprintf(`worker_callback_duration_seconds_count{mode="HTTP",namespace="beta",outcome="success"} %d`, 4+held),
		fmt.Sprintf(`worker_start_lateness_seconds_count{namespace="beta"} %d`, 5+held),
		`worker_in_flight_calls{namespace="beta"} 0`,
		`worker_active_triggers{namespace="beta"} 0`,
		`worker_queue_unacknowledged_triggers{namespace="beta"} 0`,
	)
}

func TestMetricsOfATargetThatFails(t *testing.T) {
	t.Parallel()
	b := setup(t)
	url := b.serve(t, nil)
	for range 30 {
		b.publish(t, b.trigger("down", "http://127.0.0.1:1/"))
	}
	until(t, url, `worker_open_breakers{namespace="beta"} 1`, `worker_breakers_opened_total{namespace="beta"} 1`)
}

// A worker that waits for NATS tells that it is not ready, and what it has been
// asked over HTTP before is answered as ever.
func TestMetricsOfAWorkerThatWaits(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	b := onServer(t, server, "beta")
	server.Stop()
	url := b.serve(t, func(c *bootstrap.Config) { c.Version = "v1.2.3" })
	until(t, url, `worker_ready{namespace="beta"} 0`, `worker_in_flight_calls{namespace="beta"} 0`,
		`worker_dead_letters_total{namespace="beta",outcome="dead"} 0`)
	response, err := http.Post(url+"/events/k", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	if response.Body.Close(); response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("an event got status %d", response.StatusCode)
	}
	server.Start(t)
	until(t, url, `worker_ready{namespace="beta"} 1`, `worker_queue_pending_triggers{namespace="beta"} 0`)
}

func TestMetricsOfAnApp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	app := b.start(t, nil).app
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(app.Metrics())
	metricstest.Lint(t, r)
	metricstest.Matches(t, "../docs/metrics.md", "", r)
	app.Close()
	if text := exported(t, app); !strings.Contains(text, `worker_ready{namespace="beta"} 0`) {
		t.Errorf("once closed it exports %s", text)
	}
}

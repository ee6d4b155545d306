package natsconf_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/sirupsen/logrus"

	schedule "github.com/weplanx/workflow/schedule/bootstrap"
	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/tools/internal/natsconf"
	worker "github.com/weplanx/workflow/worker/bootstrap"
)

// The documents' main job with the generated credentials and nothing else set:
// an application stores a schedule, schedulers fire it, workers call back, and
// the application reads what happened.
func TestMainJob(t *testing.T) {
	cluster := natsconf.Site{
		Namespaces: []string{"beta", "gamma"}, Nodes: []string{"a.nats", "b.nats", "c.nats"}, Cluster: "workflow",
		TLS: natsconf.TLSAll, Folder: "/etc/nats", Store: "/data",
	}
	prepared := alone("beta", "gamma")
	prepared.Prepared = true
	program := schedulectl(t)
	tests := map[string]struct {
		config   natsconf.Site
		prepared bool
	}{
		"one server":           {alone("beta", "gamma"), false},
		"three servers, TLS":   {cluster, false},
		"prepared by an admin": {prepared, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir()) // without a config/config.yml
			s := start(t, test.config)
			if test.prepared {
				if out, err := s.initialize(t, program, natsconf.RoleAdmin); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			s.environment(t)
			s.run(t, "scheduler", "beta.schedule", newScheduler)
			s.run(t, "worker", "beta.worker", newWorker)
			s.mainJob(t)
		})
	}
}

// environment is what both services are set by, but for the credential.
func (s *site) environment(t *testing.T) {
	t.Helper()
	t.Setenv("NAMESPACE", "beta")
	t.Setenv("NATS_HOSTS", s.servers[0].URL())
	t.Setenv("MODE", "release")
	t.Setenv("EGRESS_ALLOW", "127.0.0.0/8")
	t.Setenv("NATS_CA", s.authority)
}

func newScheduler(ctx context.Context, t *testing.T) (func(context.Context) error, error) {
	c, err := schedule.LoadConfig()
	if err != nil {
		return nil, err
	}
	c.Log = complaints(t)
	app, err := schedule.New(ctx, c)
	if err != nil {
		return nil, err
	}
	return app.Run, nil
}

func newWorker(ctx context.Context, t *testing.T) (func(context.Context) error, error) {
	c, err := worker.LoadConfig()
	if err != nil {
		return nil, err
	}
	c.Log = complaints(t)
	app, err := worker.New(ctx, c)
	if err != nil {
		return nil, err
	}
	return app.Run, nil
}

// complaints is a logger by which a refusal, which a service may well get over
// by waiting, fails the test.
func complaints(t *testing.T) *logrus.Logger {
	t.Helper()
	log := logging.Discard()
	log.AddHook(refusals{t})
	return log
}

type refusals struct{ t *testing.T }

func (refusals) Levels() []logrus.Level { return logrus.AllLevels }

func (r refusals) Fire(e *logrus.Entry) error {
	if text := fmt.Sprint(e.Data["error"]); strings.Contains(text, "ermissions") {
		r.t.Errorf("%s: %s", e.Message, text)
	}
	return nil
}

// run runs a service with a user's seed until the test's cleanup.
func (s *site) run(t *testing.T, name, user string, create func(context.Context, *testing.T) (func(context.Context) error, error)) {
	t.Helper()
	t.Setenv("NATS_NKEY", s.seed(t, user))
	limited, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	run, err := create(limited, t)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
}

func (s *site) mainJob(t *testing.T) {
	t.Helper()
	calls := make(chan struct{}, 100)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusGone)
			return
		}
		calls <- struct{}{}
	}))
	t.Cleanup(target.Close)

	nc := s.connect(t, "beta.client")
	nc.SetErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { t.Errorf("application: %v", err) })
	js, err := nc.JetStream(nats.PublishAsyncMaxPending(256))
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New("beta", nc, js)
	if err != nil {
		t.Fatal(err)
	}
	job := common.HttpJob("@every 1s", common.HttpOption{
		Url: target.URL, Headers: map[string]string{}, Body: map[string]interface{}{},
	})
	if err := c.Set("test", job); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		receive(t, calls)
	}
	s.looksAround(t, c)
	s.goesWrong(t, c, target.URL)
	s.runsJobs(t, nc, c)
	if err := c.Remove("test"); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, calls <-chan struct{}) {
	t.Helper()
	select {
	case <-calls:
	case <-time.After(patience):
		t.Fatalf("no callback within %s", patience)
	}
}

// looksAround calls what reads.
func (s *site) looksAround(t *testing.T, c *client.Schedule) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if keys, err := c.List(); err != nil || len(keys) != 1 {
		t.Errorf("List: %v, %v", keys, err)
	}
	if jobs, err := c.Get("test"); err != nil || len(jobs) != 1 || jobs[0].State.Prev.IsZero() {
		t.Errorf("Get: %v, %v; want one job that has fired", jobs, err)
	}
	for nodes, err := c.Nodes(ctx); len(nodes) != 1 || !nodes[0].Ready; nodes, err = c.Nodes(ctx) { // it may be slow
		if err != nil {
			t.Fatalf("Nodes: %v, %v; want one that is ready", nodes, err)
		}
	}
	for status, err := c.Ping(ctx); len(status.Nodes) != 1; status, err = c.Ping(ctx) {
		if err != nil {
			t.Fatalf("Ping: %v, %v", status, err)
		}
	}
	follow, stop := context.WithCancel(ctx)
	finals := 0
	for r, err := range c.Results(follow, "test", client.ResultQuery{Follow: true}) {
		if err != nil && follow.Err() == nil {
			t.Errorf("Results: %v", err)
		}
		if r.Kind == "final" && r.Outcome == "success" {
			finals++
		}
		if finals == 2 {
			break
		}
	}
	stop()
	for change, err := range c.Watch(ctx) {
		if err != nil {
			t.Errorf("Watch: %v", err)
		}
		if err != nil || change.Synced {
			break
		}
	}
}

// goesWrong has a job die, and its dead letters sent again and given up.
func (s *site) goesWrong(t *testing.T, c *client.Schedule, url string) {
	t.Helper()
	if err := c.Set("broken", common.HttpJob("@every 1h", common.HttpOption{Url: url + "/gone"})); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := c.Run("broken"); err != nil {
			t.Fatalf("Run: %v", err)
		}
	}
	letters := s.deadLetters(t, c, 2)
	if sent, err := c.Resend("broken", letters[0].Sequence); err != nil || len(sent) != 1 {
		t.Errorf("Resend: %v, %v", sent, err)
	}
	if err := c.Drop("broken", letters[1].Sequence); err != nil {
		t.Errorf("Drop: %v", err)
	}
	s.deadLetters(t, c, 1) // what was sent again has died again
	if err := c.Remove("broken"); err != nil {
		t.Error(err)
	}
}

func (s *site) deadLetters(t *testing.T, c *client.Schedule, count int) []client.DeadLetter {
	t.Helper()
	for limit := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		letters, err := c.DeadLetters("broken", client.DeadQuery{})
		if err != nil {
			t.Fatalf("DeadLetters: %v", err)
		}
		if len(letters) == count {
			return letters
		}
		if time.Now().After(limit) {
			t.Fatalf("%d dead letters, want %d", len(letters), count)
		}
	}
}

// runsJobs has the application run a job of mode NATS, and publish an event.
func (s *site) runsJobs(t *testing.T, nc *nats.Conn, c *client.Schedule) {
	t.Helper()
	ran := make(chan struct{}, 1)
	sub, err := nc.Subscribe("beta.jobs.report", func(m *nats.Msg) {
		_ = m.Respond([]byte("done"))
		ran <- struct{}{}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := c.Set("report", common.NatsJob("@every 1h", common.NatsOption{Subject: "report", Request: true})); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Run("report"); err != nil {
		t.Fatalf("Run: %v", err)
	}
	receive(t, ran)
	event := `{"mode":"NATS","option":{"subject":"report","request":true}}`
	answer, err := nc.Request("beta.events.report", []byte(event), patience)
	if err != nil || !strings.Contains(string(answer.Data), `"success"`) {
		t.Errorf("event: %v, %v; want the record of a success", answer, err)
	}
	if err := c.Remove("report"); err != nil {
		t.Error(err)
	}
}

// Where no scheduler runs an application is told so at once, through the wall.
func TestNoScheduler(t *testing.T) {
	t.Parallel()
	s := start(t, alone("beta"))
	s.prepare(t, "beta")
	nc := s.connect(t, "beta.client")
	js, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New("beta", nc, js)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Run("test"); !errors.Is(err, client.ErrNoScheduler) {
		t.Errorf("got %v, want ErrNoScheduler", err)
	}
}

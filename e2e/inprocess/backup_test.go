package inprocess_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/e2e/internal/backup"
	"github.com/weplanx/workflow/e2e/internal/receiver"
	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/natstest"
)

// These tests hold deploy/docs/backup.md to its word. They wait for what is due to
// become late by more than late, which nothing can hurry.
const late = 31 * time.Second

// streams are those of the namespace in the order in which a backup takes them:
// first what is to be run, last what has happened.
var streams = []string{"ns_triggers", "KV_ns_schedules", "ns_runs", "ns_dead", "ns_results"}

// calls counts callbacks by occurrence.
type calls struct {
	mu    sync.Mutex
	count map[string]int
	last  time.Time // nominal time of the latest occurrence
}

func (c *calls) arrived(call receiver.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count[call.ID]++
	if call.Scheduled.After(c.last) {
		c.last = call.Scheduled
	}
}

func (c *calls) of(id string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count[id]
}

func (c *calls) total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.count)
}

func (c *calls) latest() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// site is one namespace on one server, and its target.
type site struct {
	server *natstest.Server
	nc     *nats.Conn
	js     nats.JetStreamContext
	client *client.Schedule // once the streams are there
}

func on(t *testing.T, server *natstest.Server) *site {
	t.Helper()
	nc := server.Connect(t)
	js, err := nc.JetStream()
	fatal(t, err)
	return &site{server: server, nc: nc, js: js}
}

// start runs a scheduler and a worker.
func (s *site) start(t *testing.T) (stop func()) {
	t.Helper()
	scheduler, worker := startScheduler(t, s.server, "ns"), startWorker(t, s.server, "ns")
	s.open(t)
	return func() { scheduler(); worker() }
}

// open opens the namespace as an application does.
func (s *site) open(t *testing.T) {
	t.Helper()
	var err error
	s.client, err = client.New("ns", s.nc, s.js)
	fatal(t, err)
}

func (s *site) take(t *testing.T, names ...string) (taken []backup.Stream) {
	t.Helper()
	for _, name := range names {
		b, err := backup.Take(t.Context(), s.nc, name)
		fatal(t, err)
		taken = append(taken, b)
	}
	return taken
}

func (s *site) restore(t *testing.T, taken []backup.Stream) {
	t.Helper()
	for _, b := range taken {
		_ = s.js.DeleteStream(b.Name) // it may not be there
		fatal(t, backup.Restore(t.Context(), s.nc, b))
	}
}

// finals counts the ends in the log, by occurrence.
func (s *site) finals(t *testing.T) map[string]int {
	t.Helper()
	count := map[string]int{}
	for r, err := range s.client.Results(t.Context(), "", client.ResultQuery{Kinds: []string{common.KindFinal}}) {
		fatal(t, err)
		count[r.ID]++
	}
	return count
}

// over: the one occurrence of a schedule was published, for the cursor has passed
// it, and nothing that was published is left to be run.
func (s *site) over(t *testing.T, key string, at time.Time) bool {
	t.Helper()
	jobs, err := s.client.Get(key)
	fatal(t, err)
	info, err := s.js.StreamInfo("ns_triggers", &nats.StreamInfoRequest{SubjectsFilter: "ns.triggers.>"})
	fatal(t, err)
	return jobs[0].State.Prev.Equal(at) && len(info.State.Subjects) == 0
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, limit time.Duration, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !condition(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, limit)
		}
	}
}

// All streams of a namespace that goes on to run are backed up and restored on
// another server. What the backup knows to have ended is not called again, and the
// schedules go on.
func TestRestoreOnAnotherServer(t *testing.T) {
	t.Parallel()
	called := &calls{count: map[string]int{}}
	target := receiver.Start(t, "127.0.0.1:0", called.arrived)
	first := on(t, natstest.Start(t))
	stop := first.start(t)
	for i := range 3 {
		fatal(t, first.client.Set(fmt.Sprintf("tick%d", i), common.HttpJob("@every 1s", common.HttpOption{Url: target.URL("127.0.0.1")})))
	}
	fatal(t, first.client.Set("paused", common.HttpJob("@every 1s", common.HttpOption{Url: target.URL("127.0.0.1")})))
	fatal(t, first.client.Pause("paused"))
	eventually(t, "occurrences are called and recorded", patience, func() bool { return len(first.finals(t)) >= 9 })
	taken := first.take(t, streams...)
	before := called.total()
	eventually(t, "it goes on", patience, func() bool { return called.total() >= before+6 })
	stop()
	stopped := time.Now()
	first.server.Stop()

	second := on(t, natstest.Start(t))
	second.restore(t, taken)
	second.open(t)
	known := second.finals(t)
	time.Sleep(time.Until(stopped.Add(late)))
	restarted := time.Now()
	second.start(t)
	if len(known) < 9 {
		t.Errorf("the backup knows of %d ends, want at least 9", len(known))
	}
	eventually(t, "new occurrences are called", patience, func() bool { return called.latest().After(restarted.Add(3 * time.Second)) })

	for id := range known {
		if n := called.of(id); n != 1 {
			t.Errorf("%s, which had ended, was called %d times", id, n)
		}
	}
	for id, n := range second.finals(t) {
		if n != 1 {
			t.Errorf("%s has %d final records", id, n)
		}
	}
	keys, err := second.client.List()
	if err != nil || len(keys) != 4 {
		t.Errorf("keys are %q, %v", keys, err)
	}
	if entry, err := second.client.Entry("paused"); err != nil || !entry.Paused {
		t.Errorf("the paused schedule is %+v, %v", entry, err)
	}
	report, err := second.client.Audit(t.Context(), "tick0", time.Time{}, time.Time{})
	if err != nil || report.Total != 0 {
		t.Errorf("the audit found %d differences: %+v, %v", report.Total, report.Differences, err)
	}
}

// Cursors that are older than what has happened publish again. The log, when it is
// as new as what has happened, keeps that from being called again; a log that is as
// old as the cursors does not, and the target sees the same webhook-id twice.
func TestRestoreOfOldCursors(t *testing.T) {
	t.Parallel()
	withLog, withoutLog := rollBack(t, "ns_triggers"), rollBack(t, "ns_triggers", "ns_results")
	time.Sleep(time.Until(withoutLog.due.Add(late)))
	withLog.again(t, 1)
	withoutLog.again(t, 2)
}

// rolledBack is a site whose one occurrence has been run, with streams restored that
// know nothing of that.
type rolledBack struct {
	*site

	called *calls
	due    time.Time
}

func rollBack(t *testing.T, restored ...string) *rolledBack {
	t.Helper()
	r := &rolledBack{site: on(t, natstest.Start(t)), called: &calls{count: map[string]int{}}}
	target := receiver.Start(t, "127.0.0.1:0", r.called.arrived)
	stop := r.start(t)
	r.due = time.Now().Add(10 * time.Second).Truncate(time.Millisecond)
	fatal(t, r.client.Set("once", common.HttpJob("@at "+r.due.Format(time.RFC3339Nano), common.HttpOption{Url: target.URL("127.0.0.1")})))
	taken := r.take(t, restored...)
	eventually(t, "it is called and recorded", patience, func() bool { return len(r.finals(t)) == 1 })
	stop()
	r.restore(t, taken)
	if r.over(t, "once", r.due) {
		t.Error("the cursors are as new as ever, so the test tests nothing")
	}
	return r
}

// again runs the services again and counts what they do.
func (r *rolledBack) again(t *testing.T, want int) {
	t.Helper()
	r.start(t)
	eventually(t, "it is published and run again", 2*patience, func() bool { return r.over(t, "once", r.due) && len(r.finals(t)) == 1 })
	for id, n := range r.finals(t) {
		if n != 1 || r.called.of(id) != want {
			t.Errorf("%s has %d final records and was called %d times, want 1 and %d", id, n, r.called.of(id), want)
		}
	}
	if r.called.total() != 1 {
		t.Errorf("%d occurrences were called, want one", r.called.total())
	}
}

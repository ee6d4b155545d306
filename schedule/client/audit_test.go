package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// auditSpec fires thrice a second, so that a test need not wait long.
const auditSpec = "@every 300ms"

// streams makes the streams of a namespace whose scheduler has published
// everything up to published.
func (b *bundle) streams(t testing.TB, published time.Time) {
	t.Helper()
	b.triggers(t, 4, contract.Cursor{Due: published})
	_, err := b.js.AddStream(&nats.StreamConfig{Name: b.names.ResultStream(), Subjects: []string{b.names.Results()}, AllowDirect: true})
	noError(t, err)
}

func (b *bundle) record(t testing.TB, r contract.Result) {
	t.Helper()
	r.Key = "a"
	data, err := contract.Encode(r)
	noError(t, err)
	_, err = b.js.Publish(b.names.Result("a"), data)
	noError(t, err)
}

// work is a scheduler and a worker for the jobs of "a" from since up to now, as
// the log shows them; those for which lose says so leave no record.
func (b *bundle) work(t testing.TB, since time.Time, lose func(n int) bool) (until time.Time, n int) {
	t.Helper()
	e, err := b.Entry("a")
	noError(t, err)
	until = time.Now()
	times, err := client.Preview(e.Jobs[0], contract.MaxPreview, since, e.Anchor)
	noError(t, err)
	for _, p := range times {
		due := p.Time
		if effect := e.Stored.Add(contract.EffectDelay); due.Before(effect) {
			due = effect
		}
		if due.After(until) {
			break
		}
		if n++; !lose(n) {
			b.record(t, contract.Result{Kind: contract.KindAttempt, Scheduled: p.Time, Due: due, Attempt: 1})
			b.record(t, contract.Result{Kind: contract.KindFinal, Scheduled: p.Time, Due: due, Outcome: contract.OutcomeSuccess})
		}
	}
	return until, n
}

func TestAudit(t *testing.T) {
	t.Parallel()
	b := setup(t, client.At(func() time.Time { return time.Now().Add(2 * time.Minute) })) // nothing is pending any more
	noError(t, b.Set("a", job(auditSpec)))
	e, err := b.Entry("a")
	noError(t, err)
	b.streams(t, time.Now().Add(time.Hour))
	waitUntil(t, func() bool { return b.age(t) > 6*time.Second })

	until, n := b.work(t, e.Stored, func(int) bool { return false })
	report, err := b.Audit(limited(t), "a", time.Time{}, until)
	noError(t, err)
	// The streams are younger than what a first scheduler may take to start.
	if report.Total != 0 || report.Run == 0 || report.Run != report.Demanded || report.Run >= int64(n) || len(report.Limits) != 1 {
		t.Errorf("audit is %+v, want no difference", report)
	}
	if report.Outcomes[contract.OutcomeSuccess] != report.Run {
		t.Errorf("outcomes are %v", report.Outcomes)
	}

	last := report.Since.Add(time.Hour)
	times, err := client.Preview(e.Jobs[0], 1, report.Since, e.Anchor)
	noError(t, err)
	b.record(t, contract.Result{Kind: contract.KindFinal, Scheduled: times[0].Time, Due: times[0].Time, Outcome: contract.OutcomeFailed})
	b.record(t, contract.Result{Kind: contract.KindFinal, Scheduled: times[0].Time.Add(time.Millisecond), Due: times[0].Time})
	b.record(t, contract.Result{Kind: contract.KindFinal, Scheduled: last, Due: last})
	_, err = b.js.Publish(b.names.Result("a"), []byte("garbage"))
	noError(t, err)
	report, err = b.Audit(limited(t), "a", e.Stored, until)
	noError(t, err)
	var kinds []string
	for _, d := range report.Differences {
		kinds = append(kinds, d.Kind)
	}
	if got, want := strings.Join(kinds, " "), client.DiffDuplicate+" "+client.DiffUnexpected; got != want || report.Total != 2 || len(report.Limits) != 2 {
		t.Errorf("differences are %q, want %q; %+v", got, want, report)
	}
}

func TestAuditFindsWhatIsLost(t *testing.T) {
	t.Parallel()
	b := setup(t, client.At(func() time.Time { return time.Now().Add(2 * time.Minute) }))
	b.streams(t, time.Now().Add(time.Hour))
	waitUntil(t, func() bool { return b.age(t) > 5100*time.Millisecond }) // else the audit begins later
	noError(t, b.Set("a", job(auditSpec)))
	e, err := b.Entry("a")
	noError(t, err)
	waitUntil(t, func() bool { return time.Since(e.Stored) > 4*time.Second })
	until, n := b.work(t, e.Stored, func(n int) bool { return n%5 == 0 })
	noError(t, b.Remove("a")) // what was is audited all the same
	report, err := b.Audit(limited(t), "a", e.Stored, until)
	noError(t, err)
	if report.Demanded != int64(n) || report.Total != int64(n/5) || report.Run != int64(n-n/5) || len(report.Limits) != 0 {
		t.Errorf("audit is %+v, want %d of %d missing", report, n/5, n)
	}
	for i, d := range report.Differences {
		want := e.Stored.Add(time.Duration(5*(i+1)) * 300 * time.Millisecond)
		if d.Kind != client.DiffMissing || !d.Scheduled.Equal(want) || d.Revision != e.Revision {
			t.Errorf("difference %d is %+v, want %s to be missing", i, d, want)
		}
	}
	for _, subject := range []string{b.names.Trigger("HTTP", "a"), b.names.Trigger("NATS", "a"), b.names.Trigger("HTTP", "b")} {
		_, err := b.js.Publish(subject, []byte("{}"))
		noError(t, err)
	}
	report, err = b.Audit(limited(t), "a", e.Stored, until)
	noError(t, err)
	if want := "the work queue holds triggers of the schedule, 2: what is missing may be among them"; report.Total != int64(n/5) || len(report.Limits) != 1 || report.Limits[0] != want {
		t.Errorf("with triggers that wait: %d differences, limits are %q, want %q", report.Total, report.Limits, want)
	}
}

// age is that of the namespace. Its first scheduler may take five seconds to start.
func (b *bundle) age(t testing.TB) time.Duration {
	t.Helper()
	info, err := b.js.StreamInfo(b.names.ResultStream())
	noError(t, err)
	return time.Since(info.Created)
}

func TestAuditThatCannotReachBack(t *testing.T) {
	t.Parallel()
	b := setup(t, client.At(func() time.Time { return time.Now().Add(time.Minute) }))
	noError(t, b.Set("a", job("@every 1s")))
	since := time.Now().Add(-time.Hour)
	report, err := b.Audit(limited(t), "a", since, time.Time{})
	noError(t, err)
	if len(report.Limits) != 1 || !strings.HasPrefix(report.Limits[0], "no scheduler has run") || report.Demanded != 0 {
		t.Errorf("without a scheduler: audit is %+v", report)
	}
	b.streams(t, since)
	for i := range contract.BucketHistory {
		noError(t, b.Set("a", job(fmt.Sprintf("@every %ds", i+2))))
	}
	report, err = b.Audit(limited(t), "a", since, time.Time{})
	noError(t, err)
	if len(report.Limits) == 0 || !strings.HasPrefix(report.Limits[0], "older revisions") {
		t.Errorf("with a full history: audit is %+v", report)
	}
}

func TestAuditRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	now := time.Now()
	if _, err := b.Audit(limited(t), "nobody", now.Add(-time.Hour), now); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("unknown key: %v", err)
	}
	if _, err := b.Audit(limited(t), "a b", now.Add(-time.Hour), now); !errors.Is(err, client.ErrInvalid) {
		t.Errorf("bad key: %v", err)
	}
	if _, err := b.Audit(limited(t), "a", now, now.Add(-time.Hour)); !errors.Is(err, client.ErrInvalid) {
		t.Errorf("since after until: %v", err)
	}
}

// answer lets a scheduler of that name answer for its state.
func (b *bundle) answer(t testing.TB, state common.NodeState, alive bool) {
	t.Helper()
	if alive {
		beat, err := contract.Encode(contract.Heartbeat{Node: state.Node})
		noError(t, err)
		b.put(t, contract.NodePrefix+state.Node, beat)
	}
	data, err := json.Marshal(state)
	noError(t, err)
	_, err = b.nc.Subscribe(b.names.Endpoint(contract.EndpointState), func(m *nats.Msg) { _ = m.Respond(data) })
	noError(t, err)
	noError(t, b.nc.Flush())
}

func TestNodes(t *testing.T) {
	t.Parallel()
	began := time.Now()
	alive := client.At(func() time.Time { return began }) // heartbeats grow no older
	b := setup(t, alive, client.Gather(10*patience))
	if states, err := b.Nodes(limited(t)); err != nil || len(states) != 0 {
		t.Errorf("without schedulers: %v, %v", states, err)
	}
	node := func(name string) common.NodeState {
		return common.NodeState{NodePing: contract.NodePing{Node: name, Ready: true}, Schedules: 7}
	}
	b.answer(t, node("n2"), true)
	b.answer(t, node("n1"), true)
	states, err := b.Nodes(limited(t)) // which ends when all have answered
	noError(t, err)
	if len(states) != 2 || states[0].Node != "n1" || states[1].Node != "n2" || states[1].Schedules != 7 {
		t.Errorf("states are %+v", states)
	}
	beat, err := contract.Encode(contract.Heartbeat{Node: "hangs"})
	noError(t, err)
	b.put(t, contract.NodePrefix+"hangs", beat)
	hurried := on(t, b.server, namespace, alive, client.Gather(5*time.Second))
	if states, err := hurried.Nodes(limited(t)); err != nil || len(states) != 2 {
		t.Errorf("with one that hangs: %v, %v", states, err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := b.Nodes(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

// waitUntil polls until it is done.
func waitUntil(t testing.TB, done func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(patience); !done(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatal("it did not come")
		}
	}
}

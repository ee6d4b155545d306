package bootstrap_test

import (
	"fmt"
	"maps"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/worker/bootstrap"
)

func TestTargetThatIsDownIsCalledWhenItIsUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	target := receive(t, func(n int, _ *http.Request) int {
		if n <= 3 {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	})
	b.start(t, nil)
	b.publish(t, b.trigger("k", target.url))
	if final := b.finals(t, 1)[0]; final.Outcome != contract.OutcomeSuccess || final.Attempt != 4 {
		t.Errorf("got %+v", final)
	}
	b.drained(t)
	for i, call := range target.got() {
		if got := call.header.Get(contract.HeaderAttempt); got != fmt.Sprint(i+1) {
			t.Errorf("call %d said attempt %s", i+1, got)
		}
	}
}

// A worker that loses its connection for good in mid-call is, to all others,
// one that died. Its trigger goes to another within 30 s.
func TestTriggerOfADeadWorkerGoesToAnother(t *testing.T) {
	t.Parallel()
	b := setup(t)
	entered, leave := make(chan struct{}), make(chan struct{})
	target := receive(t, func(n int, r *http.Request) int {
		if n == 1 {
			close(entered)
			select {
			case <-leave:
			case <-r.Context().Done():
			}
		}
		return http.StatusOK
	})
	t.Cleanup(func() { close(leave) })
	first := b.start(t, func(c *bootstrap.Config) { c.Grace = -1 })
	trigger := b.trigger("k", target.url)
	trigger.Timeout = contract.Duration(time.Minute)
	b.publish(t, trigger)
	<-entered
	first.nc.Close()
	died := time.Now()
	b.start(t, nil)
	final := b.finals(t, 1)[0]
	if took := time.Since(died); took > 30*time.Second {
		t.Errorf("it took %s until another ran it", took)
	}
	if final.ID != trigger.ID || final.Outcome != contract.OutcomeSuccess {
		t.Errorf("got %+v", final)
	}
	if counts := target.counts(); len(counts) != 1 || counts[trigger.ID] != 2 {
		t.Errorf("got calls %v, want two with one ID", counts)
	}
	b.drained(t)
}

func TestNATSRestartUnderARunningWorker(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const n = 30
	var during atomic.Bool
	restarted := make(chan struct{})
	target := receive(t, func(int, *http.Request) int {
		if during.Load() {
			<-restarted // its result cannot be stored before
		}
		return http.StatusOK
	})
	b.start(t, nil)
	for i := range n {
		b.publish(t, b.trigger(fmt.Sprintf("before%d", i), target.url))
	}
	b.finals(t, n)
	during.Store(true)
	for i := range n {
		b.publish(t, b.trigger(fmt.Sprintf("during%d", i), target.url))
	}
	eventually(t, "calls are under way", func() bool { return len(target.got()) == 2*n })
	b.server.Restart(t)
	close(restarted)
	eventually(t, "the test is connected again", b.nc.IsConnected)
	for i := range n {
		b.publish(t, b.trigger(fmt.Sprintf("after%d", i), target.url))
	}
	b.finals(t, 3*n)
	b.drained(t)
	for id, count := range target.counts() {
		if count != 1 {
			t.Errorf("%s was called %d times", id, count)
		}
	}
}

func TestTwoWorkersShareTheTriggers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	target := receive(t, ok)
	b.start(t, nil)
	b.start(t, nil)
	const n = 200
	due := time.Now().Add(300 * time.Millisecond)
	for i := range n {
		b.publish(t, b.triggerAt(fmt.Sprintf("k%d", i), target.url, due))
	}
	b.finals(t, n)
	b.drained(t)
	counts := target.counts()
	if len(counts) != n {
		t.Errorf("got %d occurrences called, want %d", len(counts), n)
	}
	for id, count := range counts {
		if count != 1 {
			t.Errorf("%s was called %d times", id, count)
		}
	}
	if records := b.records(t); len(records) != 2*n {
		t.Errorf("got %d records, want %d", len(records), 2*n)
	}
}

func TestNamespacesDoNotMeet(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	one, two := onServer(t, server, "one"), onServer(t, server, "two")
	target := receive(t, ok)
	one.start(t, nil)
	two.start(t, nil)
	for range 5 {
		one.publish(t, one.trigger("k", target.url))
		two.publish(t, two.trigger("k", target.url))
	}
	for _, b := range []*bench{one, two} {
		b.finals(t, 5)
		b.drained(t)
	}
	by := map[string]int{}
	for _, call := range target.got() {
		by[call.header.Get(contract.HeaderNamespace)]++
	}
	if by["one"] != 5 || by["two"] != 5 {
		t.Errorf("got calls %v", by)
	}
}

func TestGarbageIsRecordedAndStallsNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	target := receive(t, ok)
	for _, subject := range []string{"beta.triggers.HTTP.k", "beta.triggers.HTTP", "beta.triggers.X.y.z", "beta.triggers.HTTP._nodes.a"} {
		for _, data := range []string{"", "\xff\x00", "{}", `{"v":1}`, `{"v":1,"id":"1","key":"k","mode":"FTP"}`} {
			b.publishRaw(t, subject, []byte(data))
		}
	}
	trigger := b.trigger("k", target.url)
	b.publish(t, trigger)
	b.start(t, nil)
	b.drained(t)
	if counts := target.counts(); counts[trigger.ID] != 1 || len(counts) != 1 {
		t.Errorf("got calls %v", counts)
	}
	invalid := 0
	for _, r := range b.records(t) {
		if r.ErrorClass == contract.ErrorInvalid && r.Kind == contract.KindFinal {
			invalid++
		}
	}
	if invalid != 20 {
		t.Errorf("got %d records of garbage, want 20", invalid)
	}
}

func TestMissedIsRecorded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.start(t, nil)
	now := time.Now().UTC()
	b.publish(t, contract.Trigger{
		ID: "m", Key: "k", Mode: contract.ModeMissed, Scheduled: now, Due: now,
		Missed: &contract.Missed{From: now, To: now, Count: 1, Reason: "because"},
	})
	b.drained(t)
	if records := b.records(t); len(records) != 1 || records[0].Kind != contract.KindMissed || records[0].Reason != "because" {
		t.Errorf("got %+v", records)
	}
}

func TestEventIsRunByOneWorkerAndAnswered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	target := receive(t, ok)
	b.start(t, nil)
	b.start(t, nil)
	data := []byte(`{"mode":"HTTP","option":{"url":"` + target.url + `"}}`)
	var final contract.Result
	eventually(t, "an event is answered", func() bool { // the subscription may not be there yet
		msg, err := b.nc.Request(b.names.Event("a.b"), data, 5*time.Second)
		if err != nil {
			return false
		}
		final, err = contract.Decode[contract.Result](msg.Data)
		return err == nil
	})
	if final.Key != "a.b" || final.Outcome != contract.OutcomeSuccess || final.Status != http.StatusOK {
		t.Errorf("got %+v", final)
	}
	if n := len(target.got()); n != 1 {
		t.Errorf("got %d calls, want 1", n)
	}
	if records := b.records(t); len(records) != 2 {
		t.Errorf("got %d records, want 2", len(records))
	}
}

func TestStopHandsBackAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	target := receive(t, ok)
	first := b.start(t, nil)
	due := time.Now().Add(2 * time.Second)
	for i := range 20 {
		b.publish(t, b.triggerAt(fmt.Sprintf("k%d", i), target.url, due))
	}
	first.stop()
	if n := len(target.got()); n != 0 {
		t.Fatalf("got %d calls before they were due", n)
	}
	b.start(t, nil)
	b.finals(t, 20)
	if late := time.Since(due); late > 5*time.Second {
		t.Errorf("done %s after they were due: they were not handed back", late)
	}
	b.drained(t)
}

// overlapping publishes n occurrences of one job, due shortly one after the
// other.
func (b *bench) overlapping(t *testing.T, overlap, url string, n int) (ids []string) {
	t.Helper()
	began := time.Now()
	for i := range n {
		trigger := b.triggerAt("k", url, began.Add(time.Duration(i)*40*time.Millisecond))
		trigger.Overlap = overlap
		b.publish(t, trigger)
		ids = append(ids, trigger.ID)
	}
	return ids
}

func TestOverlapHoldsAcrossWorkers(t *testing.T) {
	t.Parallel()
	for overlap, want := range map[string]map[string]int{
		contract.OverlapQueue: {contract.OutcomeSuccess: 6},
		contract.OverlapSkip:  {contract.OutcomeSuccess: 1, contract.OutcomeSkipped: 5},
	} {
		t.Run(overlap, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			var running, most atomic.Int32
			target := receive(t, func(int, *http.Request) int {
				most.Store(max(most.Load(), running.Add(1)))
				time.Sleep(500 * time.Millisecond)
				running.Add(-1)
				return http.StatusOK
			})
			b.start(t, nil)
			b.start(t, nil)
			ids := b.overlapping(t, overlap, target.url, 6)
			got := map[string]int{}
			for _, final := range b.finals(t, 6) {
				got[final.Outcome]++
			}
			b.drained(t)
			if !maps.Equal(got, want) || most.Load() != 1 {
				t.Errorf("got %v, want %v; %d ran at once", got, want, most.Load())
			}
			for i, call := range target.got() {
				if id := call.header.Get(contract.HeaderID); id != ids[i] {
					t.Errorf("call %d was of %s, want %s", i, id, ids[i])
				}
			}
		})
	}
}

func TestLastAttemptLeavesADeadLetter(t *testing.T) {
	t.Parallel()
	b := setup(t)
	target := receive(t, func(int, *http.Request) int { return http.StatusServiceUnavailable })
	b.start(t, nil)
	trigger := b.trigger("k", target.url)
	trigger.Attempts = 2
	b.publish(t, trigger)
	if final := b.finals(t, 1)[0]; final.Outcome != contract.OutcomeDead || final.Attempt != 2 {
		t.Errorf("got %+v", final)
	}
	b.drained(t)
	stream, err := b.js.Stream(t.Context(), b.names.DeadStream())
	if err != nil {
		t.Fatal(err)
	}
	msg, err := stream.GetLastMsgForSubject(t.Context(), b.names.Dead("k"))
	if err != nil {
		t.Fatal(err)
	}
	letter, err := contract.Decode[contract.Dead](msg.Data)
	if err != nil || letter.Trigger == nil || letter.Trigger.ID != trigger.ID || letter.Attempts != 2 || letter.Status != http.StatusServiceUnavailable {
		t.Errorf("got %+v, %v", letter, err)
	}
	if n := len(target.got()); n != 2 {
		t.Errorf("got %d calls, want 2", n)
	}
}

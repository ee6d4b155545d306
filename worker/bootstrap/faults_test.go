package bootstrap_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

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
	trigger.Timeout = endless
	b.publish(t, trigger)
	<-entered
	first.nc.Close()
	b.start(t, nil)
	final := b.finals(t, 1)[0]
	if wait := b.consumer(t).Config.AckWait; wait > 20*time.Second {
		t.Errorf("the server waits for %s, which leaves too little of the 30 s for another to run it", wait)
	}
	if final.ID != trigger.ID || final.Outcome != contract.OutcomeSuccess {
		t.Errorf("got %+v", final)
	}
	if counts := target.counts(); len(counts) != 1 || counts[trigger.ID] != 2 {
		t.Errorf("got calls %v, want two with one ID", counts)
	}
	b.drained(t)
}

// consumer is what the server says of the workers' consumer.
func (b *bench) consumer(t *testing.T) *jetstream.ConsumerInfo {
	t.Helper()
	consumer, err := b.js.Consumer(t.Context(), b.names.TriggerStream(), "workers")
	if err != nil {
		t.Fatal(err)
	}
	return consumer.CachedInfo()
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
		trigger := b.trigger(fmt.Sprintf("during%d", i), target.url)
		trigger.Timeout = endless
		b.publish(t, trigger)
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
	garbage := []string{"", "\xff\x00", "{}", `{"v":1}`, `{"v":1,"id":"1","key":"k","mode":"FTP"}`}
	for _, subject := range []string{"beta.triggers.HTTP.k", "beta.triggers.HTTP", "beta.triggers.X.y.z", "beta.triggers.HTTP._nodes.a"} {
		for _, data := range garbage {
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
	letters := b.letters(t)
	if len(letters) != 20 {
		t.Errorf("got %d dead letters of garbage, want 20", len(letters))
	}
	for _, letter := range letters {
		if letter.Reason != "the trigger cannot be run" || letter.ErrorClass != contract.ErrorInvalid || letter.Error == "" {
			t.Errorf("got dead letter %+v", letter)
		}
		if letter.Trigger == nil && !slices.Contains(garbage, string(letter.Data)) {
			t.Errorf("got dead letter of %q", letter.Data)
		}
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
	listened(t, func() (err error) { final, err = b.events().Request(t.Context(), "a.b", data); return err })
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

// What the first worker holds at its end only comes again where it hands that back:
// the server waits for an hour.
func TestStopHandsBackAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	patient := jetstream.ConsumerConfig{
		Durable: "workers", FilterSubject: b.names.Triggers(), AckPolicy: jetstream.AckExplicitPolicy, MaxDeliver: -1, AckWait: time.Hour,
	}
	if _, err := b.js.CreateConsumer(t.Context(), b.names.TriggerStream(), patient); err != nil {
		t.Fatal(err)
	}
	due := time.Now().Add(4 * time.Second)
	target := receive(t, func(int, *http.Request) int {
		if time.Now().Before(due) {
			t.Error("a call came before it was due")
		}
		return http.StatusOK
	})
	first := b.start(t, nil)
	for i := range 20 {
		b.publish(t, b.triggerAt(fmt.Sprintf("k%d", i), target.url, due))
	}
	eventually(t, "the worker has them all", func() bool { return b.consumer(t).NumPending == 0 })
	first.stop()
	b.start(t, nil)
	b.finals(t, 20)
	b.drained(t)
}

// overlapping publishes n occurrences of one job, due shortly one after the
// other, the second one when the first has been called.
func (b *bench) overlapping(t *testing.T, overlap, url string, n int, called <-chan struct{}) (ids []string) {
	t.Helper()
	began := time.Now()
	for i := range n {
		trigger := b.triggerAt("k", url, began.Add(time.Duration(i)*40*time.Millisecond))
		trigger.Overlap, trigger.Timeout = overlap, endless
		b.publish(t, trigger)
		ids = append(ids, trigger.ID)
		if i == 0 {
			<-called
		}
	}
	return ids
}

// inLine reports whether all of the occurrences are in the state of their job.
func (b *bench) inLine(t *testing.T, ids []string) bool {
	t.Helper()
	stream, err := b.js.Stream(t.Context(), b.names.RunStream())
	if err != nil {
		t.Fatal(err)
	}
	msg, err := stream.GetLastMsgForSubject(t.Context(), b.names.Run("job.0.k"))
	return err == nil && !slices.ContainsFunc(ids, func(id string) bool { return !strings.Contains(string(msg.Data), id) })
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
			called, leave := make(chan struct{}), make(chan struct{})
			leaves := sync.OnceFunc(func() { close(leave) })
			target := receive(t, func(n int, _ *http.Request) int {
				most.Store(max(most.Load(), running.Add(1)))
				defer running.Add(-1)
				if n == 1 {
					close(called)
					<-leave
				}
				time.Sleep(100 * time.Millisecond) // in which another may come, if it may at all
				return http.StatusOK
			})
			t.Cleanup(leaves)
			b.start(t, nil)
			b.start(t, nil)
			ids := b.overlapping(t, overlap, target.url, 6, called)
			if overlap == contract.OverlapSkip {
				b.finals(t, 5)
			} else {
				eventually(t, "all others wait for the first", func() bool { return b.inLine(t, ids) })
			}
			leaves()
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
	letter := b.letter(t, "k")
	if letter.Trigger == nil || letter.Trigger.ID != trigger.ID || letter.Attempts != 2 || letter.Status != http.StatusServiceUnavailable {
		t.Errorf("got %+v", letter)
	}
	if n := len(target.got()); n != 2 {
		t.Errorf("got %d calls, want 2", n)
	}
}

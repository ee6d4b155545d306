package core_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/mem"
	"github.com/weplanx/workflow/worker/internal/core"
)

const goodEvent = `{"mode":"HTTP","option":{"url":"http://example.com/"}}`

func TestEventIsRunAndRecorded(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		answered := make(chan contract.Result, 1)
		b.events.Publish(core.Event{Key: "a.b", Data: []byte(goodEvent), Reply: func(r contract.Result) error { answered <- r; return nil }})
		b.start()
		b.after(0)
		b.wantCalls(1)
		final := <-answered
		if final.Kind != contract.KindFinal || final.Outcome != contract.OutcomeSuccess || final.Key != "a.b" || final.Attempt != 1 {
			t.Errorf("got %+v", final)
		}
		if got := b.kinds(final.ID); !slices.Equal(got, []string{"attempt success", "final success"}) {
			t.Errorf("got records %q", got)
		}
		if !final.ByHand() {
			t.Errorf("an audit would take %+v for an occurrence", final)
		}
		if call := b.executor.Calls()[0]; call.ID != final.ID || string(call.Option) != `{"url":"http://example.com/"}` {
			t.Errorf("got %+v", call)
		}
	})
}

func TestEventIsNotTriedAgain(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = func(context.Context, core.Call) core.Answer { return core.Answer{Class: contract.ErrorConnect} }
		b.events.Publish(core.Event{Key: "k", Data: []byte(goodEvent)})
		b.start()
		b.after(time.Hour)
		b.wantCalls(1)
		records := b.log.Records()
		if len(records) != 2 || records[0].Outcome != contract.OutcomeFailed || records[1].Outcome != contract.OutcomeFailed {
			t.Errorf("got %+v", records)
		}
	})
}

func TestEventsWithTheSameContentAreTwo(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		for range 2 {
			b.events.Publish(core.Event{Key: "k", Data: []byte(goodEvent)})
		}
		b.start()
		b.after(0)
		b.wantCalls(2)
		if n := len(b.log.Records()); n != 4 {
			t.Errorf("got %d records, want 4", n)
		}
	})
}

func TestBadEvents(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key, data string
		records   int
	}{
		"garbage":      {"k", "\xff", 1},
		"empty":        {"k", "", 1},
		"no mode":      {"k", `{"option":{}}`, 1},
		"unknown mode": {"k", `{"mode":"FTP","option":{}}`, 1},
		"missed":       {"k", `{"mode":"MISSED","option":{}}`, 1},
		"bad key":      {"a..b", goodEvent, 0},
		"long key":     {strings.Repeat("k", 129), goodEvent, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				b.events.Publish(core.Event{Key: test.key, Data: []byte(test.data)})
				b.start()
				b.after(time.Minute)
				b.wantCalls(0)
				records := b.log.Records()
				if len(records) != test.records {
					t.Fatalf("got %d records, want %d", len(records), test.records)
				}
				if len(records) == 0 && len(b.monitor.Troubles()) == 0 {
					t.Error("the monitor was not told")
				}
				for _, r := range records {
					if r.Kind != contract.KindFinal || r.Outcome != contract.OutcomeFailed || r.ErrorClass != contract.ErrorInvalid {
						t.Errorf("got %+v", r)
					}
				}
			})
		})
	}
}

func TestEventsShareTheSlots(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.executor.Answer = mem.Takes(5 * time.Second)
		for range 10 {
			b.events.Publish(core.Event{Key: "k", Data: []byte(goodEvent)})
		}
		b.start()
		b.after(0)
		b.wantCalls(b.settings.Concurrency)
		b.after(time.Minute)
		b.wantCalls(10)
	})
}

// Nobody else has an event, so those that came before the stop are run, as far
// as the grace period allows; the others are recorded.
func TestStopFinishesEvents(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.settings.Concurrency = 1
		b.executor.Answer = mem.Takes(4 * time.Second)
		for range 5 {
			b.events.Publish(core.Event{Key: "k", Data: []byte(goodEvent)})
		}
		stop := b.start()
		b.after(0)
		stop()
		b.wantCalls(3)
		outcomes := map[string]int{}
		for _, r := range b.log.Records() {
			if r.Kind == contract.KindFinal {
				outcomes[r.Outcome+" "+r.ErrorClass]++
			}
		}
		if outcomes["success "] != 2 || outcomes["failed stopped"] != 3 {
			t.Errorf("got %v", outcomes)
		}
	})
}

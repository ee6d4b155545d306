package oteltrace_test

import (
	"context"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/internal/adapter/mem"
	"github.com/weplanx/workflow/schedule/internal/adapter/oteltrace"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/schedule/internal/core/porttest"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/leaktest"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/tracetest"
	"github.com/weplanx/workflow/shared/tracing"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// bench are the spans of a scheduler of namespace beta, for which every look at
// the clock takes a millisecond.
type bench struct {
	provider  *tracing.Provider
	collector *tracetest.Collector
	looks     int
}

func setup(t *testing.T, sampler string) *bench {
	t.Helper()
	b := &bench{collector: tracetest.Start(t)}
	settings := b.collector.Settings()
	settings.Sampler = sampler
	var err error
	if b.provider, err = tracing.Start(settings, tracing.Program{Name: "schedule"}, logging.Discard()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.provider.Close)
	return b
}

func (b *bench) now() time.Time {
	b.looks++
	return now.Add(time.Duration(b.looks) * time.Millisecond)
}

func (b *bench) spans() []tracetest.Span {
	b.provider.Flush(context.Background())
	b.provider.Close()
	return b.collector.Spans()
}

func (b *bench) publisher(inner core.Publisher) *oteltrace.Publisher {
	return oteltrace.NewPublisher(inner, b.provider.Tracer(), "beta", b.now)
}

func trigger(key string, due time.Time) contract.Trigger {
	return contract.Trigger{
		ID: contract.OccurrenceID("beta", key, 2, due), Key: key, Index: 2, Mode: contract.ModeHTTP, Scheduled: due, Due: due,
		Option: []byte(`{"url":"http://canary"}`),
	}
}

// What is wrapped is a publisher, and a sender, like any other.
func TestConforms(t *testing.T) {
	t.Parallel()
	for _, sampler := range []string{"always_on", "always_off"} {
		t.Run(sampler, func(t *testing.T) {
			t.Parallel()
			porttest.Publisher(t, porttest.PublisherHarness{
				Start: now,
				New: func(t *testing.T) (a, b core.Publisher, stored func(*testing.T) []contract.Trigger) {
					p, tracer := mem.NewPublisher(2, contract.Cursor{Due: now}), setup(t, sampler).provider.Tracer()
					wrap := func() core.Publisher { return oteltrace.NewPublisher(p, tracer, "beta", time.Now) }
					return wrap(), wrap(), func(*testing.T) []contract.Trigger { return p.Stored() }
				},
			})
			porttest.Sender(t, func(t *testing.T) porttest.Queue {
				s := mem.NewSender(time.Now)
				wrapped := oteltrace.NewSender(s, setup(t, sampler).provider.Tracer(), "beta", time.Now)
				return porttest.Queue{Sender: wrapped, Take: func(*testing.T) []contract.Trigger { return s.Take() }}
			})
		})
	}
}

func TestTriggersOfACommit(t *testing.T) {
	t.Parallel()
	b := setup(t, "")
	inner := mem.NewPublisher(1, contract.Cursor{Due: now})
	p := b.publisher(inner)
	_, fence, err := p.Load(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	ahead, late, old := trigger("ahead", now.Add(time.Second)), trigger("late", now.Add(-20*time.Second)), trigger("old", now.Add(-time.Hour))
	old.Mode, old.Missed = contract.ModeMissed, &contract.Missed{Count: 7}
	step := core.Step{Triggers: []contract.Trigger{ahead, late, old}, Cursor: contract.Cursor{Due: now, Node: "n"}}
	if _, err := p.Commit(t.Context(), 0, fence, step); err != nil {
		t.Fatal(err)
	}
	spans := map[string]tracetest.Span{}
	for _, s := range b.spans() {
		spans[s.Attributes["schedule.key"]] = s
	}
	began, stored := now.Add(time.Millisecond), now.Add(2*time.Millisecond)
	for _, test := range []struct {
		trigger contract.Trigger
		begins  time.Time
	}{{ahead, began}, {late, late.Due}, {old, began}} {
		s, root := spans[test.trigger.Key], contract.RootSpan(test.trigger.ID)
		if s.Name != "fire" || s.Kind != "producer" || s.TraceID != test.trigger.ID || s.SpanID != hex.EncodeToString(root[:]) || s.Parent != "" {
			t.Errorf("%s: got %+v", test.trigger.Key, s)
		}
		if !s.Start.Equal(test.begins) || !s.End.Equal(stored) {
			t.Errorf("%s: lasts from %s to %s, want %s to %s", test.trigger.Key, s.Start, s.End, test.begins, stored)
		}
	}
	for name, want := range map[string]string{
		"schedule.namespace": "beta", "schedule.index": "2", "schedule.mode": "HTTP", "schedule.time": "2026-01-02T03:04:06Z",
		"schedule.due": "2026-01-02T03:04:06Z", "schedule.partition": "0", "schedule.node": "n", "messaging.batch.message_count": "3",
		"messaging.system": "nats", "messaging.message.id": ahead.ID, "messaging.destination.name": "beta.triggers.HTTP.ahead",
	} {
		if got := spans["ahead"].Attributes[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := spans["old"].Attributes["schedule.missed"]; got != "7" {
		t.Errorf("missed: %q, want 7", got)
	}
}

// Only who has stored a trigger tells of it.
func TestCommitThatFails(t *testing.T) {
	t.Parallel()
	b := setup(t, "")
	inner := mem.NewPublisher(1, contract.Cursor{Due: now})
	p := b.publisher(inner)
	if _, err := p.Commit(t.Context(), 0, 99, core.Step{Triggers: []contract.Trigger{trigger("k", now)}}); !errors.Is(err, core.ErrFenced) {
		t.Errorf("got %v", err)
	}
	unknown := errors.New("no answer")
	inner.OnCommit(func(int, core.Step) (before, after error) { return nil, unknown })
	_, fence, err := p.Load(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Commit(t.Context(), 0, fence, core.Step{Triggers: []contract.Trigger{trigger("k", now)}}); !errors.Is(err, unknown) {
		t.Errorf("got %v", err)
	}
	if spans := b.spans(); len(spans) != 0 {
		t.Errorf("got %+v", spans)
	}
}

func TestDeadLetterSentAgain(t *testing.T) {
	t.Parallel()
	b := setup(t, "")
	first := trigger("k", now)
	again := first
	again.Origin, again.ID = first.ID, first.ID+"-1"
	s := oteltrace.NewSender(mem.NewSender(time.Now), b.provider.Tracer(), "beta", b.now)
	if err := s.Send(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	spans := b.spans()
	if len(spans) != 1 || spans[0].TraceID != contract.TraceID(again.ID) || len(spans[0].Links) != 1 || spans[0].Links[0] != first.ID ||
		spans[0].Attributes["schedule.origin"] != first.ID {
		t.Errorf("got %+v", spans)
	}
}

package porttest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Events is a fresh source under test.
type Events struct {
	core.EventSource
	// Publish sends an event. The function it returns waits for the answer.
	Publish func(t *testing.T, key string, data []byte) (answer func() contract.Result)
}

// RunEvents runs the suite of core.EventSource.
func RunEvents(t *testing.T, fresh func(t *testing.T) Events) {
	t.Helper()
	for name, run := range map[string]func(*testing.T, Events){
		"delivers events":         deliversEvents,
		"carries the answer back": answers,
		"passes on what had come": passesOn,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, fresh(t))
		})
	}
}

// listening receives events until stop, which waits for the end. It returns
// when the source is known to deliver.
func (s Events) listening(t *testing.T, sink func(core.Event)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	heard := make(chan struct{}, 1)
	go func() {
		done <- s.Receive(ctx, func(e core.Event) {
			if e.Key == "probe" {
				select {
				case heard <- struct{}{}:
				default:
				}
				return
			}
			sink(e)
		})
	}()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for probing := true; probing; {
		s.Publish(t, "probe", nil)
		select {
		case <-heard:
			probing = false
		case <-ticker.C:
		}
	}
	stop = func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			done <- nil
		case <-time.After(patience):
			t.Error("Receive does not return")
		}
	}
	t.Cleanup(stop)
	return stop
}

func next[T any](t *testing.T, from <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
	return v
}

func deliversEvents(t *testing.T, s Events) {
	got := make(chan core.Event, 10)
	s.listening(t, func(e core.Event) { got <- e })
	s.Publish(t, "a.b/c", []byte("1"))
	s.Publish(t, "d", nil)
	if e := next(t, got); e.Key != "a.b/c" || string(e.Data) != "1" {
		t.Errorf("got %+v", e)
	}
	if e := next(t, got); e.Key != "d" || len(e.Data) != 0 {
		t.Errorf("got %+v", e)
	}
}

func answers(t *testing.T, s Events) {
	s.listening(t, func(e core.Event) {
		if err := e.Reply(contract.Result{Kind: contract.KindFinal, ID: "1", Key: e.Key}); err != nil {
			t.Error(err)
		}
	})
	if r := s.Publish(t, "k", nil)(); r.ID != "1" || r.Key != "k" {
		t.Errorf("got %+v", r)
	}
}

// passesOn: events that were delivered before the stop are not lost, although
// the sink was busy.
func passesOn(t *testing.T, s Events) {
	var keys []string
	entered, leave := make(chan struct{}), make(chan struct{})
	stop := s.listening(t, func(e core.Event) {
		keys = append(keys, e.Key)
		if e.Key == "first" {
			close(entered)
			<-leave
		}
	})
	s.Publish(t, "first", nil)
	next(t, entered)
	s.Publish(t, "second", nil)
	s.Publish(t, "third", nil)
	go close(leave)
	stop()
	if !slices.Equal(keys, []string{"first", "second", "third"}) {
		t.Errorf("got %v", keys)
	}
}

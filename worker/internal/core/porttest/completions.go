package porttest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/weplanx/workflow/worker/internal/core"
)

// Completions is a fresh source under test.
type Completions struct {
	core.CompletionSource
	// Publish sends a report. The function it returns waits for the answer and
	// returns the error that it tells of, empty for none.
	Publish func(t *testing.T, token string, data []byte) (answer func() string)
}

// RunCompletions runs the suite of core.CompletionSource.
func RunCompletions(t *testing.T, fresh func(t *testing.T) Completions) {
	t.Helper()
	for name, run := range map[string]func(*testing.T, Completions){
		"delivers reports":        deliversReports,
		"carries the answer back": answersReports,
		"passes on what had come": passesOnReports,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, fresh(t))
		})
	}
}

// listening receives reports until stop, which waits for the end. It returns
// when the source is known to deliver.
func (s Completions) listening(t *testing.T, sink func(core.Completion)) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	heard := make(chan struct{}, 1)
	go func() {
		done <- s.Receive(ctx, func(c core.Completion) {
			if c.Token == "probe" {
				select {
				case heard <- struct{}{}:
				default:
				}
				return
			}
			sink(c)
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

func deliversReports(t *testing.T, s Completions) {
	got := make(chan core.Completion, 10)
	s.listening(t, func(c core.Completion) { got <- c })
	s.Publish(t, "a-_Z9", []byte(`{"outcome":"failed"}`))
	s.Publish(t, "b", nil)
	if c := next(t, got); c.Token != "a-_Z9" || string(c.Data) != `{"outcome":"failed"}` {
		t.Errorf("got %+v", c)
	}
	if c := next(t, got); c.Token != "b" || len(c.Data) != 0 {
		t.Errorf("got %+v", c)
	}
}

func answersReports(t *testing.T, s Completions) {
	s.listening(t, func(c core.Completion) {
		var err error
		if c.Token == "closed" {
			err = core.ErrNotOpen
		}
		if err := c.Reply(err); err != nil {
			t.Error(err)
		}
	})
	if got := s.Publish(t, "open", nil)(); got != "" {
		t.Errorf("the target was told %q of a report that was taken", got)
	}
	if got := s.Publish(t, "closed", nil)(); got != core.ErrNotOpen.Error() {
		t.Errorf("the target was told %q of a report that was not taken", got)
	}
}

// passesOnReports: those that were delivered before the stop are not lost,
// although the sink was busy.
func passesOnReports(t *testing.T, s Completions) {
	var tokens []string
	entered, leave := make(chan struct{}), make(chan struct{})
	stop := s.listening(t, func(c core.Completion) {
		tokens = append(tokens, c.Token)
		if c.Token == "first" {
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
	if !slices.Equal(tokens, []string{"first", "second", "third"}) {
		t.Errorf("got %v", tokens)
	}
}

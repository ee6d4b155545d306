package rehearse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"
)

const (
	namespace = "beta" // that of the fragment
	key       = "test" // likewise

	// runTimeout bounds how long it may take until a callback comes: a schedule
	// takes effect 2.5 s after it was stored.
	runTimeout = time.Minute
)

// runPrograms runs what is staged until it is seen to work: with a scheduler the
// documents' program stores a schedule, with a worker its callback is awaited,
// and with a worker alone an event's.
func (r *rehearsal) runPrograms(ctx context.Context) error {
	scheduler, worker := r.version("schedule") != "", r.version("worker") != ""
	if !scheduler && !worker {
		_, _ = fmt.Fprintln(r.out, "    nothing to run: no program is released")
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, runTimeout, fmt.Errorf("nothing came within %v", runTimeout))
	defer cancel()
	site, err := open(ctx, filepath.Join(r.home, "nats"))
	if err != nil {
		return err
	}
	defer site.close()
	group := &group{folder: r.home, nats: site.url}
	err = r.start(ctx, group, site.target, scheduler, worker)
	if err == nil {
		err = r.await(ctx, site, group, scheduler, worker)
	}
	return errors.Join(err, group.stop(ctx, err != nil))
}

func (r *rehearsal) start(ctx context.Context, g *group, target string, scheduler, worker bool) error {
	if scheduler {
		if err := g.start(ctx, r.installed("schedule")); err != nil {
			return err
		}
	}
	if worker {
		if err := g.start(ctx, r.installed("worker")); err != nil {
			return err
		}
	}
	if scheduler {
		return g.start(ctx, filepath.Join(r.home, "run"), g.nats, target)
	}
	return nil
}

// await waits for what shows that the programs work.
func (r *rehearsal) await(ctx context.Context, s *site, g *group, scheduler, worker bool) error {
	switch {
	case !worker:
		return r.awaitTrigger(ctx, s, g)
	case !scheduler:
		return r.awaitEvent(ctx, s, g)
	}
	call, err := receive(ctx, s, g)
	if err != nil {
		return err
	}
	return r.told(call, [][2]string{
		{"schedule-namespace", namespace}, {"schedule-key", key}, {"schedule-index", "0"}, {"schedule-attempt", "1"},
	})
}

// told checks the headers of a callback and tells of it.
func (r *rehearsal) told(call *http.Request, headers [][2]string) error {
	for _, header := range headers {
		if got := call.Header.Get(header[0]); got != header[1] {
			return fmt.Errorf("a callback has the header %s: %q, want %q", header[0], got, header[1])
		}
	}
	if call.Header.Get("webhook-id") == "" {
		return errors.New("a callback has no webhook-id")
	}
	_, _ = fmt.Fprintf(r.out, "    %s / %s of %s at %s\n", call.Method, call.UserAgent(), call.Header.Get("schedule-key"), call.Header.Get("schedule-time"))
	return nil
}

// receive waits for a callback; a program that ends before is the error.
func receive(ctx context.Context, s *site, g *group) (*http.Request, error) {
	select {
	case call := <-s.calls:
		return call, nil
	case err := <-g.ended():
		return nil, err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// awaitTrigger waits until a trigger of the schedule is stored. Nobody takes it.
func (r *rehearsal) awaitTrigger(ctx context.Context, s *site, g *group) error {
	js, err := s.conn.JetStream()
	if err != nil {
		return err
	}
	subject := namespace + ".triggers.HTTP." + key
	return poll(ctx, g, func() (bool, error) {
		message, err := js.GetLastMsg(namespace+"_triggers", subject, nats.Context(ctx))
		if err == nil {
			_, _ = fmt.Fprintf(r.out, "    trigger %s\n", message.Data)
		}
		return err == nil, nil
	})
}

// awaitEvent sends events until one of them made a callback: they are lost while
// no worker runs.
func (r *rehearsal) awaitEvent(ctx context.Context, s *site, g *group) error {
	event := fmt.Appendf(nil, `{"mode":"HTTP","option":{"url":%q}}`, s.target)
	return poll(ctx, g, func() (bool, error) {
		select {
		case call := <-s.calls:
			return true, r.told(call, [][2]string{{"schedule-namespace", namespace}, {"schedule-key", key}})
		default:
			return false, s.conn.Publish(namespace+".events."+key, event)
		}
	})
}

// poll asks five times a second until the answer is yes, or an error.
func poll(ctx context.Context, g *group, ask func() (bool, error)) error {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		if done, err := ask(); done || err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case err := <-g.ended():
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

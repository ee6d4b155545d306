package natsio_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/natsio"
	"github.com/weplanx/workflow/shared/natstest"
)

// limited is a connection that may publish to open.> and subscribe to nothing of
// secret.>.
func limited(t *testing.T, options ...nats.Option) *nats.Conn {
	t.Helper()
	s := natstest.Start(t, natstest.WithOptions(func(o *server.Options) {
		o.Users = []*server.User{{Username: "u", Password: "p", Permissions: &server.Permissions{
			Publish:   &server.SubjectPermission{Allow: []string{"open.>"}},
			Subscribe: &server.SubjectPermission{Deny: []string{"open.secret", "secret.>"}},
		}}}
	}))
	return s.Connect(t, append(options, nats.UserInfo("u", "p"))...)
}

// send publishes, and says whether the server has refused it.
func send(t *testing.T, nc *nats.Conn, r *natsio.Refusals, subject string) bool {
	t.Helper()
	limit, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ctx, publication := r.Begin(limit, subject)
	defer publication.End()
	err := nc.Publish(subject, nil)
	if err == nil {
		err = nc.FlushWithContext(ctx)
	}
	refused := publication.Refused()
	if err != nil && !refused {
		t.Errorf("%s: %v", subject, err)
	}
	if ended := ctx.Err() != nil; ended && !refused {
		t.Errorf("%s: the context has ended, but it was not refused", subject)
	}
	return refused
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	nc := limited(t)
	r := natsio.NewRefusals(nc)
	for subject, want := range map[string]bool{"open.a": false, "a": true, `secret."b"`: true, "opened": true} {
		for range 2 {
			if got := send(t, nc, r, subject); got != want {
				t.Errorf("%s: refused is %t, want %t", subject, got, want)
			}
		}
	}
}

// Each is told of its own subject, however many are refused at once.
func TestRefusalsAtOnce(t *testing.T) {
	t.Parallel()
	nc := limited(t)
	r := natsio.NewRefusals(nc)
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for n := range 100 {
				want, subject := (i+n)%3 > 0, fmt.Sprintf("open.%d.%d", i, n)
				if want {
					subject = "secret." + subject
				}
				if got := send(t, nc, r, subject); got != want {
					t.Errorf("%s: refused is %t, want %t", subject, got, want)
				}
			}
		})
	}
	group.Wait()
}

// A subscription that is refused says nothing of who publishes to its subject.
func TestRefusedSubscriptionIsNoRefusal(t *testing.T) {
	t.Parallel()
	nc := limited(t)
	r := natsio.NewRefusals(nc)
	_, publication := r.Begin(t.Context(), "open.secret")
	defer publication.End()
	if _, err := nc.SubscribeSync("open.secret"); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := nc.LastError(); !errors.Is(err, nats.ErrPermissionViolation) {
		t.Fatalf("the subscription was not refused: %v", err)
	}
	if publication.Refused() {
		t.Error("taken for a publish")
	}
}

// The context ends as soon as the server has said so: nobody answers a request
// that was refused.
func TestRefusalEndsTheContext(t *testing.T) {
	t.Parallel()
	nc := limited(t)
	ctx, publication := natsio.NewRefusals(nc).Begin(t.Context(), "secret.a")
	defer publication.End()
	if err := nc.PublishRequest("secret.a", nc.NewInbox(), nil); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Minute):
		t.Fatal("nothing was said")
	}
	if !publication.Refused() {
		t.Error("it was not refused")
	}
}

func TestHandlersAreKept(t *testing.T) {
	t.Parallel()
	var told atomic.Int64
	nc := limited(t, nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) { told.Add(1) }))
	first, second := natsio.NewRefusals(nc), natsio.NewRefusals(nc)
	if !send(t, nc, first, "secret.a") || !send(t, nc, second, "secret.b") {
		t.Error("one of two was not told")
	}
	for limit := time.Now().Add(time.Minute); told.Load() < 2; {
		if time.Now().After(limit) {
			t.Fatalf("the connection's own handler was told of %d errors", told.Load())
		}
		time.Sleep(time.Millisecond)
	}
}

// Without the handler there is still the connection's last error.
func TestHandlerThatWasReplaced(t *testing.T) {
	t.Parallel()
	nc := limited(t)
	r := natsio.NewRefusals(nc)
	nc.SetErrorHandler(nil)
	if !send(t, nc, r, "secret.a") || send(t, nc, r, "open.a") {
		t.Error("the last error was not looked at")
	}
}

package natsevents_test

import (
	"context"
	"errors"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natsio"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/worker/internal/adapter/natsevents"
	"github.com/weplanx/workflow/worker/internal/core"
)

// patience bounds every wait.
const patience = time.Minute

// published is a publisher beside a source whose events go to sink, when that
// is not nil.
func published(t *testing.T, sink func(core.Event)) (*natsevents.Publisher, *natstest.Server) {
	t.Helper()
	server := natstest.Start(t)
	nc := server.Connect(t)
	if sink != nil {
		source := natsevents.New(server.Connect(t), names)
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- source.Receive(ctx, sink) }()
		t.Cleanup(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
	return natsevents.NewPublisher(nc, natsio.NewRefusals(nc), names), server
}

// until tries again while nobody listens yet.
func until(t *testing.T, try func() error) {
	t.Helper()
	limit := time.Now().Add(patience)
	err := try()
	for ; errors.Is(err, natsevents.ErrNobody) && time.Now().Before(limit); err = try() {
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestPublish(t *testing.T) {
	t.Parallel()
	got := make(chan core.Event, 1)
	publisher, _ := published(t, func(e core.Event) { got <- e })
	until(t, func() error { return publisher.Publish(t.Context(), "a.b/c", []byte(`{"mode":"HTTP"}`)) })
	if e := <-got; e.Key != "a.b/c" || string(e.Data) != `{"mode":"HTTP"}` {
		t.Errorf("got %+v", e)
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	publisher, _ := published(t, func(e core.Event) {
		if err := e.Reply(contract.Result{Kind: contract.KindFinal, ID: "1", Key: e.Key}); err != nil {
			t.Error(err)
		}
	})
	until(t, func() error {
		r, err := publisher.Request(t.Context(), "k", []byte("{}"))
		if err == nil && (r.ID != "1" || r.Key != "k") {
			t.Errorf("got %+v", r)
		}
		return err
	})
}

func TestRequestEndsWithItsContext(t *testing.T) {
	t.Parallel()
	publisher, _ := published(t, func(core.Event) {}) // no answer
	until(t, func() error { return publisher.Publish(t.Context(), "k", nil) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := publisher.Request(ctx, "k", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// An event that nobody listens to would be lost without a word.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	publisher, _ := published(t, nil)
	if err := publisher.Publish(t.Context(), "k", nil); !errors.Is(err, natsevents.ErrNobody) {
		t.Errorf("publish: got %v", err)
	}
	if _, err := publisher.Request(t.Context(), "k", nil); !errors.Is(err, natsevents.ErrNobody) {
		t.Errorf("request: got %v", err)
	}
}

func TestPublishWithoutServer(t *testing.T) {
	t.Parallel()
	publisher, server := published(t, nil)
	server.Stop()
	began := time.Now()
	if err := publisher.Publish(t.Context(), "k", nil); err == nil || errors.Is(err, natsevents.ErrNobody) {
		t.Errorf("publish: got %v", err)
	}
	if _, err := publisher.Request(t.Context(), "k", nil); err == nil || errors.Is(err, natsevents.ErrNobody) {
		t.Errorf("request: got %v", err)
	}
	if took := time.Since(began); took > patience {
		t.Errorf("it took %s to notice", took)
	}
}

// A credential that may not publish events would lose them without a word.
func TestPublishingIsDenied(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t, natstest.WithOptions(func(o *natsserver.Options) {
		o.Users = []*natsserver.User{{
			Username: "worker", Password: "w", Permissions: &natsserver.Permissions{
				Publish: &natsserver.SubjectPermission{Deny: []string{"beta.events.denied.>"}},
			},
		}}
	}))
	nc := server.ConnectAs(t, "worker", "w")
	if _, err := nc.Subscribe(names.Events(), func(*nats.Msg) {}); err != nil {
		t.Fatal(err)
	}
	publisher := natsevents.NewPublisher(nc, natsio.NewRefusals(nc), names)
	for range 3 {
		if err := publisher.Publish(t.Context(), "denied.a", nil); !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("publish: got %v", err)
		}
		if _, err := publisher.Request(t.Context(), "denied.a", nil); !errors.Is(err, nats.ErrPermissionViolation) {
			t.Errorf("request: got %v", err)
		}
		if err := publisher.Publish(t.Context(), "allowed", nil); err != nil {
			t.Errorf("another key: got %v", err)
		}
	}
}

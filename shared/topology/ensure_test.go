package topology_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
)

func TestEnsureCreates(t *testing.T) {
	t.Parallel()
	js := stream(t, natstest.Start(t).Connect(t))
	got := ensure(t, js, 0)
	if want := (topology.Info{Partitions: topology.DefaultPartitions, Replicas: 1, Fresh: true, Began: got.Began}); got != want || got.Began.IsZero() {
		t.Errorf("got %+v, want %+v", got, want)
	}

	bucket := config(t, js, names.BucketStream())
	if bucket.MaxMsgsPerSubject != contract.BucketHistory || bucket.MaxMsgSize != 256<<10 || bucket.Storage != jetstream.FileStorage {
		t.Errorf("bucket: got %+v", bucket)
	}
	triggers := config(t, js, names.TriggerStream())
	if !slices.Equal(triggers.Subjects, []string{"beta.triggers.>", "beta.cursors.*"}) {
		t.Errorf("triggers: got subjects %q", triggers.Subjects)
	}
	if triggers.Retention != jetstream.WorkQueuePolicy || triggers.Discard != jetstream.DiscardNew || triggers.MaxBytes != 1<<30 ||
		!triggers.AllowAtomicPublish || !triggers.AllowRollup || triggers.DenyPurge || !triggers.DenyDelete ||
		!triggers.AllowMsgTTL || !triggers.AllowDirect || triggers.MaxAge != 0 || triggers.MaxMsgs != -1 {
		t.Errorf("triggers: got %+v", triggers)
	}
	results := config(t, js, names.ResultStream())
	if results.Retention != jetstream.LimitsPolicy || results.MaxAge != 7*24*time.Hour || !results.AllowDirect ||
		results.Compression != jetstream.S2Compression || results.Duplicates != 2*time.Minute {
		t.Errorf("results: got %+v", results)
	}
}

// A namespace is fresh until its trigger stream has held a message, and not
// again when that message is gone.
func TestEnsureFresh(t *testing.T) {
	t.Parallel()
	js := stream(t, natstest.Start(t).Connect(t))
	for range 2 {
		if !ensure(t, js, 0).Fresh {
			t.Error("not fresh although nothing was ever stored")
		}
	}
	if _, err := js.Publish(t.Context(), names.Cursor(0), nil); err != nil {
		t.Fatal(err)
	}
	if ensure(t, js, 0).Fresh {
		t.Error("fresh although a message is stored")
	}
	triggers, err := js.Stream(t.Context(), names.TriggerStream())
	if err != nil {
		t.Fatal(err)
	}
	if err := triggers.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ensure(t, js, 0).Fresh {
		t.Error("fresh although a message was stored")
	}
}

func TestEnsureKeepsPartitions(t *testing.T) {
	t.Parallel()
	js := stream(t, natstest.Start(t).Connect(t))
	ensure(t, js, 0)
	changed := config(t, js, names.TriggerStream())
	changed.Metadata["partitions"] = "32"
	if _, err := js.UpdateStream(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if got := ensure(t, js, 0).Partitions; got != 32 {
		t.Errorf("got %d partitions, want 32", got)
	}
}

func TestEnsureConcurrently(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t)
	ctx := deadline(t)
	var group sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		js := stream(t, s.Connect(t))
		group.Go(func() { _, errs[i] = topology.Ensure(ctx, js, names, 0) })
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

// Applications may be there before the first service and create the bucket.
func TestEnsureTakesTheClientsBucket(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	js, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateKeyValue(&nats.KeyValueConfig{Bucket: names.Bucket(), History: contract.BucketHistory}); err != nil {
		t.Fatal(err)
	}
	ensure(t, stream(t, nc), 0)
}

// Operators may choose limits that correctness does not rest on.
func TestEnsureLeavesLimitsAlone(t *testing.T) {
	t.Parallel()
	js := stream(t, natstest.Start(t).Connect(t))
	ensure(t, js, 0)
	results := config(t, js, names.ResultStream())
	results.MaxAge, results.MaxBytes = 24*time.Hour, 1<<20
	triggers := config(t, js, names.TriggerStream())
	triggers.MaxBytes = 1 << 20
	for _, changed := range []jetstream.StreamConfig{results, triggers} {
		if _, err := js.UpdateStream(t.Context(), changed); err != nil {
			t.Fatal(err)
		}
	}
	ensure(t, js, 0)
	if got := config(t, js, names.ResultStream()).MaxAge; got != 24*time.Hour {
		t.Errorf("results: max age became %s", got)
	}
}

func TestEnsureWaitsForTheServer(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t)
	js := stream(t, s.Connect(t))
	s.Stop()
	waited := make(chan struct{}, 100)
	go func() {
		<-waited
		s.Start(t)
	}()
	_, err := topology.Ensure(deadline(t), js, names, 0, topology.OnWait(func(error) { waited <- struct{}{} }))
	if err != nil {
		t.Error(err)
	}
}

func TestEnsureEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t)
	js := stream(t, s.Connect(t))
	s.Stop()
	stopped := errors.New("stopped")
	ctx, cancel := context.WithCancelCause(deadline(t))
	_, err := topology.Ensure(ctx, js, names, 0, topology.OnWait(func(error) { cancel(stopped) }))
	if !errors.Is(err, stopped) {
		t.Errorf("got %v, want the cause of the context's end", err)
	}
}

func TestEnsureOnACluster(t *testing.T) {
	t.Parallel()
	js := stream(t, natstest.StartCluster(t, 3)[0].Connect(t))
	if got := ensure(t, js, 0).Replicas; got != 3 {
		t.Errorf("got %d replicas, want 3", got)
	}
	for _, name := range []string{names.BucketStream(), names.ResultStream()} {
		if got := config(t, js, name).Replicas; got != 3 {
			t.Errorf("%s: got %d replicas, want 3", name, got)
		}
	}
}

func TestEnsureReplicasAsSet(t *testing.T) {
	t.Parallel()
	js := stream(t, natstest.StartCluster(t, 3)[0].Connect(t))
	if got := ensure(t, js, 1).Replicas; got != 1 {
		t.Errorf("got %d replicas, want 1", got)
	}
}

// lagging does not know a stream right after it was created, as a server of a
// cluster that has yet to hear of it.
type lagging struct {
	jetstream.JetStream

	behind atomic.Bool
}

func (l *lagging) CreateStream(ctx context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
	defer l.behind.Store(true)
	return l.JetStream.CreateStream(ctx, c)
}

func (l *lagging) Stream(ctx context.Context, name string) (jetstream.Stream, error) {
	if l.behind.Swap(false) {
		return nil, jetstream.ErrStreamNotFound
	}
	return l.JetStream.Stream(ctx, name)
}

// When several services start at once on a new cluster, one must not end
// because the server it asks has yet to hear of a stream that another made.
func TestEnsureWaitsForAStreamMadeJustNow(t *testing.T) {
	t.Parallel()
	js := &lagging{JetStream: stream(t, natstest.Start(t).Connect(t))}
	if got := ensure(t, js, 0); !got.Fresh || got.Partitions != topology.DefaultPartitions {
		t.Errorf("got %+v", got)
	}
}

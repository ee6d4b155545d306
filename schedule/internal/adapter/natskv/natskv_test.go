package natskv_test

import (
	"context"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/schedule/internal/adapter/natskv"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/schedule/internal/core/porttest"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

func TestConforms(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	namespaces := make(chan contract.Names, 26)
	for c := 'a'; c <= 'z'; c++ {
		namespaces <- contract.Names(c)
	}
	porttest.JobStore(t, func(t *testing.T) porttest.Bucket { return open(t, server, <-namespaces) })
}

// The server reads a history from any replica of the stream, which may not have
// yet what the watch has reported from another.
func TestHistoryWaitsForWhatItsReplicaDoesNotHaveYet(t *testing.T) {
	t.Parallel()
	b := open(t, natstest.Start(t), "ns")
	value := []byte(`{"v":1}`)
	b.Put("a", value)
	for _, key := range []string{"a", ""} {
		var last, until uint64
		err := b.Store.History(context.Background(), key, 0, func(e core.Entry) { until = e.Number + 1 })
		if err != nil {
			t.Fatal(err)
		}
		err = b.Store.History(context.Background(), key, until, func(e core.Entry) {
			if last = e.Number; last == until-1 {
				b.Put("a", value) // it comes after the history seemed to be at its end
			}
		})
		if err != nil || last != until {
			t.Errorf("History(%q) until %d = %v and ended at %d", key, until, err, last)
		}
	}
}

func open(t *testing.T, server *natstest.Server, names contract.Names) porttest.Bucket {
	t.Helper()
	ctx := context.Background()
	nc := server.Connect(t)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topology.Ensure(ctx, js, names, 1); err != nil {
		t.Fatal(err)
	}
	s, err := natskv.Open(ctx, nc, js, names)
	if err != nil {
		t.Fatal(err)
	}
	return porttest.Bucket{
		Store: s,
		Put: func(key string, value []byte) {
			if _, err := js.Publish(ctx, names.BucketSubject(key), value); err != nil {
				t.Errorf("put %s: %v", key, err)
			}
		},
		Delete: func(key string) {
			kv, err := js.KeyValue(ctx, names.Bucket())
			if err == nil {
				err = kv.Delete(ctx, key)
			}
			if err != nil {
				t.Errorf("delete %s: %v", key, err)
			}
		},
	}
}

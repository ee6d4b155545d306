package natsresult_test

import (
	"context"
	"encoding/json"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
	"github.com/weplanx/workflow/worker/internal/adapter/natsresult"
	"github.com/weplanx/workflow/worker/internal/core/porttest"
)

// A stream may be older than batches, and the credential not allowed to change
// it.
func TestLogThatAllowsNoBatches(t *testing.T) {
	t.Parallel()
	porttest.RunLog(t, func(t *testing.T) porttest.Log {
		l, js := setup(t)
		stream, err := js.Stream(t.Context(), names.ResultStream())
		if err != nil {
			t.Fatal(err)
		}
		config := stream.CachedInfo().Config
		if !config.AllowBatchPublish {
			t.Fatal("the stream as it is made allows no batches")
		}
		config.AllowBatchPublish = false
		if _, err := js.UpdateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		return porttest.Log{ResultLog: l, Records: func(t *testing.T) []contract.Result { return records(t, js) }}
	})
}

// Whatever becomes of a batch while the stream's leader changes: a record that
// Append has confirmed is there, in the order of its occurrence, and once.
func TestLeadersThatChange(t *testing.T) {
	t.Parallel()
	servers := natstest.StartCluster(t, 3)
	nc := servers[0].Connect(t)
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncTimeout(5*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topology.Ensure(t.Context(), js, names, 3); err != nil {
		t.Fatal(err)
	}
	l := natsresult.New(js, names)
	ctx, cancel := context.WithCancel(t.Context())
	var disturbing sync.WaitGroup
	var stepdowns atomic.Int64
	t.Cleanup(func() { cancel(); disturbing.Wait() })
	disturbing.Go(func() {
		for ctx.Err() == nil {
			msg, err := nc.Request("$JS.API.STREAM.LEADER.STEPDOWN."+names.ResultStream(), nil, 2*time.Second)
			var answer struct{ Success bool }
			if err == nil && json.Unmarshal(msg.Data, &answer) == nil && answer.Success {
				stepdowns.Add(1)
			}
			<-time.After(200 * time.Millisecond)
		}
	})
	confirmed := 0
	began := time.Now()
	for ; time.Since(began) < 4*time.Second || stepdowns.Load() < 3; confirmed++ {
		if time.Since(began) > time.Minute {
			t.Fatalf("%d leaders stepped down", stepdowns.Load())
		}
		group := make([]contract.Result, 0, 20)
		for i := range 10 {
			r := contract.Result{Kind: contract.KindAttempt, Key: "k", ID: strconv.Itoa(confirmed) + "-" + strconv.Itoa(i), Attempt: 1}
			final := r
			final.Kind = contract.KindFinal
			group = append(group, r, final)
		}
		for l.Append(t.Context(), group...) != nil && t.Context().Err() == nil {
		}
	}
	cancel()
	disturbing.Wait()
	check(t, records(t, js), 20*confirmed)
}

// check wants each record once, and that many.
func check(t *testing.T, records []contract.Result, want int) {
	t.Helper()
	seen := map[string]int{}
	for _, r := range records {
		if seen[r.ID+"."+r.Kind]++; seen[r.ID+"."+r.Kind] > 1 {
			t.Errorf("%s of %s is there twice", r.Kind, r.ID)
		}
	}
	if len(seen) != want {
		t.Errorf("got %d records, want %d", len(seen), want)
	}
}

// Batches of several workers are told apart: none of them fails because of another.
func TestBatchesOfSeveralWorkers(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	var storing sync.WaitGroup
	var js jetstream.JetStream
	for w := range 4 {
		var err error
		if js, err = jetstream.New(server.Connect(t)); err != nil {
			t.Fatal(err)
		}
		if w == 0 {
			if _, err := topology.Ensure(t.Context(), js, names, 1); err != nil {
				t.Fatal(err)
			}
		}
		l := natsresult.New(js, names).Patient()
		storing.Go(func() {
			for i := range 50 {
				var group []contract.Result
				for j := range 20 {
					id := strconv.Itoa(w) + "-" + strconv.Itoa(i) + "-" + strconv.Itoa(j)
					group = append(group, contract.Result{Kind: contract.KindFinal, Key: "k", ID: id, Attempt: 1})
				}
				if err := l.Append(t.Context(), group...); err != nil {
					t.Error(err)
				}
			}
			if !l.Together() {
				t.Errorf("worker %d: a batch has failed", w)
			}
		})
	}
	storing.Wait()
	check(t, records(t, js), 4*50*20)
}

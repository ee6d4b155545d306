package natspub_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/schedule/internal/adapter/natspub"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
)

func triggers(n int) []contract.Trigger {
	ts := make([]contract.Trigger, n)
	for i := range ts {
		key := fmt.Sprintf("key%04d", i)
		ts[i] = contract.Trigger{
			ID: contract.OccurrenceID("ns", key, 0, start), Key: key, Mode: contract.ModeHTTP,
			Scheduled: start, Due: start, Option: []byte(`{"url":"http://example.test/"}`),
		}
	}
	return ts
}

// BenchmarkStore compares, per trigger and on one server with file storage,
// atomic batches with asynchronous publishes without any guard.
func BenchmarkStore(b *testing.B) {
	ctx := context.Background()
	js, err := jetstream.New(natstest.Start(b).Connect(b), jetstream.WithPublishAsyncMaxPending(1024))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := topology.Ensure(ctx, js, "ns", 1); err != nil {
		b.Fatal(err)
	}
	p := natspub.New(js.Conn(), "ns")
	if err := p.Setup(ctx, 1, start, func(error) {}); err != nil {
		b.Fatal(err)
	}
	for _, size := range []int{1, 100, 500} {
		b.Run(fmt.Sprintf("batch of %d", size), func(b *testing.B) { storeBatches(b, p, triggers(size)) })
	}
	b.Run("unguarded", func(b *testing.B) { storeAsync(b, js, triggers(1)[0]) })
}

func storeBatches(b *testing.B, p *natspub.Publisher, ts []contract.Trigger) {
	b.Helper()
	ctx := context.Background()
	_, fence, err := p.Load(ctx, 0)
	if err != nil {
		b.Fatal(err)
	}
	stored := 0
	for b.Loop() {
		if fence, err = p.Commit(ctx, 0, fence, core.Step{Triggers: ts, Cursor: contract.Cursor{Due: start}}); err != nil {
			b.Fatal(err)
		}
		stored += len(ts)
	}
	b.ReportMetric(float64(stored)/b.Elapsed().Seconds(), "triggers/s")
}

func storeAsync(b *testing.B, js jetstream.JetStream, t contract.Trigger) {
	b.Helper()
	data, err := contract.Encode(t)
	if err != nil {
		b.Fatal(err)
	}
	stored := 0
	for b.Loop() {
		msg := &nats.Msg{Subject: "ns.triggers.HTTP.async", Data: data}
		if _, err := js.PublishMsgAsync(msg, jetstream.WithStallWait(time.Minute)); err != nil {
			b.Fatal(err)
		}
		stored++
	}
	<-js.PublishAsyncComplete()
	b.ReportMetric(float64(stored)/b.Elapsed().Seconds(), "triggers/s")
}

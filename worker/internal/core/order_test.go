package core_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/mock/gomock"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/mem"
	"github.com/weplanx/workflow/worker/internal/adapter/system"
	"github.com/weplanx/workflow/worker/internal/core"
	"github.com/weplanx/workflow/worker/internal/core/coremock"
)

// single is a queue with one delivery.
type single struct{ delivery chan core.Delivery }

func (s single) Receive(ctx context.Context, _ int, sink func(core.Delivery)) error {
	select {
	case d := <-s.delivery:
		sink(d)
	case <-ctx.Done():
	}
	return nil
}

// runOne runs a worker on one delivery until it is settled.
func runOne(t *testing.T, log core.ResultLog, dead core.DeadLetters, handle core.Handle, settled <-chan struct{}, answer core.Answer) {
	t.Helper()
	now := time.Now().UTC()
	data, err := contract.Encode(contract.Trigger{ID: "1", Key: "k", Mode: contract.ModeHTTP, Scheduled: now, Due: now})
	if err != nil {
		t.Fatal(err)
	}
	queue := single{make(chan core.Delivery, 1)}
	queue.delivery <- core.Delivery{Data: data, Key: "k", Sequence: 1, Count: 1, Handle: handle}
	executor := &mem.Executor{Answer: func(context.Context, core.Call) core.Answer { return answer }}
	worker := core.New(core.Settings{Name: "w", Concurrency: 1}, core.Ports{
		Queue: queue, Log: log, Dead: dead, States: mem.NewStates(), Targets: &mem.Targets{}, Events: mem.NewEvents(), Reports: mem.NewCompletions(), Clock: system.Clock{}, Random: half{}, Monitor: &mem.Monitor{},
		Executors: core.Executors{contract.ModeHTTP: executor},
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-settled; cancel() }()
	worker.Run(ctx)
}

// named matches a record by its name.
func named(id string) gomock.Matcher {
	return gomock.Cond(func(r contract.Result) bool { return core.RecordID(r) == id })
}

func TestBothRecordsAreStoredBeforeTheAcknowledgement(t *testing.T) {
	t.Parallel()
	ctrl := gomock.NewController(t)
	log, handle, settled := coremock.NewMockResultLog(ctrl), coremock.NewMockHandle(ctrl), make(chan struct{})
	gomock.InOrder(
		log.EXPECT().Append(gomock.Any(), named("1.attempt.1"), named("1.final")).Return(nil),
		handle.EXPECT().Ack().Do(func() error { close(settled); return nil }),
	)
	runOne(t, log, mem.NewDead(), handle, settled, core.Answer{Verdict: core.Success})
}

func TestTheAttemptIsStoredBeforeItIsHandedBack(t *testing.T) {
	t.Parallel()
	ctrl := gomock.NewController(t)
	log, handle, settled := coremock.NewMockResultLog(ctrl), coremock.NewMockHandle(ctrl), make(chan struct{})
	gomock.InOrder(
		log.EXPECT().Append(gomock.Any(), named("1.attempt.1")).Return(nil),
		handle.EXPECT().Retry(500*time.Millisecond).Do(func(time.Duration) error { close(settled); return nil }),
	)
	runOne(t, log, mem.NewDead(), handle, settled, core.Answer{Class: contract.ErrorTimeout})
}

func TestRecordsThatFailOnceAreStoredBeforeTheAcknowledgement(t *testing.T) {
	t.Parallel()
	ctrl := gomock.NewController(t)
	log, handle, settled := coremock.NewMockResultLog(ctrl), coremock.NewMockHandle(ctrl), make(chan struct{})
	gomock.InOrder(
		log.EXPECT().Append(gomock.Any(), named("1.attempt.1"), named("1.final")).Return(errors.New("away")),
		log.EXPECT().Append(gomock.Any(), named("1.attempt.1"), named("1.final")).Return(nil),
		handle.EXPECT().Ack().Do(func() error { close(settled); return nil }),
	)
	runOne(t, log, mem.NewDead(), handle, settled, core.Answer{Verdict: core.Success})
}

// A letter that is kept after the final record would be lost with a worker that
// dies in between, and one before the attempt's record might tell of a success.
func TestTheDeadLetterIsKeptBetweenTheTwoRecords(t *testing.T) {
	t.Parallel()
	ctrl := gomock.NewController(t)
	log, dead, handle := coremock.NewMockResultLog(ctrl), coremock.NewMockDeadLetters(ctrl), coremock.NewMockHandle(ctrl)
	settled := make(chan struct{})
	gomock.InOrder(
		log.EXPECT().Append(gomock.Any(), named("1.attempt.1")).Return(nil),
		dead.EXPECT().Put(gomock.Any(), gomock.Any()).Return(errors.New("away")),
		dead.EXPECT().Put(gomock.Any(), gomock.Any()).Return(nil),
		log.EXPECT().Append(gomock.Any(), named("1.final")).Return(nil),
		handle.EXPECT().Ack().Do(func() error { close(settled); return nil }),
	)
	runOne(t, log, dead, handle, settled, core.Answer{Verdict: core.Permanent})
}

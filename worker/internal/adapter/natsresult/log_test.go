package natsresult_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
	"github.com/weplanx/workflow/worker/internal/adapter/natsresult"
	"github.com/weplanx/workflow/worker/internal/core/porttest"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

const names = contract.Names("beta")

func setup(t *testing.T) (*natsresult.Log, jetstream.JetStream) {
	t.Helper()
	js, err := jetstream.New(natstest.Start(t).Connect(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topology.Ensure(t.Context(), js, names, 1); err != nil {
		t.Fatal(err)
	}
	return natsresult.New(js, names), js
}

func TestLog(t *testing.T) {
	t.Parallel()
	porttest.RunLog(t, func(t *testing.T) porttest.Log {
		l, js := setup(t)
		return porttest.Log{ResultLog: l, Records: func(t *testing.T) []contract.Result { return records(t, js) }}
	})
}

// A stream that somebody else made may not be read directly.
func TestLogThatCannotBeReadDirectly(t *testing.T) {
	t.Parallel()
	porttest.RunLog(t, func(t *testing.T) porttest.Log {
		l, js := setup(t)
		stream, err := js.Stream(t.Context(), names.ResultStream())
		if err != nil {
			t.Fatal(err)
		}
		config := stream.CachedInfo().Config
		config.AllowDirect = false
		if _, err := js.UpdateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
		return porttest.Log{ResultLog: l, Records: func(t *testing.T) []contract.Result { return records(t, js) }}
	})
}

// A look-up at one server of a cluster finds what was stored through another,
// again and again, though each server hears of the others' subjects only a
// moment later.
func TestLookUpsOnACluster(t *testing.T) {
	t.Parallel()
	var logs []*natsresult.Log
	for _, server := range natstest.StartCluster(t, 3) {
		js, err := jetstream.New(server.Connect(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := topology.Ensure(t.Context(), js, names, 3); err != nil {
			t.Fatal(err)
		}
		logs = append(logs, natsresult.New(js, names))
	}
	for i := range 60 {
		l, id := logs[i%3], strconv.Itoa(i)
		r := contract.Result{Kind: contract.KindFinal, Key: "k", ID: id}
		if err := l.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if p, err := logs[(i+1)%3].Progress(t.Context(), "k", "another", time.Now().Add(-time.Minute)); err != nil || p.Ended {
			t.Fatalf("look-up %d: got %+v, %v", i, p, err)
		}
	}
}

// What was read is read on from, by look-ups at the same time as well, and anew
// from an earlier time on.
func TestLookUpsReadOn(t *testing.T) {
	t.Parallel()
	l, _ := setup(t)
	add := func(id string, attempt int) {
		r := contract.Result{Kind: contract.KindAttempt, Key: "k", ID: id, Attempt: attempt}
		if err := l.Append(t.Context(), r); err != nil {
			t.Error(err)
		}
	}
	look := func(id string, since time.Time, want int) {
		if p, err := l.Progress(t.Context(), "k", id, since); err != nil || p.Last.Attempt != want {
			t.Errorf("%s: got %+v, %v, want attempt %d", id, p, err, want)
		}
	}
	add("old", 1)
	time.Sleep(50 * time.Millisecond)
	begun := time.Now()
	time.Sleep(50 * time.Millisecond)
	for attempt := 1; attempt <= 30; attempt++ {
		add("a", attempt)
		add("b", attempt)
		add("c", 1)
		var looking sync.WaitGroup
		for range 4 {
			looking.Go(func() { look("a", begun, attempt) })
			looking.Go(func() { look("b", begun, attempt) })
		}
		looking.Wait()
	}
	look("old", begun, 0)
	look("old", begun.Add(-time.Minute), 1)
	look("a", begun, 30)
}

// The records of a stream that was made anew are not taken for those of the
// former one.
func TestLookUpsAfterTheStreamWasMadeAnew(t *testing.T) {
	t.Parallel()
	l, js := setup(t)
	add := func(id string) {
		r := contract.Result{Kind: contract.KindFinal, Key: "k", ID: id}
		if err := l.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	look := func(id string) bool {
		p, err := l.Progress(t.Context(), "k", id, time.Now().Add(-time.Minute))
		if err != nil {
			t.Error(err)
		}
		return p.Ended
	}
	for _, id := range []string{"1", "2", "3"} {
		add(id)
	}
	if !look("1") || look("4") {
		t.Error("the first stream: want 1, and no 4")
	}
	if err := js.DeleteStream(t.Context(), names.ResultStream()); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Progress(t.Context(), "k", "1", time.Time{}); err == nil {
		t.Error("want an error while there is no stream")
	}
	if _, err := topology.Ensure(t.Context(), js, names, 1); err != nil {
		t.Fatal(err)
	}
	add("4")
	add("5")
	if look("1") || !look("4") {
		t.Error("the stream that was made anew: want 4, and no 1")
	}
}

// message reads one that is there: any server of a cluster answers, also one that
// has yet to hear of it.
func message(t *testing.T, stream jetstream.Stream, seq uint64) *jetstream.RawStreamMsg {
	t.Helper()
	for limit := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		msg, err := stream.GetMsg(t.Context(), seq)
		if err == nil {
			return msg
		}
		if !errors.Is(err, jetstream.ErrMsgNotFound) || time.Now().After(limit) {
			t.Fatal(err)
		}
	}
}

func records(t *testing.T, js jetstream.JetStream) (all []contract.Result) {
	t.Helper()
	stream, err := js.Stream(t.Context(), names.ResultStream())
	if err != nil {
		t.Fatal(err)
	}
	for seq := uint64(1); seq <= stream.CachedInfo().State.LastSeq; seq++ {
		r, err := contract.Decode[contract.Result](message(t, stream, seq).Data)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// A scan leaves no consumer behind.
func TestScanCleansUp(t *testing.T) {
	t.Parallel()
	l, js := setup(t)
	for _, id := range []string{"1", "2"} {
		r := contract.Result{Kind: contract.KindFinal, Key: "k", ID: id}
		if err := l.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if p, err := l.Progress(t.Context(), "k", "1", time.Now().Add(-time.Minute)); err != nil || !p.Ended {
		t.Fatalf("got %+v, %v", p, err)
	}
	stream, err := js.Stream(t.Context(), names.ResultStream())
	if err != nil {
		t.Fatal(err)
	}
	if n := stream.CachedInfo().State.Consumers; n != 0 {
		t.Errorf("got %d consumers, want none", n)
	}
}

func TestStreamThatIsMissingIsAnError(t *testing.T) {
	t.Parallel()
	l, js := setup(t)
	if err := js.DeleteStream(t.Context(), names.ResultStream()); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(t.Context(), contract.Result{Kind: contract.KindFinal, Key: "k", ID: "1"}); err == nil {
		t.Error("a record was stored in no stream")
	}
	if _, err := l.Progress(t.Context(), "k", "1", time.Time{}); !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Errorf("got %v", err)
	}
}

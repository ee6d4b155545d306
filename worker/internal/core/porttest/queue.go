// Package porttest holds one conformance suite a port. Every adapter and every
// fake of a port passes it.
package porttest

import (
	"context"
	"testing"
	"time"

	"github.com/weplanx/workflow/worker/internal/core"
)

// patience bounds every wait.
const patience = time.Minute

// Queue is a fresh queue under test.
type Queue struct {
	core.Queue
	// Put stores a trigger, valid or not.
	Put func(t *testing.T, key string, data []byte)
}

// How long queues wait for a delivery to be settled.
const (
	short  = time.Second     // before it is delivered again
	longer = 5 * time.Second // than any pause between two extensions
	never  = time.Hour       // what comes within patience was handed back
)

// RunQueue runs the suite of core.Queue. fresh makes one for a case, which waits for
// so long for a delivery to be settled.
func RunQueue(t *testing.T, fresh func(t *testing.T, ackWait time.Duration) Queue) {
	t.Helper()
	for name, test := range map[string]struct {
		run     func(*testing.T, Queue)
		ackWait time.Duration
	}{
		"delivers what was stored":              {delivers, never},
		"delivers no more than asked for":       {limits, never},
		"forgets what is acknowledged":          {forgets, short},
		"delivers again after a delay":          {delays, never},
		"delivers at once what is handed back":  {handsBack, never},
		"delivers again what is not settled":    {redelivers, short},
		"waits for what is extended":            {extends, longer},
		"stops with its context":                {stops, never},
		"delivers what is garbage like any":     {garbage, never},
		"delivers the rest after it was halted": {resumes, never},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.run(t, fresh(t, test.ackWait))
		})
	}
}

// receive asks until n deliveries have come, again after an error as the core does.
func (q Queue) receive(t *testing.T, n int) []core.Delivery {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var got []core.Delivery
	var last error
	for len(got) < n && ctx.Err() == nil {
		if err := q.Receive(ctx, n-len(got), func(d core.Delivery) { got = append(got, d) }); err != nil {
			last = err
			time.Sleep(10 * time.Millisecond)
		}
	}
	if len(got) < n {
		t.Fatalf("got %d deliveries, want %d; last error: %v", len(got), n, last)
	}
	return got
}

// quiet fails when something is delivered within d.
func (q Queue) quiet(t *testing.T, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	for ctx.Err() == nil {
		err := q.Receive(ctx, 1, func(d core.Delivery) { t.Errorf("got a delivery of %q, count %d", d.Key, d.Count) })
		if err != nil {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func delivers(t *testing.T, q Queue) {
	q.Put(t, "a.b/c", []byte("one"))
	q.Put(t, "d", []byte("two"))
	got := q.receive(t, 2)
	if d := got[0]; d.Key != "a.b/c" || string(d.Data) != "one" || d.Count != 1 || d.Sequence == 0 {
		t.Errorf("got %+v", d)
	}
	if got[1].Key != "d" || got[0].Sequence == got[1].Sequence {
		t.Errorf("got %+v", got[1])
	}
}

func limits(t *testing.T, q Queue) {
	for range 5 {
		q.Put(t, "k", []byte("x"))
	}
	if got := q.receive(t, 2); len(got) != 2 {
		t.Errorf("got %d deliveries, want 2", len(got))
	}
	if rest := q.receive(t, 3); len(rest) != 3 {
		t.Errorf("got %d more deliveries, want 3", len(rest))
	}
}

func forgets(t *testing.T, q Queue) {
	q.Put(t, "k", []byte("x"))
	if err := q.receive(t, 1)[0].Handle.Ack(); err != nil {
		t.Fatal(err)
	}
	q.quiet(t, 2*short)
}

func delays(t *testing.T, q Queue) {
	const delay = 300 * time.Millisecond
	q.Put(t, "k", []byte("x"))
	began := time.Now()
	if err := q.receive(t, 1)[0].Handle.Retry(delay); err != nil {
		t.Fatal(err)
	}
	again := q.receive(t, 1)[0]
	if took := time.Since(began); took < delay {
		t.Errorf("delivered again after %s, want at least %s", took, delay)
	}
	if again.Count != 2 || string(again.Data) != "x" {
		t.Errorf("got %+v, want the second delivery", again)
	}
}

func handsBack(t *testing.T, q Queue) {
	q.Put(t, "k", []byte("x"))
	if err := q.receive(t, 1)[0].Handle.Retry(0); err != nil {
		t.Fatal(err)
	}
	q.receive(t, 1)
}

func redelivers(t *testing.T, q Queue) {
	began := time.Now()
	q.Put(t, "k", []byte("x"))
	first := q.receive(t, 1)[0]
	second := q.receive(t, 1)[0]
	if took := time.Since(began); took < short {
		t.Errorf("delivered again after %s, want %s at least", took, short)
	}
	if second.Count < 2 || second.Sequence != first.Sequence {
		t.Errorf("got %+v, want another delivery of the first", second)
	}
}

func extends(t *testing.T, q Queue) {
	q.Put(t, "k", []byte("x"))
	d := q.receive(t, 1)[0]
	for began := time.Now(); time.Since(began) < 2*longer; {
		if err := d.Handle.Extend(); err != nil {
			t.Fatal(err)
		}
		q.quiet(t, longer/20)
	}
	if err := d.Handle.Ack(); err != nil {
		t.Fatal(err)
	}
}

func stops(t *testing.T, q Queue) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	began := make(chan struct{})
	go func() {
		close(began)
		done <- q.Receive(ctx, 10, func(core.Delivery) {})
	}()
	<-began
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("Receive does not return")
	}
}

func garbage(t *testing.T, q Queue) {
	q.Put(t, "k", []byte{0xff, 0x00, '{'})
	q.Put(t, "k", nil)
	for _, d := range q.receive(t, 2) {
		if d.Key != "k" || d.Count != 1 {
			t.Errorf("got %+v", d)
		}
	}
}

// resumes: nothing is on its way to a caller that has stopped.
func resumes(t *testing.T, q Queue) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			_ = q.Receive(ctx, 10, func(core.Delivery) { cancel() }) // after an error it is asked again
		}
	}()
	q.Put(t, "k", []byte("1"))
	<-done
	q.Put(t, "k", []byte("2"))
	if d := q.receive(t, 1)[0]; string(d.Data) != "2" || d.Count != 1 {
		t.Errorf("got %+v, want the first delivery of 2", d)
	}
}

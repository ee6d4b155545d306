package inprocess_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/e2e/internal/ledger"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	worker "github.com/weplanx/workflow/worker/bootstrap"
)

// stopTrial is a namespace without a scheduler, and targets that note each call.
type stopTrial struct {
	t      *testing.T
	server *natstest.Server
	names  contract.Names
	js     jetstream.JetStream
	urls   map[string]string // by kind

	stopping chan struct{} // closed: slow targets will answer soon
	freed    chan struct{} // closed: targets are not stuck any more

	mu     sync.Mutex
	kinds  map[string]string // of the triggers, by ID
	calls  map[string]int    // by ID
	during map[string]int    // calls under way, by kind
}

func newStopTrial(t *testing.T) *stopTrial {
	t.Helper()
	s := &stopTrial{
		t: t, server: natstest.Start(t), names: "stop", urls: map[string]string{}, stopping: make(chan struct{}), freed: make(chan struct{}),
		kinds: map[string]string{}, calls: map[string]int{}, during: map[string]int{},
	}
	var err error
	if s.js, err = jetstream.New(s.server.Connect(t)); err != nil {
		t.Fatal(err)
	}
	for kind, wait := range map[string]func(context.Context){
		"fast": func(context.Context) {}, "held": func(context.Context) {},
		"slow": func(ctx context.Context) {
			select {
			case <-s.stopping:
				time.Sleep(slowCall)
			case <-ctx.Done():
			}
		},
		"stuck": func(ctx context.Context) {
			select {
			case <-s.freed:
			case <-ctx.Done():
			}
		},
	} {
		target := httptest.NewServer(s.target(kind, wait))
		t.Cleanup(target.Close)
		s.urls[kind] = target.URL
	}
	return s
}

func (s *stopTrial) target(kind string, wait func(context.Context)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		s.note(kind, r.Header.Get(contract.HeaderID), 1)
		defer s.note(kind, "", -1)
		wait(r.Context())
		w.WriteHeader(http.StatusNoContent)
	})
}

func (s *stopTrial) note(kind, id string, change int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.during[kind] += change
	if id != "" {
		s.calls[id]++
	}
}

func (s *stopTrial) under(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.during[kind]
}

// total is how many calls came.
func (s *stopTrial) total() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, calls := range s.calls {
		n += calls
	}
	return n
}

func (s *stopTrial) worker() (stop func()) {
	s.t.Helper()
	c := worker.Defaults()
	c.Config, c.EgressAllow, c.Grace = settings(s.server, string(s.names)), []string{"127.0.0.1"}, stopGrace
	app, err := worker.New(s.t.Context(), c)
	if err != nil {
		s.t.Fatal(err)
	}
	return run(s.t, "worker", app.Run)
}

// waitForever has the server give no trigger to another worker that was not handed
// back.
func (s *stopTrial) waitForever() {
	s.t.Helper()
	consumer, err := s.js.Consumer(s.t.Context(), s.names.TriggerStream(), "workers")
	if err != nil {
		s.t.Fatal(err)
	}
	config := consumer.CachedInfo().Config
	config.AckWait = time.Hour
	if _, err := s.js.UpdateConsumer(s.t.Context(), s.names.TriggerStream(), config); err != nil {
		s.t.Fatal(err)
	}
}

// publish stores triggers as a scheduler does.
func (s *stopTrial) publish(kind string, count int, due time.Time) {
	s.t.Helper()
	job := common.HttpJob("@every 1h", common.HttpOption{Url: s.urls[kind]})
	for i := range count {
		key := fmt.Sprintf("%s%03d", kind, i)
		trigger := contract.Trigger{
			ID: contract.OccurrenceID(string(s.names), key, 0, due), Key: key, Mode: job.Mode,
			Scheduled: due.UTC(), Due: due.UTC(), Revision: 1, Option: job.Option,
			Timeout: contract.Duration(2 * patience),
		}
		data, err := contract.Encode(trigger)
		if err != nil {
			s.t.Fatal(err)
		}
		s.mu.Lock()
		s.kinds[trigger.ID] = kind
		s.mu.Unlock()
		if _, err := s.js.Publish(s.t.Context(), s.names.Trigger(job.Mode, key), data); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *stopTrial) await(what string, done func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

// left is how many triggers have not been acknowledged.
func (s *stopTrial) left() uint64 {
	s.t.Helper()
	stream, err := s.js.Stream(s.t.Context(), s.names.TriggerStream())
	if err != nil {
		s.t.Fatal(err)
	}
	return stream.CachedInfo().State.Msgs
}

// check compares what targets saw with what the log holds.
func (s *stopTrial) check() {
	s.t.Helper()
	finals, stopped := map[string]int{}, map[string]int{}
	reader := ledger.Reader{Stream: s.names.ResultStream(), Read: func(m jetstream.Msg) error {
		r, err := contract.Decode[contract.Result](m.Data())
		switch {
		case err != nil:
			return err
		case r.Kind == contract.KindFinal && (r.Outcome != contract.OutcomeSuccess || r.Attempt != 1):
			s.t.Errorf("%s ended with %s after %d attempts: %s", r.Key, r.Outcome, r.Attempt, r.Error)
		case r.Kind == contract.KindFinal:
			finals[r.ID]++
		case r.ErrorClass == contract.ErrorStopped:
			stopped[r.ID]++
		}
		return nil
	}}
	if err := reader.Poll(s.t.Context(), s.js); err != nil {
		s.t.Fatal(err)
	}
	for id, kind := range s.kinds {
		cut := 0
		if kind == "stuck" {
			cut = 1
		}
		if finals[id] != 1 || stopped[id] != cut || s.calls[id] != 1+cut {
			s.t.Errorf("%s %s: %d final records, cut off %d times, called %d times; want 1, %d and %d",
				kind, id, finals[id], stopped[id], s.calls[id], cut, 1+cut)
		}
	}
}

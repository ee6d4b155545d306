package bootstrap_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/schedule/bootstrap"
	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/spec/spectest"
	"github.com/weplanx/workflow/shared/topology"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

// patience bounds every wait of these tests.
const patience = 90 * time.Second

// site is a NATS server with a namespace on it.
type site struct {
	t      *testing.T
	server *natstest.Server
	names  contract.Names
	js     jetstream.JetStream
	taken  map[uint64]bool // triggers, by their sequence in the stream
}

func setup(t *testing.T, server *natstest.Server, names contract.Names) *site {
	t.Helper()
	js, err := jetstream.New(server.Connect(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topology.Ensure(context.Background(), js, names, 1); err != nil {
		t.Fatal(err)
	}
	return &site{t: t, server: server, names: names, js: js, taken: map[uint64]bool{}}
}

func (s *site) config() bootstrap.Config {
	cfg := bootstrap.Config{Config: config.Defaults("127.0.0.1:0")}
	cfg.Namespace, cfg.NATS.Hosts, cfg.Log = string(s.names), []string{s.server.URL()}, logging.Discard()
	return cfg
}

// start runs a scheduler; stop stops it and waits. It is also stopped by the
// test's cleanup.
func (s *site) start() (stop func()) {
	s.t.Helper()
	app, err := bootstrap.New(context.Background(), s.config())
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := app.Run(ctx); err != nil {
			s.t.Errorf("Run: %v", err)
		}
	}()
	stop = func() { cancel(); <-done }
	s.t.Cleanup(stop)
	return stop
}

// put stores a value and returns the server's timestamp of its revision.
func (s *site) put(key string, value []byte) time.Time {
	s.t.Helper()
	ack, err := s.js.Publish(context.Background(), s.names.BucketSubject(key), value)
	if err != nil {
		s.t.Fatalf("put %s: %v", key, err)
	}
	stream, err := s.js.Stream(context.Background(), s.names.BucketStream())
	if err != nil {
		s.t.Fatal(err)
	}
	msg, err := stream.GetMsg(context.Background(), ack.Sequence)
	if err != nil {
		s.t.Fatal(err)
	}
	return msg.Time
}

func (s *site) set(key, spec string) time.Time {
	s.t.Helper()
	value, err := contract.Encode(contract.Schedule{Jobs: []contract.Job{
		contract.HttpJob(spec, contract.HttpOption{Url: "http://example.test/"}),
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	return s.put(key, value)
}

// consumer looks up or makes the one of the test. A request is lost with the server
// that has it, or had: it is made again.
func (s *site) consumer(ctx context.Context) jetstream.Consumer {
	s.t.Helper()
	for {
		call, cancel := context.WithTimeout(ctx, 2*time.Second)
		consumer, err := s.js.CreateOrUpdateConsumer(call, s.names.TriggerStream(), jetstream.ConsumerConfig{
			Durable: "test", FilterSubject: s.names.Triggers(), AckPolicy: jetstream.AckExplicitPolicy,
		})
		cancel()
		if err == nil {
			return consumer
		}
		if ctx.Err() != nil {
			s.t.Fatalf("make a consumer: %v", err)
		}
	}
}

// triggers takes triggers off the work queue, as a worker does, until done. One that
// comes again, because its acknowledgement was lost with the server, is not told of.
func (s *site) triggers(done func(contract.Trigger) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	consumer := s.consumer(ctx)
	for finished := false; !finished; {
		if ctx.Err() != nil {
			s.t.Fatalf("not done within %s", patience)
		}
		batch, err := consumer.Fetch(100, jetstream.FetchMaxWait(200*time.Millisecond))
		if err != nil {
			continue // the server is away
		}
		for msg := range batch.Messages() {
			meta, err := msg.Metadata()
			if err != nil {
				s.t.Fatal(err)
			}
			_ = msg.Ack()
			if s.taken[meta.Sequence.Stream] {
				continue
			}
			s.taken[meta.Sequence.Stream] = true
			trigger, err := contract.Decode[contract.Trigger](msg.Data())
			if err != nil {
				s.t.Fatal(err)
			}
			finished = done(trigger) || finished
		}
	}
}

// ledger holds what is stored of "@every" schedules.
type ledger struct {
	stored map[string]time.Time // of each key
	seen   map[string]uint64    // triggers by ID
}

// complete reports whether each key has its first n occurrences.
func (l *ledger) complete(names contract.Names, interval time.Duration, n int) bool {
	for key, at := range l.stored {
		for i := 1; i <= n; i++ {
			if l.seen[contract.OccurrenceID(string(names), key, 0, at.Add(time.Duration(i)*interval))] == 0 {
				return false
			}
		}
	}
	return true
}

// exactlyOnce takes triggers until each key has its first n occurrences, and fails
// when an occurrence was stored twice.
func (s *site) exactlyOnce(l *ledger, interval time.Duration, n int) {
	s.t.Helper()
	s.triggers(func(trigger contract.Trigger) bool {
		l.seen[trigger.ID]++
		if l.seen[trigger.ID] > 1 {
			s.t.Errorf("%s of %s came twice", trigger.Scheduled, trigger.Key)
		}
		return l.complete(s.names, interval, n)
	})
}

func TestTwoSchedulersPublishEachOccurrenceOnce(t *testing.T) {
	t.Parallel()
	s := setup(t, natstest.Start(t), "ns")
	s.start()
	s.start()
	l := &ledger{stored: map[string]time.Time{}, seen: map[string]uint64{}}
	for i := range 20 {
		key := fmt.Sprintf("key%02d", i)
		l.stored[key] = s.set(key, "@every 500ms")
	}
	s.exactlyOnce(l, 500*time.Millisecond, 12)
}

func TestSchedulerIsReplacedWhenItStops(t *testing.T) {
	t.Parallel()
	s := setup(t, natstest.Start(t), "ns")
	stop := s.start()
	l := &ledger{stored: map[string]time.Time{}, seen: map[string]uint64{}}
	for i := range 20 {
		key := fmt.Sprintf("key%02d", i)
		l.stored[key] = s.set(key, "@every 500ms")
	}
	s.exactlyOnce(l, 500*time.Millisecond, 6)
	stop()
	s.start()
	s.exactlyOnce(l, 500*time.Millisecond, 16)
}

func TestNATSRestartLosesNothing(t *testing.T) {
	t.Parallel()
	s := setup(t, natstest.Start(t), "ns")
	s.start()
	s.start()
	l := &ledger{stored: map[string]time.Time{}, seen: map[string]uint64{}}
	for i := range 10 {
		key := fmt.Sprintf("key%02d", i)
		l.stored[key] = s.set(key, "@every 500ms")
	}
	s.exactlyOnce(l, 500*time.Millisecond, 8)
	s.server.Restart(t)
	s.exactlyOnce(l, 500*time.Millisecond, 20)
}

func TestBadEntriesLeaveTheOthersFiring(t *testing.T) {
	t.Parallel()
	s := setup(t, natstest.Start(t), "ns")
	for i, m := range spectest.Malformed {
		value := fmt.Appendf(nil, `{"v":1,"jobs":[{"mode":"HTTP","spec":%q,"timezone":%q,"option":{"url":"http://h/"}}]}`, m.Spec, m.Timezone)
		s.put(fmt.Sprintf("bad%03d", i), value)
	}
	s.start()
	for i, garbage := range []string{"", "null", "[]", "{", "\xff\xfe\x00", `{"v":"1"}`, `{"v":99,"jobs":[]}`, `{"v":1,"jobs":[{}]}`, strings.Repeat("x", 100_000)} {
		s.put(fmt.Sprintf("garbage%d", i), []byte(garbage))
	}
	l := &ledger{stored: map[string]time.Time{"good": s.set("good", "@every 1s")}, seen: map[string]uint64{}}
	s.exactlyOnce(l, time.Second, 3)
	s.recorded(len(spectest.Malformed) + 9)
}

// recorded waits until want bad entries are in the log stream.
func (s *site) recorded(want int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	consumer, err := s.js.OrderedConsumer(ctx, s.names.ResultStream(), jetstream.OrderedConsumerConfig{})
	if err != nil {
		s.t.Fatal(err)
	}
	keys := map[string]bool{}
	for len(keys) < want {
		msg, err := consumer.Next(jetstream.FetchMaxWait(patience))
		if err != nil {
			s.t.Fatalf("%d bad entries are recorded, want %d: %v", len(keys), want, err)
		}
		r, err := contract.Decode[contract.Result](msg.Data())
		if err != nil || r.Kind != contract.KindBadEntry || r.Reason == "" || keys[r.Key] {
			s.t.Errorf("record %+v, %v, want one bad entry of each key with its reason", r, err)
		}
		keys[r.Key] = true
	}
}

func TestSchedulerWaitsForNATS(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	s := setup(t, server, "ns")
	server.Stop()
	cfg := s.config()
	started := make(chan error, 1)
	go func() {
		app, err := bootstrap.New(context.Background(), cfg)
		if err == nil {
			app.Close()
		}
		started <- err
	}()
	select {
	case err := <-started:
		t.Fatalf("New returned %v without a server", err)
	case <-time.After(500 * time.Millisecond):
	}
	server.Start(t)
	select {
	case err := <-started:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("New did not return although the server is there")
	}
}

func TestSchedulerStopsWhileItWaits(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	s := setup(t, server, "ns")
	server.Stop()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- bootstrap.Serve(ctx, s.config()) }()
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("Serve = %v, want nil when it is stopped", err)
		}
	case <-time.After(patience):
		t.Error("Serve did not return")
	}
}

func TestNamespacesDoNotMeet(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	a, b := setup(t, server, "a"), setup(t, server, "b")
	a.start()
	b.start()
	la := &ledger{stored: map[string]time.Time{"key": a.set("key", "@every 500ms")}, seen: map[string]uint64{}}
	lb := &ledger{stored: map[string]time.Time{"key": b.set("key", "@every 700ms")}, seen: map[string]uint64{}}
	a.exactlyOnce(la, 500*time.Millisecond, 8)
	b.exactlyOnce(lb, 700*time.Millisecond, 6)
	for id := range la.seen {
		if lb.seen[id] != 0 {
			t.Errorf("occurrence %s is in both namespaces", id)
		}
	}
}

func TestLoadConfigReadsTheDocumentsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.yml")
	file := "namespace: beta\ndebug: false\nnats:\n  hosts:\n    - \"nats://a.nats:4222\"\n    - \"nats://b.nats:4222\"\n  nkey: \"SUAHYE4B7PF2VDXQ67T5IC5LEPZ7N44JQDWEA5TRCRNU3FC4BSVIZOHMYU\"\n"
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CONFIG", path)
	t.Setenv("NAMESPACE", "gamma")
	cfg, err := bootstrap.LoadConfig()
	if err != nil && !strings.Contains(err.Error(), "nkey") {
		t.Fatal(err)
	}
	if cfg.Namespace != "gamma" || cfg.Mode != config.ModeRelease || len(cfg.NATS.Hosts) != 2 || cfg.HTTPAddr != bootstrap.DefaultHTTPAddr {
		t.Errorf("cfg = %+v", cfg)
	}
}

// repartition tries until the number of partitions is changed, and returns what it was
// at first: an attempt that ran out of time may have succeeded all the same.
func (s *site) repartition(count int) (before int) {
	s.t.Helper()
	for limit := time.Now().Add(patience); ; {
		now, err := bootstrap.Repartition(context.Background(), s.config(), count)
		if before == 0 {
			before = now
		}
		if err == nil {
			return before
		}
		again := errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "try again")
		if !again || time.Now().After(limit) {
			s.t.Fatal(err)
		}
	}
}

func TestPartitionsAreChangedUnderRunningSchedulers(t *testing.T) {
	t.Parallel()
	s := setup(t, natstest.Start(t), "ns")
	s.start()
	s.start()
	l := &ledger{stored: map[string]time.Time{}, seen: map[string]uint64{}}
	for i := range 20 {
		key := fmt.Sprintf("key%02d", i)
		l.stored[key] = s.set(key, "@every 500ms")
	}
	s.exactlyOnce(l, 500*time.Millisecond, 6)
	for i, count := range []int{16, 3} {
		if before, want := s.repartition(count), []int{topology.DefaultPartitions, 16}[i]; before != want {
			t.Errorf("before there were %d partitions, want %d", before, want)
		}
		s.exactlyOnce(l, 500*time.Millisecond, 16+10*i)
	}
	for _, wrong := range []int{0, bootstrap.MaxPartitions + 1} {
		if _, err := bootstrap.Repartition(context.Background(), s.config(), wrong); err == nil || !strings.Contains(err.Error(), "-partitions") {
			t.Errorf("Repartition(%d) = %v, want an error that names the flag", wrong, err)
		}
	}
}

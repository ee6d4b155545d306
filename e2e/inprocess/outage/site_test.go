package outage_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats-server/v2/server/ats"
	"github.com/nats-io/nats.go"

	schedule "github.com/weplanx/workflow/schedule/bootstrap"
	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/leaktest"
	"github.com/weplanx/workflow/shared/logging"
	worker "github.com/weplanx/workflow/worker/bootstrap"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

const names = contract.Names("beta")

// site is a NATS server with a namespace, in a bubble.
type site struct {
	t        *testing.T
	server   *server.Server
	target   string // URL
	js       nats.JetStreamContext
	schedule *client.Schedule
}

// start is when every bubble begins: far from now, so that nothing here depends
// on the day of the test.
var start = time.Date(2100, time.March, 1, 9, 59, 57, 250e6, time.UTC)

// simulate calls play in a bubble.
func simulate(t *testing.T, play func(*site)) {
	t.Helper()
	for range 2 {
		runtime.GC() // empties the pools of the bubble before: the second time for good
	}
	// What tells the server the age of messages waits for a channel that belongs
	// to no bubble, so it must not be in one. It goes by the present, and no
	// message of the bubble ever gets old.
	ats.Register()
	defer ats.Unregister()
	target := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}))
	target.Config.SetKeepAlivesEnabled(false) // while a connection is open no time passes
	target.Start()
	defer target.Close()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(start))
		play(open(t, target.URL))
	})
}

func open(t *testing.T, target string) *site {
	t.Helper()
	running, err := server.NewServer(&server.Options{
		ServerName: "test", DontListen: true, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: t.TempDir(), JetStreamMaxStore: 8 << 30,
	})
	noError(t, err)
	running.Start()
	t.Cleanup(func() { running.Shutdown(); running.WaitForShutdown() })
	s := &site{t: t, server: running, target: target}
	nc := s.connect()
	s.js, err = nc.JetStream()
	noError(t, err)
	s.schedule, err = client.New(string(names), nc, s.js)
	noError(t, err)
	return s
}

func (s *site) connect() *nats.Conn {
	s.t.Helper()
	nc, err := nats.Connect("", nats.InProcessServer(s.server))
	noError(s.t, err)
	s.t.Cleanup(nc.Close)
	return nc
}

// scheduler runs a scheduler until stop, which waits for its end.
func (s *site) scheduler() (stop func()) {
	s.t.Helper()
	app, err := schedule.NewWithConn(s.t.Context(), schedule.Config{Config: settings()}, s.connect())
	noError(s.t, err)
	return s.run(app.Run)
}

// worker runs a worker until stop, which waits for its end.
func (s *site) worker() (stop func()) {
	s.t.Helper()
	c := worker.Defaults()
	c.Config, c.EgressAllow = settings(), []string{"127.0.0.0/8"}
	app, err := worker.NewWithConn(s.t.Context(), c, s.connect())
	noError(s.t, err)
	return s.run(app.Run)
}

func settings() config.Config {
	c := config.Defaults("")
	c.Namespace, c.Log = string(names), logging.Discard()
	return c
}

func (s *site) run(serve func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := serve(ctx); err != nil {
			s.t.Error(err)
		}
	})
	stop = func() { cancel(); wg.Wait() }
	s.t.Cleanup(stop)
	return stop
}

// job calls the target.
func (s *site) job(spec string) common.Job {
	return common.HttpJob(spec, common.HttpOption{Url: s.target})
}

func (s *site) set(key string, jobs ...common.Job) {
	s.t.Helper()
	noError(s.t, s.schedule.Set(key, jobs...))
}

// record is one of the log stream.
type record struct {
	contract.Result
	sequence uint64
}

// records returns those of a key that match, in the order of their nominal times.
func (s *site) records(key string, match func(contract.Result) bool) (found []record) {
	s.t.Helper()
	sub, err := s.js.SubscribeSync(names.Result(key), nats.OrderedConsumer())
	noError(s.t, err)
	pending, err := sub.InitialConsumerPending()
	noError(s.t, err)
	for range pending {
		msg, err := sub.NextMsg(time.Minute)
		noError(s.t, err)
		meta, err := msg.Metadata()
		noError(s.t, err)
		r, err := contract.Decode[contract.Result](msg.Data)
		noError(s.t, err)
		if match(r) {
			found = append(found, record{r, meta.Sequence.Stream})
		}
	}
	noError(s.t, sub.Unsubscribe())
	slices.SortStableFunc(found, func(a, b record) int { return a.Scheduled.Compare(b.Scheduled) })
	return found
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

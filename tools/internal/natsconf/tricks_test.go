package natsconf_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
	"github.com/weplanx/workflow/tools/internal/natsconf"
)

// trick makes the server, or a service, publish to a subject that the user may
// not publish to.
type trick struct {
	name string
	do   func(nc *nats.Conn, own contract.Names, target string) error
}

// tricks use only what an application may ask for.
var tricks = []trick{
	{"answer of a direct get", func(nc *nats.Conn, own contract.Names, target string) error {
		// What is answered holds the headers that it was stored with.
		wipe := message(own.BucketSubject("trick"), "{}", "Nats-Rollup", "all")
		if err := nc.PublishMsg(wipe); err != nil {
			return err
		}
		return nc.PublishRequest("$JS.API.DIRECT.GET."+own.BucketStream()+"."+own.BucketSubject("trick"), target, nil)
	}},
	{"acknowledgement of a publish", func(nc *nats.Conn, own contract.Names, target string) error {
		return nc.PublishRequest(own.BucketSubject("trick"), target, []byte("{}"))
	}},
	{"answer of the JetStream API", func(nc *nats.Conn, own contract.Names, target string) error {
		return nc.PublishRequest("$JS.API.STREAM.INFO."+own.BucketStream(), target, nil)
	}},
	{"push consumer", func(nc *nats.Conn, own contract.Names, target string) error {
		sub, err := nc.SubscribeSync(target) // a consumer delivers only where somebody listens to that very subject
		if err != nil {
			return err
		}
		body := fmt.Sprintf(`{"stream_name":%q,"config":{"name":"trick","deliver_subject":%q,"filter_subject":%q,"ack_policy":"none"}}`,
			own.BucketStream(), target, own.BucketSubject(">"))
		err = nc.PublishRequest("$JS.API.CONSUMER.CREATE."+own.BucketStream()+".trick."+own.BucketSubject(">"), nc.NewInbox(), []byte(body))
		_, _ = sub.NextMsg(300 * time.Millisecond) // nothing comes, where it is no use
		return err
	}},
	{"answer of a scheduler", func(nc *nats.Conn, own contract.Names, target string) error {
		return nc.PublishRequest(own.Endpoint("ping"), target, nil)
	}},
	{"answer of a worker", func(nc *nats.Conn, own contract.Names, target string) error {
		return nc.PublishRequest(own.Event("k"), target, []byte("{}"))
	}},
	{"report of the server on a message's way", func(nc *nats.Conn, own contract.Names, target string) error {
		return nc.PublishMsg(message(own.Event("k"), "{}", "Nats-Trace-Dest", target))
	}},
	{"message of another subject", func(nc *nats.Conn, _ contract.Names, target string) error {
		return nc.Publish(target, []byte("{}"))
	}},
}

// An application that uses every trick we know of gets nothing into the
// triggers and cursors of its own namespace, nor into anything of another one.
func TestTricksAreHarmless(t *testing.T) {
	t.Parallel()
	three := alone("beta", "gamma")
	three.Nodes, three.TLS, three.Cluster = []string{"a", "b", "c"}, natsconf.TLSRoutes, "workflow"
	for name, config := range map[string]natsconf.Site{"one server": alone("beta", "gamma"), "three servers": three} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, config)
			for _, namespace := range []string{"beta", "gamma"} {
				s.fill(t, namespace)
				s.respond(t, contract.Names(namespace))
			}
			last := len(s.servers) - 1
			nc := s.probe(t, last, "beta.client").nc
			before := s.state(t, beta) + s.state(t, gamma)
			s.attack(t, nc, beta.Cursor(0), beta.Trigger("HTTP", "kept"))
			s.attack(t, nc, ofGamma...)
			if after := s.state(t, beta) + s.state(t, gamma); after != before {
				t.Errorf("the streams changed:\n%s\nbefore:\n%s", after, before)
			}
		})
	}
}

// Nor do the services and the admin of one namespace get anything into another.
func TestServicesReachTheirNamespaceOnly(t *testing.T) {
	t.Parallel()
	s := start(t, alone("beta", "gamma"))
	for _, namespace := range []string{"beta", "gamma"} {
		s.fill(t, namespace)
		s.respond(t, contract.Names(namespace))
	}
	before := s.state(t, gamma)
	for _, role := range []string{natsconf.RoleSchedule, natsconf.RoleWorker, natsconf.RoleAdmin} {
		s.attack(t, s.probe(t, 0, "beta."+role).nc, ofGamma...)
	}
	if after := s.state(t, gamma); after != before {
		t.Errorf("the streams changed:\n%s\nbefore:\n%s", after, before)
	}
}

// ofGamma are subjects that nobody outside may have anything published to.
var ofGamma = []string{
	gamma.Cursor(0), gamma.Trigger("HTTP", "kept"), gamma.BucketSubject("kept"), gamma.Result("kept"), gamma.Event("k"),
	"$JS.API.STREAM.DELETE.gamma_results",
}

// attack tries every trick on every target.
func (s *site) attack(t *testing.T, nc *nats.Conn, targets ...string) {
	t.Helper()
	for _, trick := range tricks {
		for _, target := range targets {
			if err := trick.do(nc, beta, target); err != nil {
				t.Fatalf("%s to %s: %v", trick.name, target, err)
			}
		}
	}
	settle(t, nc)
}

// The same tricks where everything is in one account: so the test above would
// notice.
func TestTricksWorkInASharedAccount(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	nc := server.Connect(t)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []contract.Names{beta, gamma} {
		if _, err := topology.Ensure(t.Context(), js, n, 1); err != nil {
			t.Fatal(err)
		}
		answer(t, nc, n.Endpoint("ping"))
		answer(t, nc, n.Events())
	}
	stored := func() uint64 {
		stream, err := js.Stream(t.Context(), gamma.TriggerStream())
		if err != nil {
			t.Fatal(err)
		}
		return stream.CachedInfo().State.LastSeq
	}
	for i, trick := range tricks {
		before := stored()
		if err := trick.do(nc, beta, gamma.Cursor(i)); err != nil {
			t.Fatalf("%s: %v", trick.name, err)
		}
		for limit := time.Now().Add(patience); stored() == before; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(limit) {
				t.Fatalf("%s: nothing was stored, want it to get through", trick.name)
			}
		}
	}
}

// settle waits until what was sent before has been dealt with.
func settle(t *testing.T, nc *nats.Conn) {
	t.Helper()
	if err := nc.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond) // what must not happen gives no signal
}

// respond has something answer in the place of a namespace's services.
func (s *site) respond(t *testing.T, n contract.Names) {
	t.Helper()
	answer(t, s.connect(t, string(n)+".schedule"), n.Endpoint("ping"))
	answer(t, s.connect(t, string(n)+".worker"), n.Events()+" workers")
}

// state tells the streams of a namespace that no application of beta may change.
func (s *site) state(t *testing.T, n contract.Names) string {
	t.Helper()
	js, err := jetstream.New(s.connect(t, string(n)+".admin"))
	if err != nil {
		t.Fatal(err)
	}
	streams := []string{n.TriggerStream(), n.ResultStream(), n.DeadStream(), n.RunStream()}
	if n != beta {
		streams = append(streams, n.BucketStream())
	}
	var state strings.Builder
	for _, name := range streams {
		stream, err := js.Stream(t.Context(), name)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		info, err := stream.Info(t.Context(), jetstream.WithSubjectFilter(">"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fmt.Fprintf(&state, "%s: %d to %d, %v\n", name, info.State.FirstSeq, info.State.LastSeq, info.State.Subjects)
	}
	return state.String()
}

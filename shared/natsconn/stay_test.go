package natsconn_test

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/natsconn"
	"github.com/weplanx/workflow/shared/natstest"
)

const (
	moving = "nats server has lost the others, moving to another one"

	healthy = `{"cluster":{"leader":"a","replicas":[{"name":"b","active":200000000},{"name":"c","active":900000000000}]}}`
	alone   = `{"cluster":{"leader":"a","replicas":[{"name":"b","active":7000000000},{"name":"c","active":7000000000}]}}`
)

func TestHasMajority(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer string
		want   bool
	}{
		"one of two is there":      {healthy, true},
		"both are silent":          {alone, false},
		"there is no leader":       {`{"cluster":{"replicas":[{"name":"b","active":0},{"name":"c","active":0}]}}`, false},
		"both are offline":         {`{"cluster":{"leader":"a","replicas":[{"offline":true,"active":1},{"offline":true,"active":1}]}}`, false},
		"one of five is there":     {`{"cluster":{"leader":"a","replicas":[{"active":1},{"offline":true},{"offline":true},{"offline":true}]}}`, false},
		"two of five are there":    {`{"cluster":{"leader":"a","replicas":[{"active":1},{"active":1},{"offline":true},{"offline":true}]}}`, true},
		"one replica":              {`{"cluster":{"leader":"a"}}`, true},
		"no cluster":               {`{"config":{"name":"x"}}`, true},
		"no leader of JetStream":   {`{"error":{"code":503,"err_code":10008,"description":"JetStream system temporarily unavailable"}}`, false},
		"another error":            {`{"error":{"code":404,"err_code":10059,"description":"stream not found"}}`, true},
		"something else entirely":  {"hello", true},
		"what another kind tells":  {`{"error":"text"}`, true},
		"nothing, from some proxy": {"", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := natsconn.HasMajority([]byte(c.answer)); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// member is a server that is told to be one of a cluster, and what it answers for
// its streams; empty: nothing.
type member struct {
	*natstest.Server
	answer atomic.Value
	asked  atomic.Int64
}

func newMember(t *testing.T, cluster, answer string) *member {
	t.Helper()
	m := &member{Server: natstest.Start(t, natstest.WithoutJetStream(), natstest.WithOptions(func(o *server.Options) {
		if o.Cluster.Name = cluster; cluster != "" {
			o.Cluster.Host, o.Cluster.Port = "127.0.0.1", server.RANDOM_PORT
		}
	}))}
	m.answer.Store(answer)
	if _, err := m.Connect(t).Subscribe("$JS.API.STREAM.INFO.s", func(msg *nats.Msg) {
		m.asked.Add(1)
		if text, _ := m.answer.Load().(string); text != "" {
			_ = msg.Respond([]byte(text))
		}
	}); err != nil {
		t.Fatal(err)
	}
	return m
}

// between is a connection to the first of servers that knows the others, in this
// order. One that is there twice has two addresses.
func between(t *testing.T, servers ...*member) *nats.Conn {
	t.Helper()
	var urls []string
	for _, s := range servers {
		url := s.URL()
		if slices.Contains(urls, url) {
			url = strings.Replace(url, "127.0.0.1", "localhost", 1)
		}
		urls = append(urls, url)
	}
	return servers[0].Connect(t, nats.DontRandomize(), nats.IgnoreDiscoveredServers(), nats.Timeout(patience), func(o *nats.Options) error {
		o.Url, o.Servers = "", urls
		return nil
	})
}

func await(t *testing.T, what string, happened func() bool) {
	t.Helper()
	for limit := time.Now().Add(patience); !happened(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waited for %s", what)
		}
	}
}

// A server that has lost the others is left, whether it says so or says nothing;
// one that has not is stayed with.
func TestStayMoves(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{"it tells so": alone, "it is silent": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lost, good := newMember(t, "c", answer), newMember(t, "c", healthy)
			log, logged := newLog()
			nc, now := between(t, lost, good), time.Now()
			s := natsconn.NewStayer(nc, "s", log)
			s.Look(now)
			s.Look(now.Add(natsconn.LostAfter))
			if n := strings.Count(logged.String(), moving); n != 1 {
				t.Fatalf("moved %d times; logged:\n%s", n, logged)
			}
			await(t, "the other server", func() bool { return nc.ConnectedUrl() == good.URL() })
			for i := range 3 {
				s.Look(now.Add(time.Duration(i+2) * natsconn.LostAfter))
			}
			if good.asked.Load() != 3 || nc.ConnectedUrl() != good.URL() || strings.Count(logged.String(), moving) != 1 {
				t.Errorf("asked %d times, connected to %s, want it to stay with %s", good.asked.Load(), nc.ConnectedUrl(), good.URL())
			}
		})
	}
}

// A server that is of no use for a moment, as during an election, is not left.
func TestStayIsPatient(t *testing.T) {
	t.Parallel()
	first, second := newMember(t, "c", alone), newMember(t, "c", healthy)
	log, logged := newLog()
	nc, now := between(t, first, second), time.Now()
	s := natsconn.NewStayer(nc, "s", log)
	s.Look(now)
	s.Look(now.Add(natsconn.LostAfter - 1))
	first.answer.Store(healthy)
	s.Look(now.Add(natsconn.LostAfter))
	first.answer.Store(alone)
	s.Look(now.Add(2*natsconn.LostAfter - 1))
	if first.asked.Load() != 4 || nc.ConnectedUrl() != first.URL() || logged.String() != "" {
		t.Errorf("asked %d times, connected to %s; logged:\n%s", first.asked.Load(), nc.ConnectedUrl(), logged)
	}
}

// A server has several addresses: where a move ends at the one that was left, it
// goes on at once.
func TestStayMovesOn(t *testing.T) {
	t.Parallel()
	lost, good := newMember(t, "c", alone), newMember(t, "c", healthy)
	log, logged := newLog()
	nc, now := between(t, lost, lost, good), time.Now()
	id := nc.ConnectedServerId()
	reconnected := nc.StatusChanged(nats.CONNECTED)
	s := natsconn.NewStayer(nc, "s", log)
	s.Look(now)
	s.Look(now.Add(natsconn.LostAfter))
	<-reconnected
	if nc.ConnectedServerId() != id {
		t.Fatal("it is at another server already")
	}
	s.Look(now.Add(natsconn.LostAfter + time.Second))
	await(t, "the other server", func() bool { return nc.ConnectedUrl() == good.URL() })
	if n := strings.Count(logged.String(), moving); n != 2 {
		t.Errorf("moved %d times; logged:\n%s", n, logged)
	}
}

// There is nowhere to go from a server that is no member of a cluster, and it is
// not even asked.
func TestStayWithOneServer(t *testing.T) {
	t.Parallel()
	first, second := newMember(t, "", alone), newMember(t, "", healthy)
	log, logged := newLog()
	nc, now := between(t, first, second), time.Now()
	s := natsconn.NewStayer(nc, "s", log)
	s.Look(now)
	s.Look(now.Add(time.Hour))
	if first.asked.Load() != 0 || logged.String() != "" {
		t.Errorf("asked %d times; logged:\n%s", first.asked.Load(), logged)
	}
}

// It ends with the connection: TestMain looks for it.
func TestStayEnds(t *testing.T) {
	t.Parallel()
	log, _ := newLog()
	natsconn.Stay(newMember(t, "c", healthy).Connect(t), "s", log)
}

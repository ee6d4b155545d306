package natstest

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// clusterTimeout bounds how long a cluster may take to agree on a leader.
const clusterTimeout = 20 * time.Second

// StartCluster runs n servers with JetStream as one cluster on the loopback
// interface and returns once it has a leader. Each can be stopped and started
// again by itself.
func StartCluster(t testing.TB, n int, options ...Option) []*Server {
	t.Helper()
	routes, ports := make([]*url.URL, n), make([]int, n)
	for i, p := range freePorts(t, n) {
		ports[i] = p
		routes[i] = &url.URL{Scheme: "nats", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(p))}
	}
	servers := make([]*Server, n)
	for i := range servers {
		member := WithOptions(func(o *server.Options) {
			o.ServerName = fmt.Sprintf("test-%d", i)
			o.Cluster.Name = "test"
			o.Cluster.Host, o.Cluster.Port = "127.0.0.1", ports[i]
			o.Routes = routes
		})
		servers[i] = New(t, append([]Option{member}, options...)...)
	}
	for _, s := range servers {
		s.launch(t)
	}
	for _, s := range servers {
		s.await(t)
	}
	awaitLeader(t, servers)
	return servers
}

// awaitLeader returns when one of the servers leads JetStream and knows all
// the others.
func awaitLeader(t testing.TB, servers []*Server) {
	t.Helper()
	limit := time.Now().Add(clusterTimeout)
	for time.Now().Before(limit) {
		for _, s := range servers {
			if s.leads(len(servers)) {
				return
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("natstest: the cluster has no leader after %s", clusterTimeout)
}

func (s *Server) leads(members int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running != nil && s.running.JetStreamIsLeader() && len(s.running.JetStreamClusterPeers()) == members
}

// freePorts returns ports that were free a moment ago. Routes have to be known
// before the servers start, so the system cannot choose them.
func freePorts(t testing.TB, n int) []int {
	t.Helper()
	ports := make([]int, n)
	var config net.ListenConfig
	for i := range ports {
		listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatalf("natstest: %v", err)
		}
		defer func() { _ = listener.Close() }()
		addr, ok := listener.Addr().(*net.TCPAddr)
		if !ok {
			t.Fatalf("natstest: listening on %v", listener.Addr())
		}
		ports[i] = addr.Port
	}
	return ports
}

package natstest

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/weplanx/workflow/shared/loopback"
)

// clusterTimeout bounds how long a cluster may take to agree on a leader.
const clusterTimeout = time.Minute

// StartCluster runs n servers with JetStream as one cluster on the loopback
// interface and returns once it has a leader. Each can be stopped and started
// again by itself.
func StartCluster(t testing.TB, n int, options ...Option) []*Server {
	t.Helper()
	routes, ports := make([]*url.URL, n), make([]int, n)
	for i := range ports {
		ports[i] = loopback.Reserve(t)
		routes[i] = &url.URL{Scheme: "nats", Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[i]))}
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

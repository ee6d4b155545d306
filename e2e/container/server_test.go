//go:build e2e

package container_test

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	dockernet "github.com/moby/moby/api/types/network"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"

	"github.com/weplanx/workflow/e2e/internal/fleet"
)

// server is a NATS server.
type server struct {
	*node
	host    string
	clients *network
	routes  *network
	port    int // on this machine, the same after a restart
	monitor int // the same; 0: it is not published
}

func newServer(host string, clients, routes *network) (*server, error) {
	ports, err := fleet.FreePorts(2)
	if err != nil {
		return nil, err
	}
	return &server{host: host, clients: clients, routes: routes, port: ports[0], monitor: ports[1]}, nil
}

// start starts the server with the files that natsconf's documentation says it
// needs, and nothing else.
func (s *server) start(ctx context.Context, c *cluster) error {
	names := []string{s.host + ".conf", "accounts.conf", "accounts", "tls/ca.pem", "tls/" + s.host + ".pem", "tls/" + s.host + ".key"}
	mounts := []mount.Mount{volume("/data")}
	for _, name := range names {
		if c.tls != "off" || !strings.HasPrefix(name, "tls/") {
			mounts = append(mounts, bound(filepath.Join(c.folder, name), "/etc/nats/"+name))
		}
	}
	request := testcontainers.ContainerRequest{
		Image:          docker.tags[natsServer],
		Cmd:            []string{"--config", "/etc/nats/" + s.host + ".conf"},
		Networks:       []string{s.clients.Name},
		NetworkAliases: map[string][]string{s.clients.Name: {s.host}, s.routes.Name: {s.host}},
		ExposedPorts:   []string{"4222/tcp", "8222/tcp"},
		HostConfigModifier: func(h *container.HostConfig) {
			h.Mounts, h.PortBindings = mounts, s.bindings()
		},
		WaitingFor: wait.ForListeningPort("4222/tcp").SkipInternalCheck().WithStartupTimeout(startTimeout),
	}
	if s.routes != s.clients {
		request.Networks = append(request.Networks, s.routes.Name)
	}
	var err error
	s.node, err = docker.start(ctx, s.host, request)
	return err
}

// bindings are fixed, so that a server that comes back is where it was.
func (s *server) bindings() dockernet.PortMap {
	bind := func(port int) []dockernet.PortBinding {
		return []dockernet.PortBinding{{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: strconv.Itoa(port)}}
	}
	ports := dockernet.PortMap{dockernet.MustParsePort("4222/tcp"): bind(s.port)}
	if s.monitor != 0 {
		ports[dockernet.MustParsePort("8222/tcp")] = bind(s.monitor)
	}
	return ports
}

// healthEvery is how often a server that is not healthy is asked, which it logs.
const healthEvery = 250 * time.Millisecond

// health is nil when the server says that it is healthy, or accepts connections
// where it cannot be asked.
func (s *server) health(ctx context.Context) error {
	if s.monitor == 0 {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", fleet.Loopback(s.port))
		if err != nil {
			return err
		}
		return conn.Close()
	}
	err := fleet.Get(ctx, "http://"+fleet.Loopback(s.monitor)+"/healthz")
	if err != nil {
		fleet.Pause(ctx, healthEvery)
	}
	return err
}

// seed is that of a user, for example "beta.worker".
func (c *cluster) seed(user string) (string, error) {
	data, err := os.ReadFile(filepath.Join(c.folder, "seeds", user+".nk"))
	return strings.TrimSpace(string(data)), err
}

// connect opens a connection of this process as a user. Without servers it goes to
// any and moves on when that one goes away; else it stays with those.
func (c *cluster) connect(user string, servers ...*server) (*nats.Conn, error) {
	seed, err := c.seed(user)
	if err != nil {
		return nil, err
	}
	pair, err := nkeys.FromSeed([]byte(seed))
	if err != nil {
		return nil, err
	}
	public, err := pair.PublicKey()
	if err != nil {
		return nil, err
	}
	options := []nats.Option{
		nats.Name("test as " + user), nats.Nkey(public, pair.Sign), nats.IgnoreDiscoveredServers(),
		nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait), nats.ReconnectJitter(0, 0),
		nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(2), nats.RetryOnFailedConnect(true),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // what matters is in the answers
	}
	// An application keeps nats.go's own inbox; see deploy/nats/README.md.
	if _, role, _ := strings.Cut(user, "."); role != "client" {
		options = append(options, nats.CustomInboxPrefix("_INBOX."+role))
	}
	if authority := c.authority(); authority != "" {
		options = append(options, nats.RootCAs(authority))
	}
	if len(servers) == 0 {
		servers = c.servers
	}
	var urls []string
	for _, s := range servers {
		urls = append(urls, "nats://"+fleet.Loopback(s.port))
	}
	nc, err := nats.Connect(strings.Join(urls, ","), options...)
	if err != nil {
		return nil, fmt.Errorf("connect as %s: %w", user, err)
	}
	if err := nc.FlushTimeout(connectLimit); err != nil {
		nc.Close()
		return nil, fmt.Errorf("connect as %s: %w", user, err)
	}
	return nc, nil
}

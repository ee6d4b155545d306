//go:build e2e

package container_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	dockernet "github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"
	"github.com/testcontainers/testcontainers-go/wait"
)

// startTimeout bounds how long a container may take to be ready.
const startTimeout = time.Minute

// site is a network of its own with a NATS server that lets one NKEY user in.
type site struct {
	t       *testing.T
	network *testcontainers.DockerNetwork
	gateway string // this process, seen from the containers
	nats    *node
	port    int // of the NATS server on this machine, the same after a restart
	user    nkeys.KeyPair
	seed    string
}

// node is a running container.
type node struct {
	testcontainers.Container
	t    *testing.T
	name string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{t: t}
	var err error
	if s.user, err = nkeys.CreateUser(); err != nil {
		t.Fatal(err)
	}
	seed, err := s.user.Seed()
	if err != nil {
		t.Fatal(err)
	}
	s.seed = string(seed)
	s.network, err = network.New(t.Context())
	if err != nil {
		t.Fatalf("network: %v", err)
	}
	t.Cleanup(func() {
		if err := s.network.Remove(context.Background()); err != nil {
			t.Errorf("remove network: %v", err)
		}
	})
	info, err := docker.NetworkInspect(t.Context(), s.network.ID, client.NetworkInspectOptions{})
	if err != nil || len(info.Network.IPAM.Config) == 0 {
		t.Fatalf("network: %v, gateway unknown", err)
	}
	s.gateway = info.Network.IPAM.Config[0].Gateway.String()
	s.startNATS()
	return s
}

func (s *site) startNATS() {
	s.t.Helper()
	public, err := s.user.PublicKey()
	if err != nil {
		s.t.Fatal(err)
	}
	conf := fmt.Sprintf("port: 4222\njetstream { store_dir: /data }\nauthorization { users: [ { nkey: %s } ] }\n", public)
	s.port = freePort(s.t)
	s.nats = s.run("nats", testcontainers.ContainerRequest{
		Image:          docker.tags["nats-server"],
		NetworkAliases: map[string][]string{s.network.Name: {"a.nats"}},
		ExposedPorts:   []string{"4222/tcp"},
		Files:          []testcontainers.ContainerFile{file("/nats.conf", conf)},
		HostConfigModifier: func(c *container.HostConfig) {
			c.PortBindings = dockernet.PortMap{dockernet.MustParsePort("4222/tcp"): {
				{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: strconv.Itoa(s.port)},
			}}
		},
		WaitingFor: wait.ForListeningPort("4222/tcp").SkipInternalCheck(),
	})
}

// startScheduler runs a scheduler on the documents' config.yml.
func (s *site) startScheduler(namespace string) *node {
	s.t.Helper()
	return s.run("schedule", s.scheduler(namespace, s.seed, wait.ForHTTP("/readyz").WithPort("8080/tcp")))
}

func (s *site) scheduler(namespace, seed string, ready wait.Strategy) testcontainers.ContainerRequest {
	config := fmt.Sprintf("namespace: %s\ndebug: false\nnats:\n  hosts:\n    - \"nats://a.nats:4222\"\n  nkey: %q\n", namespace, seed)
	return testcontainers.ContainerRequest{
		Image:        docker.tags["schedule"],
		ExposedPorts: []string{"8080/tcp"},
		Files:        []testcontainers.ContainerFile{file("/app/config/config.yml", config)},
		WaitingFor:   ready,
	}
}

// startWorker runs a worker on the documents' environment.
func (s *site) startWorker(namespace string) *node {
	s.t.Helper()
	return s.run("worker", s.worker(namespace, s.seed, wait.ForHTTP("/readyz").WithPort("8081/tcp")))
}

func (s *site) worker(namespace, seed string, ready wait.Strategy) testcontainers.ContainerRequest {
	return testcontainers.ContainerRequest{
		Image:        docker.tags["worker"],
		ExposedPorts: []string{"8081/tcp"},
		Env: map[string]string{
			"MODE": "release", "NAMESPACE": namespace, "NATS_HOSTS": "nats://a.nats:4222", "NATS_NKEY": seed,
			"EGRESS_ALLOW": s.gateway, // where the receivers are
		},
		WaitingFor: ready,
	}
}

// run starts a container in the site's network. It is removed by the test's
// cleanup, its log is kept when the test has failed.
func (s *site) run(name string, request testcontainers.ContainerRequest) *node {
	s.t.Helper()
	request.Networks = []string{s.network.Name}
	ctx, cancel := context.WithTimeout(s.t.Context(), startTimeout)
	defer cancel()
	c, err := testcontainers.GenericContainer(ctx, testcontainers.GenericContainerRequest{
		ContainerRequest: request, Started: true, Logger: quiet{},
	})
	n := &node{Container: c, t: s.t, name: name}
	s.t.Cleanup(n.remove)
	if err != nil {
		s.t.Fatalf("container %s: %v", name, err)
	}
	return n
}

// connect opens a connection of this process with the site's user. It
// reconnects until the test's cleanup.
func (s *site) connect() *nats.Conn {
	s.t.Helper()
	public, err := s.user.PublicKey()
	if err != nil {
		s.t.Fatal(err)
	}
	nc, err := nats.Connect(fmt.Sprintf("nats://127.0.0.1:%d", s.port),
		nats.Nkey(public, s.user.Sign), nats.MaxReconnects(-1), nats.ReconnectWait(100*time.Millisecond),
		nats.RetryOnFailedConnect(true))
	if err != nil {
		s.t.Fatalf("connect: %v", err)
	}
	s.t.Cleanup(nc.Close)
	if err := nc.FlushTimeout(10 * time.Second); err != nil {
		s.t.Fatalf("connect: %v", err)
	}
	return nc
}

// restart stops the container as an orchestrator does and starts it again.
func (n *node) restart() {
	n.t.Helper()
	grace := 10 * time.Second
	if err := n.Stop(n.t.Context(), &grace); err != nil {
		n.t.Fatalf("stop %s: %v", n.name, err)
	}
	if err := n.Start(n.t.Context()); err != nil {
		n.t.Fatalf("start %s again: %v", n.name, err)
	}
}

// kill ends the container's program at once, without a chance to clean up.
func (n *node) kill() {
	n.t.Helper()
	if _, err := docker.ContainerKill(n.t.Context(), n.GetContainerID(), client.ContainerKillOptions{Signal: "SIGKILL"}); err != nil {
		n.t.Fatalf("kill %s: %v", n.name, err)
	}
}

// output is everything the container has printed.
func (n *node) output() string {
	r, err := n.Logs(context.Background())
	if err != nil {
		return "no log: " + err.Error()
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return "no log: " + err.Error()
	}
	return string(data)
}

func (n *node) remove() {
	if n.Container == nil || n.GetContainerID() == "" {
		return
	}
	if n.t.Failed() {
		path := filepath.Join(n.t.ArtifactDir(), n.name+"-"+n.GetContainerID()[:12]+".log")
		if err := os.WriteFile(path, []byte(n.output()), 0o600); err != nil {
			n.t.Errorf("log of %s: %v", n.name, err)
		}
		n.t.Logf("log of %s: %s", n.name, path)
	}
	if err := n.Terminate(context.Background(), testcontainers.StopTimeout(time.Second)); err != nil {
		n.t.Errorf("remove %s: %v", n.name, err)
	}
}

// file is a file that is copied into a container before it starts.
func file(path, content string) testcontainers.ContainerFile {
	return testcontainers.ContainerFile{Reader: strings.NewReader(content), ContainerFilePath: path, FileMode: 0o444}
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // it listens on tcp
}

// quiet is a logger that says nothing.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

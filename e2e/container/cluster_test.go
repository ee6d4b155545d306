//go:build e2e

package container_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/weplanx/workflow/e2e/internal/fleet"
)

// Layouts of the clusters that scenarios share. Each scenario has namespaces of its
// own.
var (
	mainLayout = layout{
		hosts: threeHosts, tls: "all",
		namespaces: []string{"beta", app, "serverkill", "schedulerkill", "workerkill", "updates", "full", "one", "two", "images"},
	}
	plainLayout = layout{hosts: threeHosts, tls: "routes", namespaces: []string{"docs", "beta"}}
	splitLayout = layout{hosts: threeHosts, tls: "all", split: true, namespaces: []string{"servercut", "schedulercut"}}

	threeHosts = []string{"a.nats", "b.nats", "c.nats"}
)

// Clusters that scenarios share, made when the first one asks for it.
var (
	mainCluster  = sharedCluster(mainLayout)
	plainCluster = sharedCluster(plainLayout)
	splitCluster = sharedCluster(splitLayout)
)

// healthLimit is how long a cluster may take to start, or to catch up.
const healthLimit = 90 * time.Second

// layout is what natsconf is asked for, and how the servers are connected.
type layout struct {
	hosts      []string
	namespaces []string
	tls        string
	split      bool // see the package comment
}

// cluster is NATS servers and the networks they are in.
type cluster struct {
	layout
	folder   string // that natsconf has written
	servers  []*server
	networks []*network // to be removed, oldest first
	front    *network   // where services and this process reach each other
}

var opened struct {
	sync.Mutex
	clusters []*cluster
}

func sharedCluster(l layout) func() (*cluster, error) {
	return sync.OnceValues(func() (*cluster, error) {
		c, err := newCluster(context.Background(), l)
		opened.Lock()
		defer opened.Unlock()
		opened.clusters = append(opened.clusters, c)
		return c, err
	})
}

func closeClusters(ctx context.Context) error {
	opened.Lock()
	defer opened.Unlock()
	var errs []error
	for _, c := range opened.clusters {
		errs = append(errs, c.close(ctx))
	}
	return errors.Join(errs...)
}

// newCluster configures and starts servers and waits until they are healthy. The
// cluster is to be closed, also after an error.
func newCluster(ctx context.Context, l layout) (*cluster, error) {
	c := &cluster{layout: l}
	if err := c.configure(ctx); err != nil {
		return c, err
	}
	var err error
	if c.front, err = c.network(ctx, "services"); err != nil {
		return c, err
	}
	routes := c.front
	if l.split {
		if routes, err = c.network(ctx, "routes"); err != nil {
			return c, err
		}
	}
	for _, host := range l.hosts {
		clients := c.front
		if l.split {
			if clients, err = c.network(ctx, "clients of "+host); err != nil {
				return c, err
			}
		}
		s, err := newServer(host, clients, routes)
		if err != nil {
			return c, err
		}
		c.servers = append(c.servers, s)
		if err := s.start(ctx, c); err != nil {
			return c, err
		}
	}
	return c, c.healthy(ctx)
}

// configure runs natsconf as its documentation says.
func (c *cluster) configure(ctx context.Context) error {
	c.folder = filepath.Join(docker.work, "nats-"+c.tls+"-"+strings.Join(c.namespaces, "-"))
	cmd := exec.CommandContext(ctx, filepath.Join(docker.work, natsconf),
		"-namespace", strings.Join(c.namespaces, ","), "-nodes", strings.Join(c.hosts, ","),
		"-tls", c.tls, "-monitor", "0.0.0.0:8222", "-out", c.folder)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("natsconf: %w\n%s", err, out)
	}
	return nil
}

func (c *cluster) network(ctx context.Context, name string) (*network, error) {
	made, err := docker.network(ctx, name)
	if err == nil {
		c.networks = append(c.networks, made)
	}
	return made, err
}

// healthy waits until every server says that it is: it has a meta leader, and its
// replicas have caught up.
func (c *cluster) healthy(ctx context.Context) error {
	for _, s := range c.servers {
		err := fleet.Await(ctx, healthLimit, s.host+" to be healthy", func() error { return s.health(ctx) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) close(ctx context.Context) error {
	var errs []error
	for _, s := range c.servers {
		errs = append(errs, s.remove())
	}
	for _, w := range slices.Backward(c.networks) {
		errs = append(errs, w.Remove(ctx))
	}
	return errors.Join(errs...)
}

// forServices are the networks that a service has to be in, the front first: ports
// are published there.
func (c *cluster) forServices() []string {
	names := []string{c.front.Name}
	if c.split {
		for _, s := range c.servers {
			names = append(names, s.clients.Name)
		}
	}
	return names
}

// authority is the file with the servers' authority; empty: clients need no TLS.
func (c *cluster) authority() string {
	if c.tls != "all" {
		return ""
	}
	return filepath.Join(c.folder, "tls", "ca.pem")
}

// urls are where services connect to.
func (c *cluster) urls() string {
	var urls []string
	for _, host := range c.hosts {
		urls = append(urls, "nats://"+host+":4222")
	}
	return strings.Join(urls, ",")
}

//go:build unix

package fleet

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// healthLimit is how long a server may take to start or to catch up.
const healthLimit = time.Minute

// Server is a NATS server.
type Server struct {
	Process

	url     string // for clients
	monitor string // URL of its health
}

// newServer prepares server i. ports are three for each server: clients,
// monitoring, routes.
func newServer(folder, path string, i int, ports []int) (*Server, error) {
	name := fmt.Sprintf("nats-%d", i)
	config := filepath.Join(folder, name+".conf")
	s := &Server{
		Process: Process{Name: name, Path: path, Args: []string{"-c", config}, Env: Inherited(), Log: filepath.Join(folder, name+".log")},
		url:     "nats://" + Loopback(ports[3*i]),
		monitor: "http://" + Loopback(ports[3*i+1]),
	}
	text := fmt.Sprintf(`server_name: %s
listen: %q
http: %q
jetstream {
  store_dir: %q
  max_file_store: 8GB
%s}
%s`, name, Loopback(ports[3*i]), Loopback(ports[3*i+1]), filepath.Join(folder, name), durability(len(ports)/3), routes(i, ports))
	return s, os.WriteFile(config, []byte(text), 0o600)
}

// durability: three servers keep a write in three places, and one of them may
// lose the last ones. A server that is alone must have written what it has
// acknowledged; by default it syncs every two minutes, so that what comes after
// may be lost with the machine, by design.
func durability(servers int) string {
	if servers > 1 {
		return ""
	}
	return "  sync_interval: always\n"
}

func routes(i int, ports []int) string {
	if len(ports) == 3 {
		return ""
	}
	var routes []string
	for j := 2; j < len(ports); j += 3 {
		routes = append(routes, fmt.Sprintf("%q", "nats://"+Loopback(ports[j])))
	}
	// A client learns of no other servers than it was given: some reach them
	// through proxies only.
	return fmt.Sprintf("cluster {\n  name: chaos\n  no_advertise: true\n  listen: %q\n  routes: [%s]\n}\n", Loopback(ports[3*i+2]), strings.Join(routes, ", "))
}

// Healthy waits until the server says that JetStream and all its streams and
// consumers have caught up.
func (s *Server) Healthy(ctx context.Context) error {
	return Await(ctx, healthLimit, s.Name+" to be healthy", func() error {
		if !s.Running() {
			return fmt.Errorf("%s has ended: see its log", s.Name)
		}
		return Get(ctx, s.monitor+"/healthz")
	})
}

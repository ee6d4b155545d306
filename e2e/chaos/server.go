//go:build unix

package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// server is a NATS server.
type server struct {
	process
	url     string // for clients
	monitor string // URL of its health
}

// addServer prepares server i. ports are three for each server: clients,
// monitoring, routes.
func (s *site) addServer(path string, i int, ports []int) error {
	name := fmt.Sprintf("nats-%d", i)
	config := filepath.Join(s.folder, name+".conf")
	added := &server{
		process: process{name: name, path: path, args: []string{"-c", config}, env: inherited(), log: filepath.Join(s.folder, name+".log")},
		url:     "nats://127.0.0.1:" + strconv.Itoa(ports[3*i]),
		monitor: "http://127.0.0.1:" + strconv.Itoa(ports[3*i+1]),
	}
	s.servers = append(s.servers, added)
	text := fmt.Sprintf(`server_name: %s
listen: "127.0.0.1:%d"
http: "127.0.0.1:%d"
jetstream {
  store_dir: %q
  max_file_store: 8GB
%s}
%s`, name, ports[3*i], ports[3*i+1], filepath.Join(s.folder, name), durability(len(ports)/3), cluster(i, ports))
	return os.WriteFile(config, []byte(text), 0o600)
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

func cluster(i int, ports []int) string {
	if len(ports) == 3 {
		return ""
	}
	var routes []string
	for j := 2; j < len(ports); j += 3 {
		routes = append(routes, fmt.Sprintf(`"nats://127.0.0.1:%d"`, ports[j]))
	}
	return fmt.Sprintf("cluster {\n  name: chaos\n  listen: \"127.0.0.1:%d\"\n  routes: [%s]\n}\n", ports[3*i+2], strings.Join(routes, ", "))
}

// healthy waits until the server says that JetStream and all its streams and
// consumers have caught up.
func (s *server) healthy(ctx context.Context) error {
	return await(ctx, time.Minute, s.name+" to be healthy", func() error {
		if !s.running() {
			return fmt.Errorf("%s has ended: see its log", s.name)
		}
		return get(ctx, s.monitor+"/healthz")
	})
}

// get returns nil when the answer is 200.
func get(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	return nil
}

const pollEvery = 50 * time.Millisecond

// await calls done until it returns nil; what names it when it takes too long.
func await(ctx context.Context, limit time.Duration, what string, done func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := done()
		if err == nil {
			return nil
		}
		if !pause(ctx, pollEvery) {
			return fmt.Errorf("waited %s for %s: %w", limit, what, err)
		}
	}
}

// pause waits; false: ctx ended before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

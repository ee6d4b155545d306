//go:build unix

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

const namespace = "chaos"

// site is the processes: NATS servers and schedulers.
type site struct {
	folder     string
	servers    []*server
	schedulers []*process
	httpAddr   []string // of the schedulers' health
}

// newSite builds the programs and prepares the processes without starting them.
func newSite(ctx context.Context, folder string, servers int) (*site, error) {
	s := &site{folder: folder}
	nats, schedule := filepath.Join(folder, "nats-server"), filepath.Join(folder, "schedule")
	for path, source := range map[string]string{
		nats:     "github.com/nats-io/nats-server/v2",
		schedule: "github.com/weplanx/workflow/schedule/cmd/schedule",
	} {
		out, err := exec.CommandContext(ctx, "go", "build", "-o", path, source).CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", source, err, out)
		}
	}
	ports, err := freePorts(3*servers + 3)
	if err != nil {
		return nil, err
	}
	for i := range servers {
		if err := s.addServer(nats, i, ports[:3*servers]); err != nil {
			return nil, err
		}
	}
	for i, port := range ports[3*servers:] {
		s.addScheduler(schedule, i, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	}
	return s, nil
}

func (s *site) addScheduler(path string, i int, addr string) {
	name := fmt.Sprintf("schedule-%d", i)
	s.httpAddr = append(s.httpAddr, addr)
	s.schedulers = append(s.schedulers, &process{
		name: name, path: path, log: filepath.Join(s.folder, name+".log"),
		env: append(inherited(),
			"MODE=debug", "NAMESPACE="+namespace, "HTTP_ADDR="+addr,
			"NATS_HOSTS="+strings.Join(s.urls(), ","), "NATS_REPLICAS="+strconv.Itoa(len(s.servers))),
	})
}

// inherited is the environment without what would configure a scheduler.
func inherited() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
}

func (s *site) urls() []string {
	var urls []string
	for _, server := range s.servers {
		urls = append(urls, server.url)
	}
	return urls
}

// close ends every process.
func (s *site) close() {
	for _, p := range s.schedulers {
		p.kill()
	}
	for _, server := range s.servers {
		server.kill()
	}
}

// freePorts returns ports that nothing listens on. They are below those that
// systems give to outgoing connections: a server that is away for a moment must
// get its port again.
func freePorts(n int) ([]int, error) {
	const low, high, tries = 20000, 32000, 1000
	var ports []int
	for range tries {
		port := low + rand.IntN(high-low)
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		defer listener.Close() // none is given twice
		if ports = append(ports, port); len(ports) == n {
			return ports, nil
		}
	}
	return nil, fmt.Errorf("no %d free ports between %d and %d", n, low, high)
}

package rehearse

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

// stopTimeout bounds how long a program may take to stop; the README promises
// less.
const stopTimeout = 30 * time.Second

// group is processes that run together.
type group struct {
	folder string // that they run in
	nats   string // server that they use
	all    []*process
	first  chan error // the first that ended before it was told to
}

// process is one of a group.
type process struct {
	name  string
	cmd   *exec.Cmd
	input io.Closer
	log   bytes.Buffer // read once it has ended
	done  chan struct{}
	err   error // once done is closed
}

// start runs a program with the settings of a node; its standard input stays
// open until the group is stopped.
func (g *group) start(ctx context.Context, path string, args ...string) error {
	p := &process{name: filepath.Base(path), done: make(chan struct{})}
	// Stopping is stop's business, so that the programs end in their order.
	p.cmd = exec.CommandContext(context.WithoutCancel(ctx), path, args...)
	p.cmd.Dir = g.folder
	p.cmd.Env = []string{
		"NAMESPACE=" + namespace, "NATS_HOSTS=" + g.nats, "HTTP_ADDR=127.0.0.1:0", "EGRESS_ALLOW=127.0.0.1/32",
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	input, err := p.cmd.StdinPipe()
	if err != nil {
		return err
	}
	p.input = input
	if err := p.cmd.Start(); err != nil {
		return err
	}
	if g.first == nil {
		g.first = make(chan error, 1)
	}
	g.all = append(g.all, p)
	go g.watch(p)
	return nil
}

func (g *group) watch(p *process) {
	p.err = p.cmd.Wait()
	close(p.done)
	select {
	case g.first <- fmt.Errorf("%s ended (%s) before it was told to", p.name, p.cmd.ProcessState):
	default:
	}
}

// ended is sent the first process that ends; after stop that says nothing.
func (g *group) ended() <-chan error { return g.first }

// stop ends the processes, the last one that was started first, and returns what
// did not end well. After a failure it also returns what each had to say.
func (g *group) stop(ctx context.Context, failed bool) error {
	var problems []error
	for _, p := range slices.Backward(g.all) {
		err := p.stop(ctx)
		if err == nil && failed {
			err = errors.New("stopped as asked")
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w; it said:\n%s", p.name, err, &p.log))
		}
	}
	return errors.Join(problems...)
}

// stop ends the input of a process, which is what the documents' program waits
// for, then asks a service to stop, and waits for it.
func (p *process) stop(ctx context.Context) error {
	_ = p.input.Close()
	if p.name != "run" {
		_ = p.cmd.Process.Signal(os.Interrupt)
	}
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-p.done:
		return p.err
	case <-timer.C:
	case <-ctx.Done():
	}
	_ = p.cmd.Process.Kill()
	<-p.done
	return fmt.Errorf("did not end within %v", stopTimeout)
}

//go:build unix

package fleet

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// Process is a program that can be killed, stopped, and started again with the
// same arguments. Its output is appended to one file. It is safe for concurrent
// use, but whoever starts it must be one.
type Process struct {
	Name string
	Path string
	Args []string
	Env  []string
	Log  string // file

	mu     sync.Mutex
	cmd    *exec.Cmd
	ended  chan struct{} // closed when cmd has ended
	result error         // of cmd, once it has ended
}

// Start starts a process that does not run.
func (p *Process) Start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	out, err := os.OpenFile(p.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }() // the process has its own
	cmd := exec.Command(p.Path, p.Args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.Env, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt on the terminal is for us alone
	if _, err := fmt.Fprintf(out, "--- %s starts %s\n", time.Now().UTC().Format(time.RFC3339Nano), p.Name); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	ended := make(chan struct{})
	p.cmd, p.ended = cmd, ended
	go func() {
		err := cmd.Wait()
		p.mu.Lock()
		p.result = err
		p.mu.Unlock()
		close(ended)
	}()
	return nil
}

// Signal does nothing to a process that does not run.
func (p *Process) Signal(s os.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(s) // it may have ended: then there is nothing to do
	}
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		none := make(chan struct{})
		close(none)
		return none
	}
	return p.ended
}

// Running says whether it has been started and has not ended.
func (p *Process) Running() bool {
	select {
	case <-p.Done():
		return false
	default:
		return true
	}
}

// Stall stops the process for d, or until ctx ends.
func (p *Process) Stall(ctx context.Context, d time.Duration) {
	p.Signal(syscall.SIGSTOP)
	Pause(ctx, d)
	p.Signal(syscall.SIGCONT)
}

// Kill ends the process at once and waits until it has ended.
func (p *Process) Kill() {
	p.Signal(syscall.SIGKILL)
	<-p.Done()
}

// Terminate asks the process to stop and returns how it ended; after limit it
// is killed, which is an error.
func (p *Process) Terminate(limit time.Duration) error {
	p.Signal(syscall.SIGCONT)
	p.Signal(syscall.SIGTERM)
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.Done():
	case <-timer.C:
		p.Kill()
		return fmt.Errorf("%s did not stop within %s", p.Name, limit)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.result != nil {
		return fmt.Errorf("%s: %w", p.Name, p.result)
	}
	return nil
}

// Build compiles a package to path. Flags are those of go build.
func Build(ctx context.Context, path, source string, flags ...string) error {
	args := append([]string{"build", "-o", path}, flags...)
	out, err := exec.CommandContext(ctx, "go", append(args, source)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("build %s: %w\n%s", source, err, out)
	}
	return nil
}

// Inherited is the environment without what would configure a service.
func Inherited() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "TMPDIR=" + os.TempDir()}
}

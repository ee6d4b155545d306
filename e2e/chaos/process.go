//go:build unix

package main

import (
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// process is a program that can be killed, stopped, and started again with the
// same arguments. Its output is appended to one file. It is safe for concurrent
// use, but whoever starts it must be one.
type process struct {
	name string
	path string
	args []string
	env  []string
	log  string // file

	mu     sync.Mutex
	cmd    *exec.Cmd
	ended  chan struct{} // closed when cmd has ended
	result error         // of cmd, once it has ended
}

// start starts a process that does not run.
func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.Command(p.path, p.args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt on the terminal is for us alone
	fmt.Fprintf(out, "--- %s starts %s\n", time.Now().UTC().Format(time.RFC3339Nano), p.name)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.name, err)
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

// signal does nothing to a process that does not run.
func (p *process) signal(s os.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = p.cmd.Process.Signal(s) // it may have ended: then there is nothing to do
	}
}

// done is closed when the process has ended.
func (p *process) done() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		none := make(chan struct{})
		close(none)
		return none
	}
	return p.ended
}

func (p *process) running() bool {
	select {
	case <-p.done():
		return false
	default:
		return true
	}
}

// kill ends the process at once and waits until it has ended.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.done()
}

// terminate asks the process to stop and returns how it ended; after limit it
// is killed, which is an error.
func (p *process) terminate(limit time.Duration) error {
	p.signal(syscall.SIGCONT)
	p.signal(syscall.SIGTERM)
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-p.done():
	case <-timer.C:
		p.kill()
		return fmt.Errorf("%s did not stop within %s", p.name, limit)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.result != nil {
		return fmt.Errorf("%s: %w", p.name, p.result)
	}
	return nil
}

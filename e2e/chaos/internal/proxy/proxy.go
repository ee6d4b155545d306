// Package proxy stands between a client and its NATS server and can hold back
// some of what the server delivers, while everything else passes: so a
// scheduler's view of the bucket gets old although its heartbeats and commits
// arrive as ever.
package proxy

import (
	"bufio"
	"context"
	"net"
	"strings"
	"sync"
	"time"
)

// Proxy passes connections on to one server. Its methods are safe for
// concurrent use.
type Proxy struct {
	prefix   string // of the subjects that are held back
	target   string
	listener net.Listener

	mu    sync.Mutex
	delay time.Duration
	since time.Time // of delay
	conns map[net.Conn]struct{}
	done  bool

	running sync.WaitGroup
}

// Start listens on addr for connections to target. Messages whose subject begins
// with prefix, and whatever else comes for the same subscription, are held back
// for as long as Delay says; at first that is not at all.
func Start(addr, target, prefix string) (*Proxy, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	p := &Proxy{prefix: prefix, target: target, listener: listener, conns: map[net.Conn]struct{}{}}
	p.running.Go(p.accept)
	return p, nil
}

// Addr is where the proxy listens, host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Delay holds back what comes from now on for d. It gets there gradually, half
// a second each second, and for each subscription anew: what arrives becomes
// late, but never stops arriving, which a client would notice.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay, p.since = d, time.Now()
}

// slope is how long it takes until a delay has grown by one second.
const slope = 2

// held is for how long something is held back that comes now for a subscription
// first heard of at an instant.
func (p *Proxy) held(first, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	from := p.since
	if first.After(from) {
		from = first
	}
	return min(p.delay, now.Sub(from)/slope)
}

// Close ends all connections. It may be called more than once.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.done = true
	p.listener.Close()
	for c := range p.conns {
		c.Close()
	}
	p.mu.Unlock()
	p.running.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.serve(client) })
	}
}

// keep notes a connection, to be closed by Close; false: that has been called.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.done {
		p.conns[c] = struct{}{}
	}
	return !p.done
}

func (p *Proxy) forget(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
	c.Close()
}

// serve connects a client to the server until one of the two hangs up.
func (p *Proxy) serve(client net.Conn) {
	defer p.forget(client)
	if !p.keep(client) {
		return
	}
	server, err := (&net.Dialer{Timeout: time.Second}).Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer p.forget(server)
	if !p.keep(server) {
		return
	}
	up := make(chan struct{})
	go func() {
		defer close(up)
		defer server.Close()
		_, _ = bufio.NewReader(client).WriteTo(server) // however it ends, the connection has
	}()
	p.deliver(client, server)
	client.Close()
	<-up
}

// deliver passes on what the server says.
func (p *Proxy) deliver(client, server net.Conn) {
	out := &outlet{conn: client}
	slow := map[string]*lane{}
	defer func() {
		for _, l := range slow {
			l.close()
		}
	}()
	in := bufio.NewReaderSize(server, 64<<10)
	for {
		f, err := read(in)
		if err != nil {
			return
		}
		l := slow[f.sid]
		if l == nil && f.subject != "" && strings.HasPrefix(f.subject, p.prefix) {
			l = newLane(out)
			slow[f.sid] = l
		}
		if l == nil {
			out.write(f.bytes)
			continue
		}
		now := time.Now()
		l.add(f.bytes, now.Add(p.held(l.first, now)))
	}
}

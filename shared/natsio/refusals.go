package natsio

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// refusalPatience bounds waiting until nats.go has passed on an error that it has
// already.
const refusalPatience = time.Second

// Refusals tells who has published to a subject that the connection's credential
// may not publish to. The server says so in an error that names the subject and
// answers nothing: nats.go keeps the connection's last error, which the next one
// replaces, and passes all of them to the connection's error handler, one after
// the other and a moment later. Methods are safe for concurrent use.
type Refusals struct {
	nc *nats.Conn

	mu      sync.Mutex
	under   map[string]map[*Publication]struct{} // way, by subject
	passed  error                                // the last error that came to the handler
	changed chan struct{}                        // closed and replaced when another has come
}

// Publication is a message on its way to the server.
type Publication struct {
	refusals *Refusals
	subject  string
	cancel   context.CancelFunc
	before   error // the connection's last one when it began
	refused  bool  // guarded by the mutex of refusals
}

// NewRefusals puts itself before the connection's error handler and stays there as
// long as the connection. A handler that is set later replaces it; then Refused
// goes by the connection's last error alone.
func NewRefusals(nc *nats.Conn) *Refusals {
	r := &Refusals{nc: nc, under: map[string]map[*Publication]struct{}{}, changed: make(chan struct{})}
	next := nc.ErrorHandler()
	nc.SetErrorHandler(func(nc *nats.Conn, sub *nats.Subscription, err error) {
		r.handle(err)
		if next != nil {
			next(nc, sub, err)
		}
	})
	return r
}

// Begin is called before a publish to subject. The context that it returns ends
// with ctx, and as soon as the server has refused the subject. End has to be called.
func (r *Refusals) Begin(ctx context.Context, subject string) (context.Context, *Publication) {
	ctx, cancel := context.WithCancel(ctx)
	p := &Publication{refusals: r, subject: subject, cancel: cancel}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.under[subject] == nil {
		r.under[subject] = map[*Publication]struct{}{}
	}
	r.under[subject][p] = struct{}{}
	p.before = r.nc.LastError()
	return ctx, p
}

// End ends the context of the publication.
func (p *Publication) End() {
	p.cancel()
	r := p.refusals
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.under[p.subject], p)
	if len(r.under[p.subject]) == 0 {
		delete(r.under, p.subject)
	}
}

// Refused reports whether the server has refused the subject since Begin. What it
// answers to a later flush it sends after that, so that it is known then. It blocks
// while errors of the connection are still being passed on, for a second at most.
func (p *Publication) Refused() bool {
	patience := time.NewTimer(refusalPatience)
	defer patience.Stop()
	for {
		refused, changed, passed := p.state()
		last := p.refusals.nc.LastError()
		switch {
		case refused, last != p.before && refusedSubject(last) == p.subject: //nolint:errorlint // the same one, not one of its kind
			return true
		case last == nil, last == p.before, last == passed: //nolint:errorlint // the same one
			return false
		}
		select {
		case <-changed:
		case <-patience.C:
			return false
		}
	}
}

func (p *Publication) state() (refused bool, changed <-chan struct{}, passed error) {
	r := p.refusals
	r.mu.Lock()
	defer r.mu.Unlock()
	return p.refused, r.changed, r.passed
}

// handle gets every error of the connection, in their order.
func (r *Refusals) handle(err error) {
	subject := refusedSubject(err)
	r.mu.Lock()
	defer r.mu.Unlock()
	for p := range r.under[subject] {
		p.refused = true
		p.cancel()
	}
	r.passed = err
	close(r.changed)
	r.changed = make(chan struct{})
}

// refusedSubject is the one that the server does not let us publish to, by its
// error; empty when that is about something else.
func refusedSubject(err error) string {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return ""
	}
	_, rest, _ := strings.Cut(err.Error(), "Publish to ")
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return ""
	}
	subject, _ := strconv.Unquote(quoted)
	return subject
}

// Package httpexec makes HTTP callbacks.
//
// A target is not trusted, and neither is who chose it. Which addresses may be
// reached is the [Dialer]'s business. Here everything that a target sends is
// bounded (64 KiB of headers, 64 KiB of a body, the attempt's time), nothing of
// it is followed or interpreted (redirects, compression, 1xx answers), and
// nothing of it reaches an error: those have fixed texts, because a target may
// answer with what it was sent. The one thing that is kept is the excerpt of
// the body, which jobs can switch off.
package httpexec

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Dialer makes the connections. It is called concurrently. An error that has a
// method Refused() string says by which rule the address may not be called.
type Dialer interface {
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Signer signs callbacks. It is called concurrently and keeps nothing.
type Signer interface {
	// Sign returns the value of the signature's header, empty for none.
	Sign(id string, at time.Time, body []byte) string
}

// Settings are what an executor tells targets, and which it believes.
type Settings struct {
	Namespace string
	Version   string // it calls itself "weplanx-workflow/" and this
	// URL is where targets reach this worker. Empty: they are given no URL to
	// report completions to.
	URL string
	// Roots vouch for targets' certificates. Nil: the system's.
	Roots *x509.CertPool
}

// Executor is core.Executor for mode HTTP. All calls share its connections.
type Executor struct {
	settings  Settings
	agent     string
	now       func() time.Time
	signer    Signer
	transport *http.Transport
}

// New makes an executor.
func New(s Settings, dialer Dialer, signer Signer, clock core.Clock) *Executor {
	return &Executor{settings: s, agent: "weplanx-workflow/" + s.Version, now: clock.Now, signer: signer, transport: transport(dialer, s.Roots)}
}

// Close closes the idle connections.
func (e *Executor) Close() { e.transport.CloseIdleConnections() }

// Execute implements core.Executor. The status alone decides: a success whose
// body breaks off is one. The transport is used directly, without an
// http.Client, so that redirects are answers like any other.
func (e *Executor) Execute(ctx context.Context, call core.Call) core.Answer {
	o, ok := call.Plan.Read.(*option)
	if !ok {
		o = read(call.Option)
	}
	answer := core.Answer{Verdict: core.Permanent, Class: contract.ErrorInvalid}
	if o.wrong == nil {
		answer = e.exchange(ctx, call, o)
	} else {
		answer.Error = o.wrong.Error()
	}
	answer.TraceID = contract.TraceID(call.ID)
	return answer
}

func (e *Executor) exchange(ctx context.Context, call core.Call, o *option) core.Answer {
	response, err := e.transport.RoundTrip(e.request(withDials(ctx), call, o))
	if err != nil {
		return failed(ctx, err)
	}
	defer response.Body.Close()
	answer := answered(response, o.Accept, e.now())
	answer.Accepted = call.Token != "" && accepted(response, answer)
	answer.Bytes, answer.Excerpt = consume(response, !o.NoExcerpt)
	return answer
}

// Plan implements core.Executor. The target is the host and port of the option's
// URL.
func (e *Executor) Plan(raw json.RawMessage) core.Plan {
	o := read(raw)
	return core.Plan{Target: o.target(), Read: o}
}

package httpexec

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	maxHeader        = 64 << 10 // bytes of a response's headers
	handshakeTimeout = 10 * time.Second
	idleTimeout      = 90 * time.Second
	maxIdle          = 1024
	maxIdlePerHost   = 128

	// What an HTTP/2 target may send before it is read. net/http's own limits
	// are 4 MiB and 1 GiB, for each of thousands of slow calls.
	maxBuffer     = 64 << 10 // of a response
	maxConnBuffer = 1 << 20  // of a connection
	// After what silence an HTTP/2 connection has to prove that it lives: calls
	// would be put on a dead one until the system gives it up, after minutes.
	pingAfter = 15 * time.Second
	// How many connections an attempt may open. One is the rule; more are needed
	// when the target gives up a connection before it takes the request, which
	// net/http repeats at once, as often as a target does it.
	maxDials = 4
)

// transport has no Proxy: the environment must not redirect callbacks.
func transport(dialer Dialer, roots *x509.CertPool) *http.Transport {
	return &http.Transport{
		DialContext:            bounded(dialer),
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:    handshakeTimeout,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdlePerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true, // bodies are not looked into
		ForceAttemptHTTP2:      true,
		HTTP2: &http.HTTP2Config{
			MaxReceiveBufferPerStream:     maxBuffer,
			MaxReceiveBufferPerConnection: maxConnBuffer,
			SendPingTimeout:               pingAfter,
		},
	}
}

// errDials ends an attempt that has opened maxDials connections.
var errDials = errors.New("every connection was given up by the target")

type dialsKey struct{}

// withDials bounds the connections that an attempt with this context opens.
func withDials(ctx context.Context) context.Context {
	return context.WithValue(ctx, dialsKey{}, new(atomic.Int32))
}

// bounded counts against withDials; the transport hands the values of the
// request's context on to the dialer.
func bounded(dialer Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if n, ok := ctx.Value(dialsKey{}).(*atomic.Int32); ok && n.Add(1) > maxDials {
			return nil, errDials
		}
		return dialer.DialContext(ctx, network, address)
	}
}

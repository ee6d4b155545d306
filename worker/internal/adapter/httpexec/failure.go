package httpexec

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// failed says what it means that no response came. Texts are ours or the
// system's: they hold neither the URL, nor addresses, nor what a target sent,
// which may be what it was sent.
func failed(ctx context.Context, err error) core.Answer {
	var refused interface{ Refused() string }
	if errors.As(err, &refused) {
		return core.Answer{Verdict: core.Permanent, Class: contract.ErrorEgress, Error: refused.Refused()}
	}
	class, text := classify(ctx, err)
	return core.Answer{Verdict: core.Temporary, Class: class, Error: text}
}

func classify(ctx context.Context, err error) (class, text string) {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case ctx.Err() != nil:
		return contract.ErrorTimeout, "no response in time"
	case errors.As(err, &dns) && dns.IsNotFound:
		return contract.ErrorDNS, "the host has no address"
	case errors.As(err, &dns):
		return contract.ErrorDNS, "the host cannot be looked up now"
	case errors.As(err, &op) && op.Op == "dial":
		return contract.ErrorConnect, "connect: " + system(err)
	}
	if text := secure(err); text != "" {
		return contract.ErrorTLS, "TLS: " + text
	}
	if text := broken(err); text != "" {
		return contract.ErrorNetwork, text
	}
	return contract.ErrorProtocol, malformed(err)
}

// system is what the system says of a connection.
func system(err error) string {
	var number syscall.Errno
	var timeout net.Error
	switch {
	case errors.As(err, &number):
		return number.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	}
	return "not possible"
}

// secure says why a connection could not be made secure. Empty: that is not
// what failed. What certificates say is not repeated: names in them may be
// internal ones, and a target chooses them.
func secure(err error) string {
	var (
		alert     *net.OpError
		record    tls.RecordHeaderError
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &host):
		return "the certificate is not for this host"
	case errors.As(err, &authority):
		return "the certificate is signed by an unknown authority"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate has expired or is not yet valid"
	case errors.As(err, &invalid), errors.As(err, &verify):
		return "the certificate is not valid"
	case errors.As(err, &record):
		return "the target does not speak TLS"
	case errors.As(err, &alert) && (alert.Op == "remote error" || alert.Op == "local error"):
		return strings.TrimPrefix(alert.Err.Error(), "tls: ") // one of a fixed list
	case strings.Contains(err.Error(), "TLS handshake timeout"):
		return "the handshake took too long"
	case strings.Contains(err.Error(), "tls: "), strings.Contains(err.Error(), "x509: "):
		return "the handshake failed"
	}
	return ""
}

// broken says how a connection ended too early. Empty: that is not what failed.
// Errors of HTTP/2 have no types that could be asked for.
func broken(err error) string {
	var number syscall.Errno
	text := err.Error()
	switch {
	case errors.As(err, &number):
		return number.Error()
	case errors.Is(err, errDials):
		return errDials.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, io.ErrClosedPipe),
		strings.HasPrefix(text, "http: server closed idle connection"):
		return "the connection was closed before the response"
	case strings.HasPrefix(text, "stream error: ") && strings.HasSuffix(text, "received from peer"),
		strings.HasPrefix(text, "http2: server sent GOAWAY"), strings.HasPrefix(text, "http2: Transport received"):
		return "the target gave up the request (HTTP/2)"
	case strings.HasPrefix(text, "http2: client conn"), strings.HasPrefix(text, "http2: timeout"):
		return "the connection was lost (HTTP/2)"
	}
	return ""
}

// malformed says what is wrong with an answer.
func malformed(err error) string {
	text := err.Error()
	if strings.Contains(text, "headers exceeded") || strings.Contains(text, "header list larger") ||
		strings.Contains(text, "informational responses") {
		return "the answer's headers are larger than 64 KiB"
	}
	return "the answer is not valid HTTP"
}

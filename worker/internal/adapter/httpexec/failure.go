package httpexec

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// maxError is how many bytes of an error's text are kept.
const maxError = 200

// failed says what it means that no response came. Texts hold neither the URL
// nor addresses.
func failed(ctx context.Context, err error) core.Answer {
	class, text := classify(ctx, err)
	if len(text) > maxError {
		text = text[:maxError]
	}
	return core.Answer{Verdict: core.Temporary, Class: class, Error: strings.ToValidUTF8(text, "")}
}

func classify(ctx context.Context, err error) (class, text string) {
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		return contract.ErrorTimeout, "no response in time"
	case errors.As(err, &dns) && dns.IsNotFound:
		return contract.ErrorDNS, "the host has no address"
	case errors.As(err, &dns):
		return contract.ErrorDNS, "the host cannot be looked up now"
	case isTLS(err):
		return contract.ErrorConnect, "TLS: " + strings.TrimPrefix(bare(err), "tls: ")
	case errors.As(err, &op) && op.Op == "dial":
		return contract.ErrorConnect, "connect: " + bare(err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return contract.ErrorNetwork, "the connection was closed before the response"
	}
	return contract.ErrorNetwork, bare(err)
}

// isTLS: an alert that the other side sent has a type of its own that crypto/tls
// does not export.
func isTLS(err error) bool {
	var (
		alert     tls.AlertError
		record    tls.RecordHeaderError
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	return errors.As(err, &alert) || errors.As(err, &record) || errors.As(err, &verify) ||
		errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid) ||
		strings.Contains(err.Error(), "TLS handshake") || strings.HasPrefix(bare(err), "tls: ")
}

// bare takes off the layers that name the URL or the addresses.
func bare(err error) string {
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	var op *net.OpError
	for errors.As(err, &op) {
		err = op.Err
	}
	var call *os.SyscallError
	if errors.As(err, &call) {
		err = call.Err
	}
	var addr *net.AddrError
	if errors.As(err, &addr) {
		return addr.Err
	}
	return err.Error()
}

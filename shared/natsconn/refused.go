package natsconn

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/nats-io/nats.go"
)

// refused returns what is wrong with the settings when err means that a server
// answered and will not have them, else nil.
func refused(err error, s *settings) error {
	var (
		verification *tls.CertificateVerificationError
		unknown      x509.UnknownAuthorityError
		hostname     x509.HostnameError
		record       tls.RecordHeaderError
		alert        tls.AlertError
	)
	is := func(targets ...error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
	switch {
	case is(nats.ErrNkeysNotSupported):
		return s.names.Error(varNkey, "the server has no NKEY authentication, want none, or a server that knows this user")
	case is(nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired):
		return s.refusedCredential()
	case errors.As(err, &hostname):
		return s.names.Error(varHosts, "the server's certificate is for another host, want a host it names")
	case errors.As(err, &unknown):
		return s.names.Error(varCA, "the server's certificate is from an unknown authority, want the PEM file of its authority")
	case errors.As(err, &verification):
		return s.names.Error(varCA, "the server's certificate is not valid ("+verification.Err.Error()+"), want the PEM file of its authority")
	case is(nats.ErrSecureConnWanted), errors.As(err, &record):
		return s.names.Error(varHosts, "the server does not speak TLS, want nats:// and no NATS_CA, NATS_CERT, NATS_KEY, or a server with TLS")
	case errors.As(err, &alert), isRemoteAlert(err):
		return s.names.Error(varCert, "the server refused the TLS handshake ("+err.Error()+"), want a certificate that it accepts")
	}
	return nil
}

func (s *settings) refusedCredential() error {
	switch c := s.config; {
	case c.Nkey != "":
		return s.names.Error(varNkey, "the server refused it, want the seed (SU…) of a user that the server knows")
	case c.Creds != "":
		return s.names.Error(varCreds, "the server refused it, want the file of a user that the server knows")
	case c.Cert != "":
		return s.names.Error(varCert, "the server refused it, want the certificate of a user that the server knows")
	case c.HasCredential():
		return s.names.Error(varHosts, "the server refused its user name or password")
	}
	return s.names.Error(varNkey, "is missing, the server wants a credential: NATS_NKEY (a user seed, SU…), NATS_CREDS or NATS_CERT and NATS_KEY")
}

package tracing

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"github.com/weplanx/workflow/shared/setting"
)

// maxMilliseconds is the longest time that can be set.
const maxMilliseconds = 3_600_000

func (c choice) milliseconds(otherwise time.Duration) (time.Duration, error) {
	n, err := c.count("milliseconds", int(otherwise/time.Millisecond), maxMilliseconds)
	return time.Duration(n) * time.Millisecond, err
}

// count reads a number from 1 to most; otherwise is that of an empty one.
func (c choice) count(unit string, otherwise, most int) (int, error) {
	if c.value == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(c.value))
	if err != nil || n < 1 || n > most {
		return 0, c.wrong("is " + setting.Quote(c.value) + ", want a whole number of " + unit + " from 1 to " + strconv.Itoa(most))
	}
	return n, nil
}

// pair is a member of a list.
type pair struct{ name, value string }

// pairs reads a list of name=value whose values are percent-encoded. Nothing of a
// wrong one is repeated: it may be a secret.
func (c choice) pairs(isName func(string) bool) (all []pair, err error) {
	for member := range strings.SplitSeq(c.value, ",") {
		if strings.TrimSpace(member) == "" {
			continue
		}
		name, value, found := strings.Cut(member, "=")
		name = strings.TrimSpace(name)
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !found || err != nil || !isName(name) || strings.ContainsFunc(value, isControl) {
			return nil, c.wrong("has a member that is not name=value, want those, separated by commas, values percent-encoded")
		}
		all = append(all, pair{name, value})
	}
	return all, nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// isToken: RFC 9110, section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !alnum && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}

func (s *Settings) readHeaders(p *plan) error {
	all, err := either("HEADERS", s.TracesHeaders, s.Headers).pairs(isToken)
	p.headers = map[string]string{} // not nil: what is left out must not come from elsewhere
	for _, h := range all {
		p.headers[h.name] = h.value
	}
	return err
}

func (s *Settings) readAttributes(p *plan) error {
	all, err := choice{varAttributes, s.Attributes}.pairs(func(name string) bool { return name != "" })
	for _, a := range all {
		p.attributes = append(p.attributes, attribute.String(a.name, a.value))
	}
	return err
}

// readTLS reads the files for a collector that is called by https.
func (s *Settings) readTLS(p *plan) error {
	ca := either("CERTIFICATE", s.TracesCA, s.CA)
	cert, key := either("CLIENT_CERTIFICATE", s.TracesCert, s.Cert), either("CLIENT_KEY", s.TracesKey, s.Key)
	if p.endpoint.Scheme != "https" || ca.value+cert.value+key.value == "" {
		return nil
	}
	p.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	if ca.value != "" {
		pem, err := ca.file()
		if err != nil {
			return err
		}
		p.tls.RootCAs = x509.NewCertPool()
		if !p.tls.RootCAs.AppendCertsFromPEM(pem) {
			return ca.wrong("file holds no certificate, want a PEM file of certificates")
		}
	}
	if cert.value+key.value == "" {
		return nil
	}
	return p.identify(cert, key)
}

// identify reads the client's own certificate.
func (p *plan) identify(cert, key choice) error {
	for _, half := range []choice{cert, key} {
		if half.value == "" {
			return half.wrong("is missing, want the PEM files of a certificate and of its private key")
		}
	}
	public, err := cert.file()
	if err != nil {
		return err
	}
	private, err := key.file()
	if err != nil {
		return err
	}
	both, err := tls.X509KeyPair(public, private)
	if err != nil {
		return cert.wrong("and " + key.name + " are not a certificate and its private key (PEM)")
	}
	p.tls.Certificates = []tls.Certificate{both}
	return nil
}

func (c choice) file() ([]byte, error) {
	data, err := os.ReadFile(c.value)
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if err != nil {
		return nil, c.wrong("file " + setting.Quote(c.value) + " cannot be read: " + err.Error() + ", want a PEM file")
	}
	return data, nil
}

package natsconn

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/nats-io/nkeys"

	"github.com/weplanx/workflow/shared/setting"
)

// Variables under which the settings are known in the environment.
const (
	varHosts    = "NATS_HOSTS"
	varNkey     = "NATS_NKEY"
	varCreds    = "NATS_CREDS"
	varCA       = "NATS_CA"
	varCert     = "NATS_CERT"
	varKey      = "NATS_KEY"
	varInbox    = "NATS_INBOX"
	varReplicas = "NATS_REPLICAS"
)

// Config says how to reach NATS.
type Config struct {
	Hosts    []string `envconfig:"NATS_HOSTS" desc:"servers, comma-separated: host[:port] or URL of scheme nats, tls, ws or wss; required"`
	Nkey     string   `envconfig:"NATS_NKEY" desc:"user seed (SU…)"` // a secret
	Creds    string   `envconfig:"NATS_CREDS" desc:"credentials file, instead of an NKEY"`
	CA       string   `envconfig:"NATS_CA" desc:"PEM file of the authorities to trust"`
	Cert     string   `envconfig:"NATS_CERT" desc:"PEM file of the client's certificate"`
	Key      string   `envconfig:"NATS_KEY" desc:"PEM file of its private key"`
	Inbox    string   `envconfig:"NATS_INBOX" desc:"prefix of the subjects that answers come to; empty: _INBOX"`
	Replicas int      `envconfig:"NATS_REPLICAS" desc:"of the streams it creates, 1 to 5; 0: as many as the cluster allows, at most 3"`

	names setting.Names
}

// Named makes errors about c use the names that the user knows.
func (c *Config) Named(names setting.Names) { c.names = names }

// HasCredential says whether c holds something that a server can recognise
// the client by.
func (c *Config) HasCredential() bool {
	if c.Nkey != "" || c.Creds != "" || c.Cert != "" {
		return true
	}
	for _, host := range c.Hosts {
		if u, err := parseHost(host); err == nil && u.User != nil {
			return true
		}
	}
	return false
}

// Check reads the files that c names and refuses what could never connect.
// The error is a *setting.Error.
func (c *Config) Check() error {
	if _, err := c.options(); err != nil {
		return err
	}
	return nil
}

// checkInbox refuses what is no subject to publish to. A prefix by which
// permissions tell users apart, such as _INBOX.worker, keeps one from reading
// the answers to another.
func (c *Config) checkInbox() *setting.Error {
	for token := range strings.SplitSeq(c.Inbox, ".") {
		if c.Inbox != "" && (token == "" || strings.ContainsAny(token, "*> \t\r\n\f")) {
			return c.names.Error(varInbox, "is "+setting.Quote(c.Inbox)+", want a subject without wildcards, such as _INBOX.worker")
		}
	}
	return nil
}

const wantHosts = "want host:port, several separated by commas, each alone or after nats://, tls://, ws:// or wss://"

// urls returns Hosts as URLs.
func (c *Config) urls() ([]*url.URL, *setting.Error) {
	if len(c.Hosts) == 0 {
		return nil, c.names.Error(varHosts, "is missing, "+wantHosts)
	}
	urls := make([]*url.URL, len(c.Hosts))
	web := 0
	for i, host := range c.Hosts {
		u, err := parseHost(host)
		if err != nil {
			return nil, c.names.Error(varHosts, err.Error()+", "+wantHosts)
		}
		if u.Scheme == "ws" || u.Scheme == "wss" {
			web++
		}
		urls[i] = u
	}
	if web != 0 && web != len(urls) {
		return nil, c.names.Error(varHosts, "mixes ws:// with other schemes, want all or none of them")
	}
	return urls, nil
}

// parseHost never repeats a host that may hold a password.
func parseHost(host string) (*url.URL, error) {
	host = strings.TrimSpace(host)
	if host == "" {
		return nil, errors.New("has an empty member")
	}
	if !strings.Contains(host, "://") {
		host = "nats://" + host
	}
	u, err := url.Parse(host)
	if err != nil {
		return nil, errors.New("has a member that is not a host")
	}
	show := setting.Quote(u.Host)
	switch u.Scheme {
	case "nats", "tls", "ws", "wss":
	default:
		return nil, fmt.Errorf("has scheme %s", setting.Quote(u.Scheme))
	}
	switch {
	case u.Hostname() == "" || strings.ContainsAny(u.Host, " <>*,;\\\"'"):
		return nil, fmt.Errorf("has member %s, which is not a host", show)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("has member %s with something after the port", show)
	case strings.HasSuffix(u.Host, ":"):
		return nil, fmt.Errorf("has member %s without a port", show)
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, fmt.Errorf("has member %s whose port is not 1 to 65535", show)
		}
	}
	return u, nil
}

// keyPair returns the pair of keys of a user seed.
func (c *Config) keyPair() (nkeys.KeyPair, *setting.Error) {
	const want = "want a user seed (SU…, 58 characters)"
	seed := []byte(strings.TrimSpace(c.Nkey))
	prefix, _, err := nkeys.DecodeSeed(seed)
	switch {
	case err != nil && nkeys.IsValidPublicKey(string(seed)):
		return nil, c.names.Error(varNkey, "is a public key, "+want)
	case err != nil:
		return nil, c.names.Error(varNkey, "is not a seed, "+want)
	case prefix != nkeys.PrefixByteUser:
		return nil, c.names.Error(varNkey, "is the seed of "+prefix.String()+", "+want)
	}
	pair, err := nkeys.FromSeed(seed)
	if err != nil {
		return nil, c.names.Error(varNkey, "is not a seed, "+want)
	}
	return pair, nil
}

func (c *Config) checkCreds() *setting.Error {
	const want = "want a file as written by nsc or nats auth"
	data, err := os.ReadFile(c.Creds)
	if err != nil {
		return c.names.Error(varCreds, fileProblem(err)+", "+want)
	}
	if _, err := nkeys.ParseDecoratedJWT(data); err != nil {
		return c.names.Error(varCreds, "file holds no user JWT, "+want)
	}
	if _, err := nkeys.ParseDecoratedUserNKey(data); err != nil {
		return c.names.Error(varCreds, "file holds no user seed, "+want)
	}
	return nil
}

// tls returns nil when no setting asks for it (a server may still require it).
func (c *Config) tls() (*tls.Config, *setting.Error) {
	if c.CA == "" && c.Cert == "" && c.Key == "" {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		pem, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, c.names.Error(varCA, fileProblem(err)+", want a PEM file of certificates")
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, c.names.Error(varCA, "file holds no certificate, want a PEM file of certificates")
		}
	}
	switch {
	case c.Cert == "" && c.Key == "":
		return config, nil
	case c.Cert == "":
		return nil, c.names.Error(varCert, "is missing, want the certificate that belongs to NATS_KEY")
	case c.Key == "":
		return nil, c.names.Error(varKey, "is missing, want the private key that belongs to NATS_CERT")
	}
	pair, err := c.certificate()
	if err != nil {
		return nil, err
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

func (c *Config) certificate() (tls.Certificate, *setting.Error) {
	var none tls.Certificate
	cert, err := os.ReadFile(c.Cert)
	if err != nil {
		return none, c.names.Error(varCert, fileProblem(err)+", want a PEM file of a certificate")
	}
	key, err := os.ReadFile(c.Key)
	if err != nil {
		return none, c.names.Error(varKey, fileProblem(err)+", want a PEM file of a private key")
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return none, c.names.Error(varCert, "and NATS_KEY are not a certificate and its private key (PEM)")
	}
	return pair, nil
}

// fileProblem words an error of os.ReadFile without repeating its operation.
func fileProblem(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return "file " + setting.Quote(path.Path) + " cannot be read: " + path.Err.Error()
	}
	return "file cannot be read"
}

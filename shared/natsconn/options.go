package natsconn

import (
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/shared/setting"
)

// dialTimeout bounds one attempt with one server. A refused credential has to
// be found out within 15 s although other servers may not answer at all.
const dialTimeout = 2 * time.Second

// settings are a checked Config.
type settings struct {
	hosts    []string       // to dial; may hold passwords
	redacted string         // to log
	secure   []nats.Option  // credential and TLS
	names    *setting.Names // for errors
	config   *Config

	mu   sync.Mutex
	said time.Time // that no server can be reached
}

// options checks everything that can be checked without a server.
func (c *Config) options() (*settings, error) {
	s := &settings{config: c, names: &c.names}
	urls, bad := c.urls()
	if bad != nil {
		return nil, bad
	}
	s.addHosts(urls)
	for _, add := range []func(*Config) *setting.Error{s.addNkey, s.addCreds, s.addTLS} {
		if bad := add(c); bad != nil {
			return nil, bad
		}
	}
	if bad := c.checkInbox(); bad != nil {
		return nil, bad
	}
	if c.Replicas < 0 || c.Replicas > 5 {
		return nil, c.names.Error(varReplicas, "is "+strconv.Itoa(c.Replicas)+", want 1 to 5, or 0 for as many as the cluster allows, at most 3")
	}
	return s, nil
}

func (s *settings) addHosts(urls []*url.URL) {
	shown := make([]string, len(urls))
	for i, u := range urls {
		s.hosts = append(s.hosts, u.String())
		shown[i] = u.Host
	}
	s.redacted = strings.Join(shown, ",")
}

func (s *settings) addNkey(c *Config) *setting.Error {
	if c.Nkey == "" {
		return nil
	}
	if c.Creds != "" {
		return c.names.Error(varCreds, "is set beside NATS_NKEY, want one of them")
	}
	pair, bad := c.keyPair()
	if bad != nil {
		return bad
	}
	public, err := pair.PublicKey()
	if err != nil {
		return c.names.Error(varNkey, "has no public key, want a user seed (SU…)")
	}
	s.secure = append(s.secure, nats.Nkey(public, pair.Sign))
	return nil
}

func (s *settings) addCreds(c *Config) *setting.Error {
	if c.Creds == "" {
		return nil
	}
	if bad := c.checkCreds(); bad != nil {
		return bad
	}
	s.secure = append(s.secure, nats.UserCredentials(c.Creds))
	return nil
}

func (s *settings) addTLS(c *Config) *setting.Error {
	config, bad := c.tls()
	if bad != nil {
		return bad
	}
	if config != nil {
		s.secure = append(s.secure, nats.Secure(config))
	}
	return nil
}

// probe are the options of a connection that is only there to be refused.
func (s *settings) probe() []nats.Option {
	return append([]nats.Option{
		nats.Timeout(dialTimeout), nats.NoReconnect(), nats.RetryOnFailedConnect(false),
	}, s.secure...)
}

// lasting are the options of the connection that is handed out.
func (s *settings) lasting(name string, log *logrus.Logger) []nats.Option {
	options := append([]nats.Option{
		nats.Name(name),
		nats.Timeout(dialTimeout),
		nats.RetryOnFailedConnect(false),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(500 * time.Millisecond),
		nats.ReconnectJitter(250*time.Millisecond, 500*time.Millisecond),
		nats.PingInterval(10 * time.Second),
		nats.MaxPingsOutstanding(2),
		nats.DrainTimeout(5 * time.Second),
		nats.FlusherTimeout(5 * time.Second), // of a write to a server that does not read
		// A credential that is revoked for a while must not end the service.
		nats.IgnoreAuthErrorAbort(),
		// While disconnected a publish fails at once. Were it kept and sent
		// after the reconnect, a batch that its sender has given up, and whose
		// outcome it has read back from the stream, could still arrive.
		nats.ReconnectBufSize(-1),
		nats.DisconnectErrHandler(func(nc *nats.Conn, err error) {
			if err == nil && nc.IsClosed() {
				return // that was us
			}
			log.WithFields(logrus.Fields{"hosts": s.redacted, "error": text(err)}).Warn("nats disconnected")
		}),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) {
			s.unreachable(log, err)
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			log.WithField("server", nc.ConnectedAddr()).Info("nats reconnected")
		}),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			entry := log.WithField("error", text(err))
			if sub != nil {
				entry = entry.WithField("subject", sub.Subject)
			}
			entry.Warn("nats error")
		}),
	}, s.secure...)
	if s.config.Inbox != "" {
		options = append(options, nats.CustomInboxPrefix(s.config.Inbox))
	}
	return options
}

// unreachable says that no server can be reached, every few seconds only.
func (s *settings) unreachable(log *logrus.Logger, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.said) < sayEvery {
		return
	}
	s.said = time.Now()
	log.WithFields(logrus.Fields{"hosts": s.redacted, "error": text(err)}).Warn("nats unreachable, waiting")
}

func text(err error) string {
	if err == nil {
		return "closed"
	}
	return err.Error()
}

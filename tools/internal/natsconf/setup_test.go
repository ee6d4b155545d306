package natsconf_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
	"github.com/weplanx/workflow/tools/internal/natsconf"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

// site are servers that run on a generated configuration.
type site struct {
	folder    string
	authority string // that clients have to trust; empty: they speak no TLS
	servers   []*natstest.Server
}

// alone is a configuration for one server.
func alone(namespaces ...string) natsconf.Site {
	return natsconf.Site{Namespaces: namespaces, Nodes: []string{"a.nats"}, TLS: natsconf.TLSOff, Folder: "/etc/nats", Store: "/data"}
}

// start writes a site and runs it: as one server, or as several. Accounts and
// certificates are those that were written; ports and folders are the test's.
func start(t *testing.T, s natsconf.Site) *site {
	t.Helper()
	folder := t.TempDir()
	s.Folder = folder
	if _, err := natsconf.Write(folder, s); err != nil {
		t.Fatal(err)
	}
	written := natstest.WithOptions(func(o *server.Options) {
		loaded := load(t, filepath.Join(folder, s.Nodes[0]+".conf")) // its certificate is for this machine too
		o.Accounts, o.Nkeys, o.SystemAccount = loaded.Accounts, loaded.Nkeys, loaded.SystemAccount
		o.TLS, o.TLSConfig, o.TLSTimeout = loaded.TLS, loaded.TLSConfig, loaded.TLSTimeout
		o.Cluster.TLSConfig, o.Cluster.TLSTimeout = loaded.Cluster.TLSConfig, loaded.Cluster.TLSTimeout
	})
	made := &site{folder: folder}
	if s.TLS == natsconf.TLSAll {
		made.authority = filepath.Join(folder, "tls", "ca.pem")
	}
	if len(s.Nodes) > 1 {
		made.servers = natstest.StartCluster(t, len(s.Nodes), written)
	} else {
		made.servers = []*natstest.Server{natstest.Start(t, written)}
	}
	return made
}

func load(t *testing.T, file string) *server.Options {
	t.Helper()
	options, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(file), err)
	}
	return options
}

// seed is that of a user, for example "beta.worker".
func (s *site) seed(t *testing.T, user string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.folder, "seeds", user+".nk"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(data))
}

// connect opens a connection of a user. Its inbox is the role's.
func (s *site) connect(t *testing.T, user string) *nats.Conn {
	t.Helper()
	return s.connectTo(t, 0, user)
}

func (s *site) connectTo(t *testing.T, server int, user string) *nats.Conn {
	t.Helper()
	return s.servers[server].Connect(t, s.credential(t, user)...)
}

// credential is what a user connects with.
func (s *site) credential(t *testing.T, user string) []nats.Option {
	t.Helper()
	pair, err := nkeys.FromSeed([]byte(s.seed(t, user)))
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	options := []nats.Option{nats.Nkey(public, pair.Sign)}
	if _, role, ok := strings.Cut(user, "."); ok && role != natsconf.RoleClient {
		options = append(options, nats.CustomInboxPrefix("_INBOX."+role))
	}
	if s.authority != "" {
		options = append(options, nats.RootCAs(s.authority))
	}
	return options
}

// prepare makes a namespace's streams, and the consumer of its workers.
func (s *site) prepare(t *testing.T, namespace string) {
	t.Helper()
	js, err := jetstream.New(s.connect(t, namespace+".admin"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := topology.Ensure(t.Context(), js, contract.Names(namespace), 0); err != nil {
		t.Fatalf("prepare %s: %v", namespace, err)
	}
}

// patience bounds every wait of these tests.
const patience = time.Minute

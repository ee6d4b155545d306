package natsconf_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/tools/internal/natsconf"
)

func cluster(namespaces ...string) natsconf.Site {
	return natsconf.Site{
		Namespaces: namespaces, Nodes: []string{"a.nats", "b.nats", "c.nats"}, Cluster: "workflow",
		TLS: natsconf.TLSAll, Folder: "/etc/nats", Store: "/data", Monitor: "127.0.0.1:8222",
	}
}

// write writes a site below folder and returns its files with their content.
func write(t *testing.T, folder string, s natsconf.Site) map[string]string {
	t.Helper()
	s.Folder = folder
	names, err := natsconf.Write(folder, s)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(data)
	}
	return files
}

func TestSecretsAreTheOwnersOnly(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	files := write(t, folder, cluster("beta"))
	for name, content := range files {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		secret := strings.HasPrefix(name, "seeds/") || strings.HasSuffix(name, ".key")
		if want := map[bool]fs.FileMode{true: 0o600, false: 0o644}[secret]; info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", name, info.Mode().Perm(), want)
		}
		if !secret && (strings.Contains(content, "PRIVATE") || holdsSeed(content)) {
			t.Errorf("%s holds a secret", name)
		}
	}
	for _, name := range []string{"seeds/beta.schedule.nk", "seeds/beta.worker.env", "seeds/beta.client.nk", "seeds/beta.admin.nk", "seeds/sys.nk"} {
		if !holdsSeed(strings.TrimPrefix(files[name], "NATS_NKEY=")) {
			t.Errorf("%s holds no seed", name)
		}
	}
	if info, err := os.Stat(filepath.Join(folder, "seeds")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of seeds: %v, %v; want mode 700", info.Mode(), err)
	}
}

// seed is that of a user: 58 characters of base32, which the base64 of certificates
// does not have in a row.
var seed = regexp.MustCompile(`\bSU[A-Z2-7]{56}\b`)

func holdsSeed(text string) bool {
	return seed.MatchString(text)
}

func TestWritingAgainKeepsWhatIsInUse(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	before := write(t, folder, cluster("beta"))
	after := write(t, folder, cluster("gamma"))
	for name, content := range before {
		if now, err := os.ReadFile(filepath.Join(folder, name)); name != "accounts.conf" && (err != nil || string(now) != content) {
			t.Errorf("%s has changed: %v", name, err)
		}
	}
	for _, want := range []string{`include "accounts/beta.conf"`, `include "accounts/gamma.conf"`} {
		if !strings.Contains(after["accounts.conf"], want) {
			t.Errorf("accounts.conf does not %s", want)
		}
	}
	if again := write(t, folder, cluster("beta", "gamma")); again["accounts.conf"] != after["accounts.conf"] {
		t.Error("accounts.conf is not the same, written twice")
	}
	if err := os.Remove(filepath.Join(folder, "tls", "a.nats.pem")); err != nil {
		t.Fatal(err)
	}
	renewed := write(t, folder, cluster("beta"))
	if renewed["tls/a.nats.pem"] == before["tls/a.nats.pem"] || renewed["tls/b.nats.pem"] != "" {
		t.Error("want the certificate that was removed made anew, and no other")
	}
	load(t, filepath.Join(folder, "a.nats.conf")) // reads the key pair
}

func TestNodes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, cluster("beta"))
	for _, node := range []string{"a.nats", "b.nats", "c.nats"} {
		o := load(t, filepath.Join(folder, node+".conf"))
		if o.ServerName != node || o.Cluster.Name != "workflow" || len(o.Routes) != 2 || !o.JetStream || o.StoreDir != "/data" {
			t.Errorf("%s: name %q, cluster %q, %d routes, JetStream %v in %q", node, o.ServerName, o.Cluster.Name, len(o.Routes), o.JetStream, o.StoreDir)
		}
		if o.TLSConfig == nil || o.Cluster.TLSConfig == nil || o.Cluster.TLSConfig.ClientCAs == nil {
			t.Errorf("%s: want TLS for clients, and certificates asked of other servers", node)
		}
		if o.Port != 4222 || o.Cluster.Port != 6222 || o.HTTPHost != "127.0.0.1" || o.HTTPPort != 8222 {
			t.Errorf("%s: ports %d, %d, %s:%d", node, o.Port, o.Cluster.Port, o.HTTPHost, o.HTTPPort)
		}
		if c := o.Cluster; c.PingInterval != 2*time.Second || c.MaxPingsOut != 2 || c.WriteDeadline != 2*time.Second {
			t.Errorf("%s: pings of other servers each %s, %d in a row, writes of %s; want a silent server given up soon", node, c.PingInterval, c.MaxPingsOut, c.WriteDeadline)
		}
		for _, name := range []string{"a.nats", "b.nats", "c.nats", "localhost", "127.0.0.1"} {
			if err := o.TLSConfig.Certificates[0].Leaf.VerifyHostname(name); err != nil {
				t.Errorf("%s: who knows it by its address, and began with %s, does not trust it: %v", node, name, err)
			}
		}
		if names := accountNames(o); !slices.Equal(names, []string{"SYS", "beta.client", "beta.engine"}) {
			t.Errorf("%s: accounts %q", node, names)
		}
	}
}

func accountNames(o *server.Options) (names []string) {
	for _, a := range o.Accounts {
		names = append(names, a.Name)
	}
	slices.Sort(names)
	return names
}

func TestTLSOfRoutesOnly(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	s := cluster("beta")
	s.TLS = natsconf.TLSRoutes
	write(t, folder, s)
	if o := load(t, filepath.Join(folder, "b.nats.conf")); o.TLSConfig != nil || o.Cluster.TLSConfig == nil {
		t.Error("want TLS between servers, and none for clients")
	}
}

func TestRefusesSites(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*natsconf.Site)
		want   string
	}{
		"no namespace":        {func(s *natsconf.Site) { s.Namespaces = nil }, "-namespace: is missing"},
		"bad namespace":       {func(s *natsconf.Site) { s.Namespaces = []string{"a.b"} }, `-namespace: "a.b"`},
		"two nodes":           {func(s *natsconf.Site) { s.Nodes = s.Nodes[:2] }, "-nodes: are 2"},
		"node twice":          {func(s *natsconf.Site) { s.Nodes[1] = "a.nats" }, "is there twice"},
		"node with a port":    {func(s *natsconf.Site) { s.Nodes[1] = "a.nats:4222" }, "want host names"},
		"node with a folder":  {func(s *natsconf.Site) { s.Nodes[1] = "../a" }, "want host names"},
		"node named as a CA":  {func(s *natsconf.Site) { s.Nodes[1] = "ca" }, "name of another file"},
		"open cluster":        {func(s *natsconf.Site) { s.TLS = natsconf.TLSOff }, "anybody could join"},
		"unknown TLS":         {func(s *natsconf.Site) { s.TLS = "some" }, "want all, routes or off"},
		"quote in the store":  {func(s *natsconf.Site) { s.Store = `a"` }, "-store"},
		"line break in names": {func(s *natsconf.Site) { s.Cluster = "a\nb" }, "-cluster"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder, s := t.TempDir(), cluster("beta")
			test.change(&s)
			if _, err := natsconf.Write(folder, s); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if entries, err := os.ReadDir(folder); err != nil || len(entries) != 0 {
				t.Errorf("something was written: %v, %v", entries, err)
			}
		})
	}
}

func TestRefusesForeignSeeds(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, "seeds"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "seeds", "beta.worker.nk"), []byte("not a seed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := natsconf.Write(folder, cluster("beta")); err == nil || !strings.Contains(err.Error(), "seeds/beta.worker.nk: is not the seed of a user") {
		t.Errorf("got %v, want it to name the file", err)
	}
}

// deploy/nats/permissions.md is what natsconf -doc prints.
func TestDocumentIsFresh(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../../deploy/nats/permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(data) != natsconf.Document() {
		t.Error("deploy/nats/permissions.md is not fresh; run: go run ./tools/cmd/natsconf -doc >deploy/nats/permissions.md")
	}
}

// Every grant tells its reason, and names its namespace.
func TestGrants(t *testing.T) {
	t.Parallel()
	for _, role := range natsconf.Roles("beta", false) {
		for _, list := range [][]natsconf.Grant{role.Publish, role.Deny, role.Subscribe} {
			for _, g := range list {
				if g.Why == "" || strings.ContainsAny(g.Why, "\r\n|") {
					t.Errorf("%s: %s: reason %q", role.Name, g.Subject, g.Why)
				}
				if g.Via != natsconf.Local && role.Account != natsconf.Client {
					t.Errorf("%s: %s leads through the wall, though the role is in the engine's account", role.Name, g.Subject)
				}
			}
		}
		for _, g := range role.Publish {
			writes := strings.HasPrefix(g.Subject, "beta.triggers") || strings.HasPrefix(g.Subject, "beta.cursors")
			if writes && role.Name != natsconf.RoleSchedule {
				t.Errorf("%s may publish to %s", role.Name, g.Subject)
			}
			named := strings.Contains(g.Subject, "beta") || strings.HasPrefix(g.Subject, "$SRV.") || slices.Contains(withoutNamespace, g.Subject)
			if !named {
				t.Errorf("%s may publish to %s, which names no namespace", role.Name, g.Subject)
			}
			for _, stream := range []string{contract.Names("beta").TriggerStream(), contract.Names("beta").BucketStream(), "beta_results"} {
				if unfiltered := "$JS.API.CONSUMER.CREATE." + stream; g.Subject == unfiltered || g.Subject == unfiltered+".*" || g.Subject == unfiltered+".>" {
					t.Errorf("%s may make consumers without a filter: %s", role.Name, g.Subject)
				}
			}
		}
	}
}

var withoutNamespace = []string{"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST"}

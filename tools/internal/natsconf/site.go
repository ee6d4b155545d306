package natsconf

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// TLS says which connections of the servers are encrypted.
type TLS string

// Choices of TLS.
const (
	TLSAll    TLS = "all"    // clients' and those between servers
	TLSRoutes TLS = "routes" // only those between servers
	TLSOff    TLS = "off"    // none; only for a server that is alone
)

// Site is what to write.
type Site struct {
	Namespaces []string // to add, or to write anew
	Nodes      []string // the servers: hosts by which clients and the others reach them
	Cluster    string   // name of the cluster, when there are several nodes
	Prepared   bool     // schedulers may not make streams; the admin does
	TLS        TLS
	Folder     string // where the files will be on the servers
	Store      string // where the servers keep their data
	Monitor    string // address of the HTTP monitoring port; empty: none
}

// Ports of a server.
const (
	clientPort = "4222"
	routePort  = "6222"
)

// Check refuses what would make no working configuration. Errors are one line
// and name the flag.
func (s *Site) Check() error {
	for _, name := range s.Namespaces {
		if err := contract.CheckNamespace(name); err != nil {
			return fmt.Errorf("-namespace: %q, want 1 to 32 characters of A-Z a-z 0-9 _ -", name)
		}
	}
	for i, node := range s.Nodes {
		if node == "" || strings.ContainsAny(node, " \t\r\n\"'/\\:;{}") {
			return fmt.Errorf("-nodes: %q, want host names, separated by commas", node)
		}
		if node+".conf" == accountsFile || node+".pem" == authorityFile {
			return fmt.Errorf("-nodes: %q is the name of another file, want another host name", node)
		}
		if slices.Contains(s.Nodes[:i], node) {
			return fmt.Errorf("-nodes: %q is there twice", node)
		}
	}
	for _, f := range [][2]string{{"-cluster", s.Cluster}, {"-dir", s.Folder}, {"-store", s.Store}, {"-monitor", s.Monitor}} {
		if strings.ContainsAny(f[1], "\"\\\r\n") {
			return fmt.Errorf("%s: %q, want it without quotes, backslashes and line breaks", f[0], f[1])
		}
	}
	return s.checkShape()
}

func (s *Site) checkShape() error {
	switch {
	case len(s.Namespaces) == 0:
		return errors.New("-namespace: is missing, want at least one")
	case len(s.Nodes) != 1 && len(s.Nodes) != 3 && len(s.Nodes) != 5:
		return fmt.Errorf("-nodes: are %d, want 1, 3 or 5", len(s.Nodes))
	case s.TLS != TLSAll && s.TLS != TLSRoutes && s.TLS != TLSOff:
		return fmt.Errorf("-tls: is %q, want all, routes or off", s.TLS)
	case s.TLS == TLSOff && len(s.Nodes) > 1:
		return errors.New("-tls: is off, want all or routes: anybody could join the cluster")
	}
	return nil
}

// text is a configuration file that is being written.
type text struct{ strings.Builder }

func (t *text) line(depth int, format string, args ...any) {
	t.WriteString(strings.Repeat("  ", depth))
	_, _ = fmt.Fprintf(t, format, args...) // a builder takes everything
	t.WriteByte('\n')
}

// node is the configuration of one server.
func (s *Site) node(host string) string {
	var t text
	t.line(0, "# NATS server %s. Start it with: nats-server -c %s/%s.conf", host, s.Folder, host)
	t.line(0, "server_name: %q", host)
	t.line(0, "listen: %q", "0.0.0.0:"+clientPort)
	if s.Monitor != "" {
		t.line(0, "http: %q # tells about the server to whoever may connect, and changes nothing", s.Monitor)
	}
	t.line(0, "jetstream { store_dir: %q }", s.Store)
	if s.TLS == TLSAll {
		t.line(0, "tls {")
		s.certificate(&t, 1, host)
		t.line(0, "}")
	}
	if len(s.Nodes) > 1 {
		s.cluster(&t, host)
	}
	t.line(0, "include %q", accountsFile)
	return t.String()
}

func (s *Site) certificate(t *text, depth int, host string) {
	t.line(depth, "cert_file: %q", s.Folder+"/"+tlsFolder+"/"+host+".pem")
	t.line(depth, "key_file: %q", s.Folder+"/"+tlsFolder+"/"+host+".key")
	t.line(depth, "ca_file: %q", s.Folder+"/"+tlsFolder+"/"+authorityFile)
}

func (s *Site) cluster(t *text, host string) {
	t.line(0, "cluster {")
	t.line(1, "name: %q", s.Cluster)
	t.line(1, "listen: %q", "0.0.0.0:"+routePort)
	t.line(1, "routes: [")
	for _, other := range s.Nodes {
		if other != host {
			t.line(2, "%q", "nats-route://"+net.JoinHostPort(other, routePort))
		}
	}
	t.line(1, "]")
	t.line(1, "# A server that is not heard of any more is given up after 6 s. What is sent to it")
	t.line(1, "# holds up the others until then; by default that takes over a minute.")
	t.line(1, "ping_interval: \"2s\"")
	t.line(1, "ping_max: 2")
	t.line(1, "write_deadline: \"2s\"")
	t.line(1, "tls {")
	s.certificate(t, 2, host)
	t.line(2, "verify: true # only servers with a certificate of ours may join")
	t.line(2, "timeout: 5")
	t.line(1, "}")
	t.line(0, "}")
}

// accounts is the file that all servers share. system is the public key of the
// user of the system account.
func accounts(system string, namespaces []string) string {
	var t text
	t.line(0, "# Accounts, the same on all servers. Written by natsconf; a change is taken over by")
	t.line(0, "# nats-server --signal reload, twice where a namespace was added.")
	t.line(0, "system_account: SYS")
	t.line(0, "accounts {")
	t.line(1, "SYS { users: [ { nkey: %s } ] } # for nats server report and the like", system)
	for _, name := range namespaces {
		t.line(1, "include %q", accountFile(name))
	}
	t.line(0, "}")
	return t.String()
}

// account is the file of one namespace. users are public keys by role.
func account(name string, roles []Role, users map[string]string) string {
	var t text
	t.line(0, "# Namespace %s: who may do what. Written by natsconf; see deploy/nats/permissions.md.", name)
	for _, a := range []Account{Engine, Client} {
		t.line(0, "%q {", accountName(name, a))
		if a == Engine {
			t.line(1, "jetstream: enabled")
		}
		t.line(1, "users: [")
		for _, role := range roles {
			if role.Account == a {
				t.user(role, users[role.Name])
			}
		}
		t.line(1, "]")
		t.wall(name, a, roles)
		t.line(0, "}")
	}
	return t.String()
}

func accountName(namespace string, a Account) string { return namespace + "." + string(a) }

func (t *text) user(role Role, key string) {
	t.line(2, "{ # %s: %s", role.Name, role.Who)
	t.line(3, "nkey: %s", key)
	t.line(3, "permissions {")
	t.line(4, "publish {")
	t.subjects("allow", role.Publish)
	if len(role.Deny) > 0 {
		t.subjects("deny", role.Deny)
	}
	t.line(4, "}")
	t.line(4, "subscribe {")
	t.subjects("allow", role.Subscribe)
	t.line(4, "}")
	if role.Respond > 0 {
		t.line(4, "allow_responses { max: 1, expires: %q } # one answer to whoever asks it", short(role.Respond))
	}
	t.line(3, "}")
	t.line(2, "}")
}

func (t *text) subjects(name string, grants []Grant) {
	t.line(5, "%s: [", name)
	for _, g := range distinct(grants) {
		t.line(6, "%q # %s", g.Subject, g.Why)
	}
	t.line(5, "]")
}

// distinct leaves out what was granted before.
func distinct(grants []Grant) (all []Grant) {
	seen := map[string]bool{}
	for _, g := range grants {
		if !seen[g.Subject] {
			seen[g.Subject] = true
			all = append(all, g)
		}
	}
	return all
}

// short is a duration of whole minutes.
func short(d time.Duration) string { return strconv.Itoa(int(d.Minutes())) + "m" }

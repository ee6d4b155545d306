package natsconn_test

import (
	"strings"
	"testing"

	"github.com/nats-io/nkeys"

	"github.com/weplanx/workflow/shared/natsconn"
)

func TestCheckHosts(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		hosts []string
		want  string // part of the error; empty: accepted
	}{
		"host and port":    {[]string{"127.0.0.1:4222"}, ""},
		"host only":        {[]string{"nats"}, ""},
		"every scheme":     {[]string{"nats://a:1", "tls://b:2", "c"}, ""},
		"web":              {[]string{"ws://a:1", "wss://b:2"}, ""},
		"IPv6":             {[]string{"[::1]:4222", "nats://[2001:db8::1]:4222"}, ""},
		"password":         {[]string{"nats://user:secret@a:1"}, ""},
		"spaces around":    {[]string{" a:1 "}, ""},
		"trailing slash":   {[]string{"nats://a:1/"}, ""},
		"none":             {nil, "is missing"},
		"empty member":     {[]string{"a:1", ""}, "empty member"},
		"blank member":     {[]string{"a:1", "  "}, "empty member"},
		"http":             {[]string{"http://a:1"}, `scheme "http"`},
		"no host":          {[]string{"nats://:4222"}, "not a host"},
		"port too large":   {[]string{"a:65536"}, "1 to 65535"},
		"port zero":        {[]string{"a:0"}, "1 to 65535"},
		"port as name":     {[]string{"a:b"}, "not a host"},
		"colon only":       {[]string{"a:"}, "without a port"},
		"path":             {[]string{"nats://a:1/b"}, "after the port"},
		"query":            {[]string{"nats://a:1?b"}, "after the port"},
		"placeholder":      {[]string{"<*** your nats hosts ***>"}, "not a host"},
		"semicolons":       {[]string{"a:1;b:2"}, "not a host"},
		"mixed with web":   {[]string{"ws://a:1", "nats://b:1"}, "mixes ws://"},
		"not a URL":        {[]string{"nats://user:secret@a:b"}, "not a host"},
		"control":          {[]string{"a\x00b:1"}, "not a host"},
		"space inside":     {[]string{"a b:1"}, "not a host"},
		"secret not shown": {[]string{"nats://user:secret@a:1/path"}, `"a:1"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := natsconn.Config{Hosts: test.hosts}
			err := c.Check()
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, "NATS_HOSTS: ", test.want, "want ")
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error repeats a password: %v", err)
			}
		})
	}
}

func TestCheckCredentials(t *testing.T) {
	t.Parallel()
	seed := newUser(t)
	account := newKey(t, nkeys.CreateAccount)
	authority := newAuthority(t)
	cert, key := authority.issue(t, "client")
	_, otherKey := authority.issue(t, "other")
	garbage := put(t, "garbage")
	tests := map[string]struct {
		config natsconn.Config
		want   []string // nil: accepted
	}{
		"seed":              {natsconn.Config{Nkey: seed.seed}, nil},
		"seed, newline":     {natsconn.Config{Nkey: seed.seed + "\n"}, nil},
		"public key":        {natsconn.Config{Nkey: seed.public}, []string{"NATS_NKEY: ", "public key", "SU…"}},
		"seed of account":   {natsconn.Config{Nkey: account.seed}, []string{"NATS_NKEY: ", "account", "SU…"}},
		"cut seed":          {natsconn.Config{Nkey: seed.seed[:40]}, []string{"NATS_NKEY: ", "not a seed"}},
		"typo in seed":      {natsconn.Config{Nkey: seed.seed[:57] + "1"}, []string{"NATS_NKEY: ", "not a seed"}},
		"placeholder":       {natsconn.Config{Nkey: "<nkey>"}, []string{"NATS_NKEY: ", "not a seed"}},
		"nkey and creds":    {natsconn.Config{Nkey: seed.seed, Creds: garbage}, []string{"NATS_CREDS: ", "one of them"}},
		"no creds file":     {natsconn.Config{Creds: "/nowhere"}, []string{"NATS_CREDS: ", "/nowhere"}},
		"creds garbage":     {natsconn.Config{Creds: garbage}, []string{"NATS_CREDS: ", "no user"}},
		"authority":         {natsconn.Config{CA: authority.file}, nil},
		"no authority file": {natsconn.Config{CA: "/nowhere"}, []string{"NATS_CA: ", "/nowhere"}},
		"authority garbage": {natsconn.Config{CA: garbage}, []string{"NATS_CA: ", "no certificate"}},
		"cert and key":      {natsconn.Config{Cert: cert, Key: key}, nil},
		"cert alone":        {natsconn.Config{Cert: cert}, []string{"NATS_KEY: ", "missing"}},
		"key alone":         {natsconn.Config{Key: key}, []string{"NATS_CERT: ", "missing"}},
		"no cert file":      {natsconn.Config{Cert: "/nowhere", Key: key}, []string{"NATS_CERT: ", "/nowhere"}},
		"no key file":       {natsconn.Config{Cert: cert, Key: "/nowhere"}, []string{"NATS_KEY: ", "/nowhere"}},
		"other key":         {natsconn.Config{Cert: cert, Key: otherKey}, []string{"NATS_CERT: ", "NATS_KEY"}},
		"replicas":          {natsconn.Config{Replicas: 5}, nil},
		"six replicas":      {natsconn.Config{Replicas: 6}, []string{"NATS_REPLICAS: is 6, ", "1 to 5"}},
		"negative replicas": {natsconn.Config{Replicas: -1}, []string{"NATS_REPLICAS: ", "1 to 5"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.config.Hosts = []string{"127.0.0.1"}
			err := test.config.Check()
			if test.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, test.want...)
			if test.config.Nkey != "" && strings.Contains(err.Error(), test.config.Nkey) {
				t.Errorf("the error repeats the secret: %v", err)
			}
		})
	}
}

func TestCheckInbox(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		inbox string
		ok    bool
	}{
		"default":        {"", true},
		"one token":      {"_INBOX", true},
		"of a role":      {"_INBOX.worker", true},
		"wildcard":       {"_INBOX.*", false},
		"full wildcard":  {"_INBOX.>", false},
		"ends with dot":  {"_INBOX.", false},
		"begins with it": {".a", false},
		"empty token":    {"a..b", false},
		"space":          {"a b", false},
		"line break":     {"a\r\nb", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := natsconn.Config{Hosts: []string{"127.0.0.1"}, Inbox: test.inbox}
			err := c.Check()
			if test.ok && err != nil {
				t.Error(err)
			}
			if !test.ok {
				wantError(t, err, "NATS_INBOX: ", "want a subject")
			}
		})
	}
}

func TestHasCredential(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		config natsconn.Config
		want   bool
	}{
		"nothing":  {natsconn.Config{Hosts: []string{"a"}, CA: "x"}, false},
		"nkey":     {natsconn.Config{Nkey: "x"}, true},
		"creds":    {natsconn.Config{Creds: "x"}, true},
		"cert":     {natsconn.Config{Cert: "x"}, true},
		"password": {natsconn.Config{Hosts: []string{"a", "nats://u:p@b"}}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.config.HasCredential(); got != test.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

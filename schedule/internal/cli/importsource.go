package cli

import (
	"context"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/natsconn"
	"github.com/weplanx/workflow/shared/setting"
)

// sourceSettings say where old schedules are, when they are elsewhere.
type sourceSettings struct {
	Hosts []string `envconfig:"FROM_NATS_HOSTS"`
	Nkey  string   `envconfig:"FROM_NATS_NKEY"`
	Creds string   `envconfig:"FROM_NATS_CREDS"`
	CA    string   `envconfig:"FROM_NATS_CA"`
	Cert  string   `envconfig:"FROM_NATS_CERT"`
	Key   string   `envconfig:"FROM_NATS_KEY"`
	Inbox string   `envconfig:"FROM_NATS_INBOX"`
}

// dialSource connects to where the old schedules are. elsewhere is false when
// that is where the new ones are, too.
func dialSource(ctx context.Context, here *nats.Conn) (nc *nats.Conn, elsewhere bool, err error) {
	var s sourceSettings
	if err := config.Env(&s); err != nil {
		return nil, false, &usageError{err}
	}
	if len(s.Hosts) == 0 {
		return here, false, nil
	}
	c := settings{NATS: natsconn.Config{Hosts: s.Hosts, Nkey: s.Nkey, Creds: s.Creds, CA: s.CA, Cert: s.Cert, Key: s.Key, Inbox: s.Inbox}}
	var names setting.Names
	for _, name := range []string{"NATS_HOSTS", "NATS_NKEY", "NATS_CREDS", "NATS_CA", "NATS_CERT", "NATS_KEY", "NATS_INBOX"} {
		names.Set(name, "FROM_"+name)
	}
	c.NATS.Named(names)
	if err := c.NATS.Check(); err != nil {
		return nil, false, &usageError{err}
	}
	nc, err = dial(ctx, c)
	return nc, err == nil, err
}

package client_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/shared/natstest"
)

// accounts: JetStream is in A, and B reaches it under the prefix "fromA" only.
const accounts = `accounts: {
  A: {
    users: [{user: a, password: a}], jetstream: enabled
    exports: [{service: "$JS.API.>"}, {service: "$KV.>"}, {stream: "inboxB.>"}]
  }
  B: {
    users: [{user: b, password: b}]
    imports: [
      {service: {account: A, subject: "$JS.API.>"}, to: "fromA.>"}
      {service: {account: A, subject: "$KV.>"}, to: "fromA.$KV.>"}
      {stream: {subject: "inboxB.>", account: A}}
    ]
  }
}`

// The context's API prefix, of which a domain is a case, is used for every
// call, writes and watches included.
func TestPrefix(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "nats.conf")
	noError(t, os.WriteFile(path, []byte(accounts), 0o600))
	config, err := server.ProcessConfigFile(path)
	noError(t, err)
	s := natstest.Start(t, natstest.WithOptions(func(o *server.Options) { o.Accounts, o.Users = config.Accounts, config.Users }))
	nc := s.Connect(t, nats.UserInfo("b", "b"), nats.CustomInboxPrefix("inboxB"))
	js, err := nc.JetStream(nats.APIPrefix("fromA"))
	noError(t, err)
	c, err := client.New(namespace, nc, js)
	noError(t, err)
	noError(t, c.Set("a", job("@hourly")))
	noError(t, c.Pause("a"))
	if keys, err := c.List(); err != nil || len(keys) != 1 {
		t.Errorf("keys are %q, %v", keys, err)
	}
	if e, err := c.Entry("a"); err != nil || !e.Paused {
		t.Errorf("entry is %+v, %v", e, err)
	}
	noError(t, c.Remove("a"))
}

// A program keeps its client over a restart of the server.
func TestServerRestart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	noError(t, b.Set("a", job("@every 1h")))
	before, err := b.Entry("a")
	noError(t, err)
	b.server.Restart(t)
	after, err := b.EntryContext(limited(t), "a")
	noError(t, err)
	if after.Revision != before.Revision || !after.Jobs[0].State.Next.Equal(before.Jobs[0].State.Next) {
		t.Errorf("entry is %+v, want %+v", after, before)
	}
	noError(t, b.Set("b", job("@hourly")))
}

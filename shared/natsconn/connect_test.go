package natsconn_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/loopback"
	"github.com/weplanx/workflow/shared/natsconn"
	"github.com/weplanx/workflow/shared/natstest"
)

func TestConnectCredentials(t *testing.T) {
	t.Parallel()
	known, stranger := newUser(t), newUser(t)
	keyed := natstest.Start(t, natstest.WithNkeyUsers(known.public))
	open := natstest.Start(t)
	guarded := natstest.Start(t, natstest.WithOptions(func(o *server.Options) { o.Username, o.Password = "user", "secret" }))
	authority := strings.TrimPrefix(guarded.URL(), "nats://")
	tests := map[string]struct {
		config natsconn.Config
		want   []string // nil: connects
	}{
		"nkey accepted":           {natsconn.Config{Hosts: []string{keyed.URL()}, Nkey: known.seed}, nil},
		"nkey refused":            {natsconn.Config{Hosts: []string{keyed.URL()}, Nkey: stranger.seed}, []string{"NATS_NKEY: ", "refused", "SU…"}},
		"nkey missing":            {natsconn.Config{Hosts: []string{keyed.URL()}}, []string{"NATS_NKEY: ", "missing", "SU…"}},
		"nkey not supported":      {natsconn.Config{Hosts: []string{open.URL()}, Nkey: known.seed}, []string{"NATS_NKEY: ", "no NKEY authentication"}},
		"open":                    {natsconn.Config{Hosts: []string{open.URL()}}, nil},
		"password accepted":       {natsconn.Config{Hosts: []string{"nats://user:secret@" + authority}}, nil},
		"password refused":        {natsconn.Config{Hosts: []string{"nats://user:wrong@" + authority}}, []string{"NATS_HOSTS: ", "password"}},
		"one down, one accepts":   {natsconn.Config{Hosts: []string{loopback.Address(t), keyed.URL()}, Nkey: known.seed}, nil},
		"one down, one refuses":   {natsconn.Config{Hosts: []string{keyed.URL(), loopback.Address(t)}, Nkey: stranger.seed}, []string{"NATS_NKEY: ", "refused"}},
		"one silent, one refuses": {natsconn.Config{Hosts: []string{keyed.URL(), silentPort(t)}, Nkey: stranger.seed}, []string{"NATS_NKEY: ", "refused"}},
		"one refuses, one opens":  {natsconn.Config{Hosts: []string{keyed.URL(), guarded.URL(), open.URL()}}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, logged := newLog()
			nc, err := natsconn.Connect(deadline(t), test.config, "test", log)
			if test.want != nil {
				wantError(t, err, test.want...)
			} else if err != nil {
				t.Fatal(err)
			} else {
				nc.Close()
			}
			for _, secret := range []string{known.seed, stranger.seed, "secret", "wrong"} {
				if strings.Contains(logged.String(), secret) {
					t.Errorf("the log holds a secret:\n%s", logged)
				}
			}
		})
	}
}

// A user whose permissions end at its own inbox can make requests.
func TestConnectUsesTheInbox(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.WithOptions(func(o *server.Options) {
		own := &server.SubjectPermission{Allow: []string{"_INBOX.a.>", "question"}}
		o.Users = []*server.User{{Username: "a", Password: "a", Permissions: &server.Permissions{Subscribe: own}}}
	}))
	host := "nats://a:a@" + strings.TrimPrefix(s.URL(), "nats://")
	log, _ := newLog()
	nc, err := natsconn.Connect(deadline(t), natsconn.Config{Hosts: []string{host}, Inbox: "_INBOX.a"}, "test", log)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if _, err := nc.Subscribe("question", func(m *nats.Msg) { _ = m.Respond([]byte("answer")) }); err != nil {
		t.Fatal(err)
	}
	answer, err := nc.Request("question", nil, patience)
	if err != nil || string(answer.Data) != "answer" {
		t.Errorf("got %v, %v; want an answer", answer, err)
	}
}

func TestConnectWaitsForTheServer(t *testing.T) {
	t.Parallel()
	known := newUser(t)
	s := natstest.Start(t, natstest.WithNkeyUsers(known.public))
	s.Stop()
	log, logged := newLog()
	go func() {
		logged.wait(t, "nats unreachable, waiting")
		s.Start(t)
	}()
	nc, err := natsconn.Connect(deadline(t), natsconn.Config{Hosts: []string{s.URL()}, Nkey: known.seed}, "test", log)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if !strings.Contains(logged.String(), strings.TrimPrefix(s.URL(), "nats://")) {
		t.Errorf("the log does not name the host:\n%s", logged)
	}
}

// A server that cannot be resolved is one that cannot be reached.
func TestConnectEndsWithItsContext(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"closed port":     loopback.Address(t),
		"silent port":     silentPort(t),
		"unresolved name": "nats.invalid:4222",
	}
	for name, host := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stopped := errors.New("stopped")
			ctx, cancel := context.WithCancelCause(deadline(t))
			log, logged := newLog()
			go func() {
				logged.wait(t, "nats unreachable, waiting")
				cancel(stopped)
			}()
			_, err := natsconn.Connect(ctx, natsconn.Config{Hosts: []string{host}}, "test", log)
			if !errors.Is(err, stopped) {
				t.Errorf("got %v, want the cause of the context's end", err)
			}
		})
	}
}

func TestConnectChecksFirst(t *testing.T) {
	t.Parallel()
	log, _ := newLog()
	_, err := natsconn.Connect(deadline(t), natsconn.Config{Hosts: []string{loopback.Address(t)}, Nkey: "SUx"}, "test", log)
	wantError(t, err, "NATS_NKEY: ")
}

func TestConnectionSurvivesRestart(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t)
	log, logged := newLog()
	nc, err := natsconn.Connect(deadline(t), natsconn.Config{Hosts: []string{s.URL()}}, "test", log)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	s.Stop()
	logged.wait(t, "nats disconnected")

	// A message published meanwhile must not arrive later.
	if err := nc.Publish("late", nil); !errors.Is(err, nats.ErrReconnectBufExceeded) {
		t.Errorf("publish while disconnected: got %v, want it to fail at once", err)
	}
	s.Start(t)
	logged.wait(t, "nats reconnected")
	if err := nc.FlushTimeout(patience); err != nil {
		t.Error(err)
	}
}

// A program that stops as it was asked to has nothing to warn of.
func TestCloseIsNotLogged(t *testing.T) {
	t.Parallel()
	log, logged := newLog()
	nc, err := natsconn.Connect(deadline(t), natsconn.Config{Hosts: []string{natstest.Start(t).URL()}}, "test", log)
	if err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	nc.SetClosedHandler(func(*nats.Conn) { close(closed) }) // called after the handler of disconnects
	nc.Close()
	<-closed
	if strings.Contains(logged.String(), "disconnected") {
		t.Errorf("logged is:\n%s", logged)
	}
}

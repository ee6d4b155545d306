package natsevents_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/worker/internal/adapter/natsevents"
	"github.com/weplanx/workflow/worker/internal/core/porttest"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

const names = contract.Names("beta")

func TestEvents(t *testing.T) {
	t.Parallel()
	porttest.RunEvents(t, func(t *testing.T) porttest.Events {
		server := natstest.Start(t)
		publisher := server.Connect(t)
		return porttest.Events{
			EventSource: natsevents.New(server.Connect(t), names),
			Publish: func(t *testing.T, key string, data []byte) func() contract.Result {
				return publish(t, publisher, key, data)
			},
		}
	})
}

func publish(t *testing.T, nc *nats.Conn, key string, data []byte) func() contract.Result {
	t.Helper()
	inbox := nc.NewInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.PublishRequest(names.Event(key), inbox, data); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil { // it has reached the server
		t.Fatal(err)
	}
	return func() contract.Result {
		msg, err := sub.NextMsg(time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		r, err := contract.Decode[contract.Result](msg.Data)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
}

package client_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
)

func TestMain(m *testing.M) { natstest.VerifyTestMain(m) }

const namespace = "beta"

// patience bounds every wait of these tests.
const patience = time.Minute

// bundle is a client on a server of its own.
type bundle struct {
	*client.Schedule
	server *natstest.Server
	nc     *nats.Conn
	js     nats.JetStreamContext
	names  contract.Names
}

func setup(t testing.TB, options ...client.Option) *bundle {
	t.Helper()
	server := natstest.Start(t)
	return on(t, server, namespace, options...)
}

// on makes another client of the same server.
func on(t testing.TB, server *natstest.Server, namespace string, options ...client.Option) *bundle {
	t.Helper()
	nc := server.Connect(t)
	js, err := nc.JetStream()
	noError(t, err)
	s, err := client.New(namespace, nc, js, options...)
	noError(t, err)
	return &bundle{Schedule: s, server: server, nc: nc, js: js, names: contract.Names(namespace)}
}

// put stores raw bytes under a key, as any other program may.
func (b *bundle) put(t testing.TB, key string, value []byte) uint64 {
	t.Helper()
	ack, err := b.js.Publish(b.names.BucketSubject(key), value)
	noError(t, err)
	return ack.Sequence
}

// raw is what is stored under the key "a".
func (b *bundle) raw(t testing.TB) contract.Schedule {
	t.Helper()
	msg, err := b.js.GetLastMsg(b.names.BucketStream(), b.names.BucketSubject("a"))
	noError(t, err)
	s, err := contract.Decode[contract.Schedule](msg.Data)
	noError(t, err)
	return s
}

// triggers makes the trigger stream as a scheduler does, as far as the client
// looks at it, with a cursor for every partition.
func (b *bundle) triggers(t testing.TB, partitions int, cursor contract.Cursor) {
	t.Helper()
	_, err := b.js.AddStream(&nats.StreamConfig{
		Name: b.names.TriggerStream(), Subjects: []string{b.names.Triggers(), b.names.Cursors()},
		AllowDirect: true, Metadata: map[string]string{"partitions": fmt.Sprint(partitions)},
	})
	noError(t, err)
	data, err := contract.Encode(cursor)
	noError(t, err)
	for p := range partitions {
		_, err := b.js.Publish(b.names.Cursor(p), data)
		noError(t, err)
	}
}

func job(spec string) common.Job {
	return common.HttpJob(spec, common.HttpOption{Url: "https://example.com/"})
}

// revision is that of the key "a".
func revision(t testing.TB, b *bundle) uint64 {
	t.Helper()
	e, err := b.Entry("a")
	noError(t, err)
	return e.Revision
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func limited(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

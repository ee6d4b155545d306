package natstest

import (
	"testing"

	"go.uber.org/goleak"
)

// VerifyTestMain is goleak's for packages whose tests run servers. It looks away
// from the flush loops of file stores alone: a server that is shut down in the
// middle of an atomic batch leaves them behind now and then.
func VerifyTestMain(m *testing.M) {
	const store = "github.com/nats-io/nats-server/v2/server."
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction(store+"(*fileStore).flushStreamStateLoop"),
		goleak.IgnoreAnyFunction(store+"(*msgBlock).flushLoop"),
	)
}

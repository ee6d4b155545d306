package natstest

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/weplanx/workflow/shared/leaktest"
)

// VerifyTestMain is leaktest.Main for packages whose tests run servers. It looks away
// from what file stores leave behind now and then: the flush loops of a server that is
// shut down in the middle of an atomic batch, and the clock that all stores share.
func VerifyTestMain(m *testing.M) {
	const store = "github.com/nats-io/nats-server/v2/server."
	leaktest.Main(m,
		goleak.IgnoreAnyFunction(store+"(*fileStore).flushStreamStateLoop"),
		goleak.IgnoreAnyFunction(store+"(*msgBlock).flushLoop"),
		goleak.IgnoreAnyFunction("github.com/nats-io/nats-server/v2/server/ats.Register.func1"),
	)
}

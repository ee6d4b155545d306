package bootstrap

import (
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/shared/build"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/tracing"
	"github.com/weplanx/workflow/worker/internal/adapter/httpexec"
	"github.com/weplanx/workflow/worker/internal/adapter/natsexec"
	"github.com/weplanx/workflow/worker/internal/adapter/natsjobs"
	"github.com/weplanx/workflow/worker/internal/core"
)

// turnMargin is how long after a worker's death its trigger may be on the way
// to another before the next occurrence of the job may begin.
const turnMargin = 10 * time.Second

// acknowledgeTimeout bounds waiting for the acknowledgement of a record.
const acknowledgeTimeout = 5 * time.Second

// flushTimeout bounds sending the last acknowledgements.
const flushTimeout = 2 * time.Second

// executors has one line for each mode.
func executors(
	http *httpexec.Executor, nats *natsexec.Executor, traces *tracing.Provider, names contract.Names, clock core.Clock,
) core.Executors {
	return traced(core.Executors{
		contract.ModeHTTP: http,
		contract.ModeNATS: nats,
	}, traces, names, clock)
}

func names(c Config) contract.Names { return contract.Names(c.Namespace) }

func logger(c Config) *logrus.Logger { return c.Log }

func settings(c Config) core.Settings {
	return core.Settings{
		Name: workerName(), Concurrency: c.Concurrency, Grace: c.Grace,
		Extend: c.ackWait / 4, Turn: c.ackWait + turnMargin,
	}
}

// workerName tells workers apart in the records.
func workerName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "worker"
	}
	return host + "-" + strconv.Itoa(os.Getpid())
}

// Version is that of the module in this build, "dev" for one from a work tree.
func Version() string { return build.Version("", "github.com/weplanx/workflow/worker") }

func queue(c Config, nc *nats.Conn, js jetstream.JetStream, names contract.Names) *natsjobs.Queue {
	return natsjobs.New(nc, js, names, natsjobs.WithAckWait(c.ackWait))
}

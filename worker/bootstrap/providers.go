package bootstrap

import (
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/google/wire"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/adapter/httpexec"
	"github.com/weplanx/workflow/worker/internal/adapter/logmon"
	"github.com/weplanx/workflow/worker/internal/adapter/natsevents"
	"github.com/weplanx/workflow/worker/internal/adapter/natsjobs"
	"github.com/weplanx/workflow/worker/internal/adapter/natsresult"
	"github.com/weplanx/workflow/worker/internal/adapter/system"
	"github.com/weplanx/workflow/worker/internal/core"
)

// flushTimeout bounds sending the last acknowledgements.
const flushTimeout = 2 * time.Second

// natsSet are the adapters on NATS.
var natsSet = wire.NewSet(
	names, jetStream, queue,
	natsresult.New, wire.Bind(new(core.ResultLog), new(*natsresult.Log)),
	natsevents.New, wire.Bind(new(core.EventSource), new(*natsevents.Source)),
	wire.Bind(new(core.Queue), new(*natsjobs.Queue)),
)

// machineSet are the adapters on the machine.
var machineSet = wire.NewSet(
	logger, logmon.New, wire.Bind(new(core.Monitor), new(*logmon.Monitor)),
	wire.Struct(new(system.Clock)), wire.Bind(new(core.Clock), new(system.Clock)),
	wire.Struct(new(system.Random)), wire.Bind(new(core.Random), new(system.Random)),
)

// coreSet is the worker itself.
var coreSet = wire.NewSet(httpExecutor, executors, settings, wire.Struct(new(core.Ports), "*"), core.New)

// executors has one line for each mode.
func executors(http *httpexec.Executor) core.Executors {
	return core.Executors{
		contract.ModeHTTP: http,
	}
}

func httpExecutor(c Config, clock core.Clock) *httpexec.Executor {
	return httpexec.New(c.Namespace, c.Version, clock)
}

func names(c Config) contract.Names { return contract.Names(c.Namespace) }

func logger(c Config) *logrus.Logger { return c.Log }

func settings(c Config) core.Settings {
	return core.Settings{Name: workerName(), Concurrency: c.Concurrency, Grace: c.Grace, Extend: natsjobs.AckWait / 4}
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
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	const module = "github.com/weplanx/workflow/worker"
	if info.Main.Path == module && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	for _, dep := range info.Deps {
		if dep.Path == module && dep.Replace == nil && dep.Version != "(devel)" {
			return dep.Version
		}
	}
	return "dev"
}

func queue(nc *nats.Conn, js jetstream.JetStream, names contract.Names) *natsjobs.Queue {
	return natsjobs.New(nc, js, names)
}

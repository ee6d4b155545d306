//go:build wireinject

package bootstrap

import (
	"github.com/google/wire"
	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/natsio"
	"github.com/weplanx/workflow/shared/tracing"
	"github.com/weplanx/workflow/worker/internal/adapter/logmon"
	"github.com/weplanx/workflow/worker/internal/adapter/natscomplete"
	"github.com/weplanx/workflow/worker/internal/adapter/natsdead"
	"github.com/weplanx/workflow/worker/internal/adapter/natsevents"
	"github.com/weplanx/workflow/worker/internal/adapter/natsexec"
	"github.com/weplanx/workflow/worker/internal/adapter/natsjobs"
	"github.com/weplanx/workflow/worker/internal/adapter/natsresult"
	"github.com/weplanx/workflow/worker/internal/adapter/natsruns"
	"github.com/weplanx/workflow/worker/internal/adapter/system"
	"github.com/weplanx/workflow/worker/internal/adapter/targets"
	"github.com/weplanx/workflow/worker/internal/core"
)

// natsSet are the adapters on NATS.
var natsSet = wire.NewSet(
	names, jetStream, queue, natsio.NewRefusals,
	natsresult.New, resultLog,
	natsdead.New, wire.Bind(new(core.DeadLetters), new(*natsdead.Letters)),
	natsruns.New, wire.Bind(new(core.States), new(*natsruns.States)),
	natscomplete.New, wire.Bind(new(core.CompletionSource), new(*natscomplete.Source)),
	natsevents.New, wire.Bind(new(core.EventSource), new(*natsevents.Source)),
	natsevents.NewPublisher,
	wire.Bind(new(core.Queue), new(*natsjobs.Queue)),
)

// machineSet are the adapters on the machine.
var machineSet = wire.NewSet(
	logger, logmon.New, counts, wire.Struct(new(monitors), "*"), wire.Bind(new(core.Monitor), new(monitors)),
	wire.Struct(new(system.Clock)), wire.Bind(new(core.Clock), new(system.Clock)),
	wire.Struct(new(system.Random)), wire.Bind(new(core.Random), new(system.Random)),
	hosts, wire.Bind(new(core.Targets), new(*targets.Targets)),
)

// coreSet is the worker itself.
var coreSet = wire.NewSet(
	dialer, signer, httpExecutor, natsexec.New, executors, settings, wire.Struct(new(core.Ports), "*"), core.New,
)

// assemble makes the App that belongs to a configuration and a connection. It
// asks the server for nothing. traces is nil when there are none.
func assemble(c Config, nc *nats.Conn, traces *tracing.Provider) (*App, error) {
	wire.Build(natsSet, machineSet, coreSet, api, newApp)
	return nil, nil
}

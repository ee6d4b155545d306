//go:build wireinject

package bootstrap

import (
	"context"

	"github.com/google/wire"
	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/internal/adapter/natskv"
	"github.com/weplanx/workflow/schedule/internal/adapter/natslog"
	"github.com/weplanx/workflow/schedule/internal/adapter/natspub"
	"github.com/weplanx/workflow/schedule/internal/adapter/prommon"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/tracing"
)

// initialize makes the parts of a node. traces is nil when there are none.
func initialize(ctx context.Context, cfg Config, nc *nats.Conn, counts *prommon.Monitor, traces *tracing.Provider) (*parts, error) {
	panic(wire.Build(
		newNames, newJetStream, newTopology, newNode, newOptions,
		newStore, newPublisher, newCommits, newSender, natslog.New, newMonitors, core.New,
		natspub.NewLetters, newHand, wire.Struct(new(parts), "engine", "hand"),
		wire.Bind(new(core.JobStore), new(*natskv.Store)),
		wire.Bind(new(core.Recorder), new(*natslog.Recorder)),
		wire.Bind(new(core.Monitor), new(monitors)),
		wire.Bind(new(core.Schedules), new(*natskv.Store)),
		wire.Bind(new(core.Letters), new(*natspub.Letters)),
	))
}

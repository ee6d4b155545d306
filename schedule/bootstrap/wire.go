//go:build wireinject

package bootstrap

import (
	"context"

	"github.com/google/wire"
	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/internal/adapter/logmon"
	"github.com/weplanx/workflow/schedule/internal/adapter/natskv"
	"github.com/weplanx/workflow/schedule/internal/adapter/natslog"
	"github.com/weplanx/workflow/schedule/internal/adapter/natspub"
	"github.com/weplanx/workflow/schedule/internal/core"
)

func initialize(ctx context.Context, cfg Config, nc *nats.Conn) (*parts, error) {
	panic(wire.Build(
		newNames, newJetStream, newTopology, newNode, newOptions,
		newStore, newPublisher, natslog.New, newMonitor, core.New,
		natspub.NewLetters, newHand, wire.Struct(new(parts), "engine", "hand"),
		wire.Bind(new(core.JobStore), new(*natskv.Store)),
		wire.Bind(new(core.Publisher), new(*natspub.Publisher)),
		wire.Bind(new(core.Recorder), new(*natslog.Recorder)),
		wire.Bind(new(core.Monitor), new(*logmon.Monitor)),
		wire.Bind(new(core.Schedules), new(*natskv.Store)),
		wire.Bind(new(core.Sender), new(*natspub.Publisher)),
		wire.Bind(new(core.Letters), new(*natspub.Letters)),
	))
}

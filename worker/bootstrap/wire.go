//go:build wireinject

package bootstrap

import (
	"github.com/google/wire"
	"github.com/nats-io/nats.go"
)

// assemble makes the App that belongs to a configuration and a connection. It
// asks the server for nothing.
func assemble(c Config, nc *nats.Conn) (*App, error) {
	wire.Build(natsSet, machineSet, coreSet, newApp)
	return nil, nil
}

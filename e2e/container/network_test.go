//go:build e2e

package container_test

import (
	"context"
	"fmt"

	dockernet "github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tcnetwork "github.com/testcontainers/testcontainers-go/network"
)

// network is one that containers can be cut off from.
type network struct {
	*testcontainers.DockerNetwork
	name    string
	gateway string // this process, seen from the containers
}

func (e *engine) network(ctx context.Context, name string) (*network, error) {
	made, err := tcnetwork.New(ctx, tcnetwork.WithLabels(e.labels()))
	if err != nil {
		return nil, fmt.Errorf("network %s: %w", name, err)
	}
	info, err := e.NetworkInspect(ctx, made.ID, client.NetworkInspectOptions{})
	if err != nil || len(info.Network.IPAM.Config) == 0 {
		return nil, fmt.Errorf("network %s: gateway unknown: %w", name, err)
	}
	return &network{made, name, info.Network.IPAM.Config[0].Gateway.String()}, nil
}

// cut takes a running container out of the network: nothing gets through any
// more, and nobody is told, as when a cable is pulled.
func (w *network) cut(ctx context.Context, n *node) error {
	_, err := docker.NetworkDisconnect(ctx, w.ID, client.NetworkDisconnectOptions{Container: n.GetContainerID()})
	if err != nil {
		return fmt.Errorf("cut %s off from %s: %w", n.name, w.name, err)
	}
	return nil
}

// heal puts it back. Its address may be another one, and without the aliases the
// others would not find it by its name any more.
func (w *network) heal(ctx context.Context, n *node, aliases ...string) error {
	_, err := docker.NetworkConnect(ctx, w.ID, client.NetworkConnectOptions{
		Container: n.GetContainerID(), EndpointConfig: &dockernet.EndpointSettings{Aliases: aliases},
	})
	if err != nil {
		return fmt.Errorf("connect %s to %s again: %w", n.name, w.name, err)
	}
	return nil
}

package egress

import (
	"context"
	"net"
)

// Control is the hook of the sockets.
func (g *Guard) Control(network, address string) error { return g.control(network, address, nil) }

// Connect makes a connection as the dialer does once it has judged.
func (d *Dialer) Connect(ctx context.Context, address string) (net.Conn, error) {
	return d.connect(ctx, "tcp", address)
}

// What waits are bounded by.
const (
	ConnectTimeout = connectTimeout
	Stagger        = stagger
	MaxTried       = maxTried
)

// IsOther is how an address is described that is in no range with a name.
const IsOther = isOther

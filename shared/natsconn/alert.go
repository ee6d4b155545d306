package natsconn

import (
	"errors"
	"net"
)

// isRemoteAlert tells a TLS alert that the server sent (for example "bad
// certificate") from a connection that broke.
func isRemoteAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}

package natstest

import (
	"net"
	"strconv"

	"github.com/nats-io/nats-server/v2/server"
)

// port is the port that the system chose.
func port(s *server.Server) int {
	if addr, ok := s.Addr().(*net.TCPAddr); ok {
		return addr.Port
	}
	return 0
}

func address(o *server.Options) string {
	return net.JoinHostPort(o.Host, strconv.Itoa(o.Port))
}

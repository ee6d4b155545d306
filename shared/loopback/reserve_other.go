//go:build !linux

package loopback

import (
	"fmt"
	"net"
)

// reserve finds a free port: other systems do not let two sockets have one.
func reserve() (port int, release func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it ends at once
	if err != nil {
		return 0, nil, err
	}
	defer listener.Close()
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return 0, nil, fmt.Errorf("listening on %v", listener.Addr())
	}
	return address.Port, func() {}, nil
}

package fleet

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// given are the ports that were given away already.
var given sync.Map

// FreePorts returns ports that nothing listens on, and none of them twice. They
// are below those that systems give to outgoing connections: a server that is
// away for a moment must get its port again.
func FreePorts(n int) ([]int, error) {
	const low, high, tries = 20000, 32000, 1000
	var ports []int
	for range tries {
		port := low + rand.IntN(high-low)
		if _, known := given.LoadOrStore(port, true); known {
			continue
		}
		listener, err := net.Listen("tcp", Loopback(port))
		if err != nil {
			continue
		}
		listener.Close()
		if ports = append(ports, port); len(ports) == n {
			return ports, nil
		}
	}
	return nil, fmt.Errorf("no %d free ports between %d and %d", n, low, high)
}

// Loopback is the address of a port on the loopback interface.
func Loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

package egress

// Control is the hook of the sockets.
func (g *Guard) Control(network, address string) error { return g.control(network, address, nil) }

// What waits are bounded by.
const (
	ConnectTimeout = connectTimeout
	Stagger        = stagger
	MaxTried       = maxTried
)

// IsOther is how an address is described that is in no range with a name.
const IsOther = isOther

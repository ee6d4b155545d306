package bootstrap

import "time"

// SetAckWait sets after what silence a worker's triggers go to another.
func (c *Config) SetAckWait(d time.Duration) { c.ackWait = d }

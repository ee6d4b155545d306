package core

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// How far this node's clock may be off the server's: a person is told from
// warnOffset on, and the node stops firing from stopOffset on.
const (
	warnOffset = 250 * time.Millisecond
	stopOffset = time.Second
	minSamples = 3
)

var errNotCompared = errors.New("waiting for heartbeats of this node to compare its clock")

// clock compares this node's clock with the server's, by its own heartbeats:
// each carries the time at which it was sent and gets the one at which it was
// stored. It is safe for concurrent use; the zero value
// has compared nothing yet.
type clock struct {
	mu      sync.Mutex
	samples [8]time.Duration
	count   int
}

// sample notes how much later than it was sent a heartbeat was stored.
func (c *clock) sample(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.samples[c.count%len(c.samples)] = d
	c.count++
}

// offset returns how far the server's clock is ahead of this node's. A sample
// is the offset and the time the message was on its way, so the least of the
// last ones is the closest. ok is false until there are enough of them.
func (c *clock) offset() (d time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count < minSamples {
		return 0, false
	}
	return slices.Min(c.samples[:min(c.count, len(c.samples))]), true
}

// warning returns what a person should know about the clock, or nil.
func (c *clock) warning() error { return c.beyond(warnOffset) }

// err returns why the clock forbids firing, or nil.
func (c *clock) err() error {
	if _, ok := c.offset(); !ok {
		return errNotCompared
	}
	return c.beyond(stopOffset)
}

func (c *clock) beyond(limit time.Duration) error {
	offset, _ := c.offset()
	if offset.Abs() < limit {
		return nil
	}
	side := "behind"
	if offset < 0 {
		side = "ahead of"
	}
	return fmt.Errorf("this node's clock is %s %s the NATS server's, want less than %s (run NTP on both)",
		offset.Abs().Round(time.Millisecond), side, warnOffset)
}

package core

import (
	"sync"
	"sync/atomic"
)

// crew runs functions in goroutines of their own, which it keeps for the next
// ones: a new goroutine has to grow its stack on every flight anew, which costs
// as much as encoding the records. The zero crew cannot be used.
//
// The stacks of the first of them keep their size, too. The runtime halves the
// stack of a goroutine that uses less than a quarter of it while it waits, for its
// next call or for a place at its target, at every collection, of which a busy
// worker makes dozens a second. A tenth of its time went into growing them again.
// Where there are more goroutines the time goes into waiting, and memory counts.
type crew struct {
	next chan func()    // to a goroutine that is free
	free chan struct{}  // places for those that are kept
	all  sync.WaitGroup // functions that run
	home chan struct{}  // closed: the goroutines may end
	size atomic.Int32   // goroutines, those that are free among them
}

func newCrew(idle int) *crew {
	return &crew{next: make(chan func()), free: make(chan struct{}, idle), home: make(chan struct{})}
}

// Go runs f. It must not be called after Wait has returned.
func (c *crew) Go(f func()) {
	c.all.Add(1)
	select {
	case c.next <- f:
	default:
		go c.work(f)
	}
}

const (
	// room is how many bytes of its stack a goroutine uses at least: a quarter of the
	// 16 KiB that it has during a call then, instead of 8.
	room = 4 << 10
	// maxRooms is how many goroutines do.
	maxRooms = 2048
)

func (c *crew) work(f func()) {
	if c.size.Add(1) <= maxRooms {
		c.workWithRoom(f)
	} else {
		c.stay(nil, f)
	}
	c.size.Add(-1)
}

//go:noinline
func (c *crew) workWithRoom(f func()) {
	var used [room]byte
	c.stay(&used, f)
}

// stay runs f and then what comes, until there are enough that are free.
//
//go:noinline
func (c *crew) stay(_ *[room]byte, f func()) {
	for {
		f()
		c.all.Done()
		select {
		case c.free <- struct{}{}:
		default:
			return
		}
		select {
		case f = <-c.next:
			<-c.free
		case <-c.home:
			return
		}
	}
}

// Wait waits until all functions have returned, and ends the goroutines.
func (c *crew) Wait() {
	c.all.Wait()
	close(c.home)
}

package proxy

import (
	"net"
	"sync"
	"time"
)

// outlet writes whole frames of several goroutines. After an error the reading
// side ends, too, so there is nothing to report.
type outlet struct {
	mu   sync.Mutex
	conn net.Conn
}

func (o *outlet) write(frame []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, err := o.conn.Write(frame); err != nil {
		o.conn.Close()
	}
}

// lane delivers the frames of one subscription in their order, each when its
// time has come.
type lane struct {
	first time.Time // when it was made
	queue chan timed
	ended chan struct{} // closed by close
	done  sync.WaitGroup
}

type timed struct {
	frame []byte
	at    time.Time
}

// laneLength is more than comes in for one subscription in seconds; a server
// waits when it is full.
const laneLength = 100_000

func newLane(out *outlet) *lane {
	l := &lane{first: time.Now(), queue: make(chan timed, laneLength), ended: make(chan struct{})}
	l.done.Go(func() { l.run(out) })
	return l
}

func (l *lane) add(frame []byte, at time.Time) { l.queue <- timed{frame, at} }

func (l *lane) run(out *outlet) {
	for {
		select {
		case <-l.ended:
			return
		case f := <-l.queue:
			if !l.wait(time.Until(f.at)) {
				return
			}
			out.write(f.frame)
		}
	}
}

func (l *lane) wait(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-l.ended:
		return false
	case <-timer.C:
		return true
	}
}

// close drops what is still held back.
func (l *lane) close() {
	close(l.ended)
	l.done.Wait()
}

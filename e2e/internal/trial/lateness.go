package trial

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// lateness collects how long after their nominal time callbacks arrived.
type lateness struct {
	mu  sync.Mutex
	all []time.Duration
}

func (l *lateness) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, d)
}

// String is one line for a test's output.
func (l *lateness) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) == 0 {
		return "no callback"
	}
	slices.Sort(l.all)
	at := func(q float64) time.Duration {
		return l.all[int(q*float64(len(l.all)-1))].Round(time.Millisecond)
	}
	return fmt.Sprintf("callbacks after their nominal time: median %s, p90 %s, p99 %s, max %s", at(0.5), at(0.9), at(0.99), at(1))
}

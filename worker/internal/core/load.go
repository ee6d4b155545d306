package core

// Load is what a worker has in its hands.
type Load struct {
	Concurrency int // calls that it makes at once, at most
	Calls       int // that are being made now
	Active      int // triggers that are due: called, or waiting for a slot
	Held        int // triggers that are not due yet
	Recorded    int // triggers whose call has been made and is being recorded
}

// Load returns the load of now. It may be called at any time.
func (w *Worker) Load() Load {
	l := Load{Concurrency: w.settings.Concurrency}
	if g := w.entry.Load(); g != nil {
		l.Calls = len(g.slots)
		c := g.tally()
		l.Active, l.Held, l.Recorded = c.active, c.held, c.recorded
	}
	return l
}

// tally returns how many deliveries are in which state.
func (g *gate) tally() tally {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.count
}

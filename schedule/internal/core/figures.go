package core

import (
	"errors"
	"time"
)

// Figures are what a node knows of itself, in numbers.
type Figures struct {
	Ready       bool          // see Engine.Ready
	Schedulers  int           // alive, as far as this node has heard; itself included
	Partitions  int           // of the namespace
	Owned       int           // partitions that this node is to publish for
	CatchingUp  int           // of those, how many work off occurrences that are late by more than Grace
	Full        bool          // the trigger stream has refused the last commit of one of those
	Schedules   int           // stored, in all partitions
	BadEntries  int           // of those, how many cannot be used
	ClockOffset time.Duration // of the server ahead of the node; 0 until it is known
	// Overdue is how long ago the first occurrence was due that this node should
	// have published and has not, or from when on it cannot know whether there is
	// one; 0 when there is none. A commit that is under way counts as done.
	Overdue time.Duration
}

// Figures returns the node's figures of now. It may be called at any time.
func (e *Engine) Figures() Figures {
	now := e.Now()
	offset, _ := e.clock.offset()
	f := Figures{Ready: e.Ready() == nil, Schedulers: len(e.members.alive(now)), Partitions: len(e.parts), ClockOffset: offset}
	for _, p := range e.parts {
		p.addTo(&f, now)
	}
	return f
}

// addTo adds the partition's figures.
func (p *partition) addTo(f *Figures, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f.Schedules += p.planner.Live()
	f.BadEntries += p.planner.Unusable()
	if !p.owned {
		return
	}
	f.Owned++
	f.CatchingUp += one(p.planner.CatchingUp())
	f.Full = f.Full || errors.Is(p.trouble, ErrFull)
	if since := instant(p.waiting.Load()); !since.IsZero() {
		f.Overdue = max(f.Overdue, now.Sub(since))
	}
	if next, some := p.planner.Next(); some {
		f.Overdue = max(f.Overdue, now.Sub(next))
	}
}

// wait notes that the partition cannot go on although something may be due
// since then, unless it could not go on before.
func (p *partition) wait(since time.Time) {
	if before := p.waiting.Load(); before == 0 || nanos(since) < before {
		p.waiting.Store(nanos(since))
	}
}

// since is when the first trigger of a step was due, now at the latest.
func (s *Step) since(now time.Time) time.Time {
	if len(s.Triggers) == 0 {
		return now
	}
	return minTime(now, s.Triggers[0].Due)
}

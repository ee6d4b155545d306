package core

import (
	"context"
	"errors"
	"time"
)

// run publishes until ctx ends. A commit in flight is finished first.
func (p *partition) run(ctx context.Context) {
	for ctx.Err() == nil {
		pause, err := p.turn(ctx)
		p.mu.Lock()
		p.trouble = err
		p.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			p.e.monitor.Trouble("publish triggers", p.number, err)
		}
		p.rest(ctx, pause)
	}
}

// rest blocks for d, until woken (unless d is a back-off), or until ctx ends.
func (p *partition) rest(ctx context.Context, d rest) {
	if d.duration <= 0 {
		return
	}
	if d.backOff {
		sleep(ctx, d.duration)
		return
	}
	t := time.NewTimer(d.duration)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-p.waking:
	}
}

// rest is how long to wait after a turn. A back-off cannot be cut short.
type rest struct {
	duration time.Duration
	backOff  bool
}

// blocked is how long a partition waits when something is due but the store has
// not been heard of lately enough.
const blocked = 50 * time.Millisecond

// idle is how long a partition waits for a wake-up when nothing is due.
var idle = rest{duration: time.Second}

// turn does one step: position the planner if it is not, then plan and commit.
func (p *partition) turn(ctx context.Context) (rest, error) {
	if !p.mayPublish() {
		return idle, nil
	}
	if err := p.position(ctx); err != nil {
		p.wait(p.e.Now())
		return p.failed(err)
	}
	step, pause, ok := p.plan(p.e.Now())
	if !ok {
		return rest{duration: pause}, nil
	}
	return p.commit(ctx, step)
}

// mayPublish takes the planner off its cursor when the partition is not ours.
func (p *partition) mayPublish() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	may := p.owned && p.synced && p.e.clock.err() == nil
	switch {
	case !p.owned:
		p.release()
		p.sweep(p.e.Now())
		p.waiting.Store(0)
	case !may:
		p.wait(p.e.Now())
	}
	return may
}

// release takes the planner off its cursor. The lock is held.
func (p *partition) release() {
	p.planner.Release()
	p.awaited = nil
}

// standby is how far back a partition that another node publishes for keeps
// what was removed or changed: further than the cursor of a node that works.
const standby = time.Minute

// sweep frees now and then what no longer matters to a cursor that is further
// than standby. The lock is held.
func (p *partition) sweep(now time.Time) {
	if p.synced && now.Sub(p.settled) >= settleEvery {
		p.settled = now
		p.planner.Sweep(instant(p.e.fresh.Load()).Add(-standby))
	}
}

// Occurrences are drawn drawAhead before they may be published, so many at once
// that what is due meanwhile is hardly kept waiting.
const (
	drawAhead  = time.Second
	drawAtOnce = 64
)

// plan returns the next step, or for how long there is none. Then there is time
// to draw what comes after.
func (p *partition) plan(now time.Time) (step Step, pause time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.synced || !p.owned {
		return Step{}, idle.duration, false
	}
	if step, ok = p.planner.Plan(now, p.e.horizon(now)); ok {
		return step, 0, true
	}
	p.waiting.Store(0)
	if now.Sub(p.settled) >= settleEvery || p.planner.Changing() && now.Sub(p.settled) >= time.Second {
		p.settled = now
		if step, ok = p.planner.Settle(minTime(now, p.e.horizon(now))); ok {
			return step, 0, true
		}
	}
	if p.planner.Draw(p.e.reach(now), drawAtOnce) {
		return Step{}, 0, false // something may be due by now
	}
	due, some := p.planner.Next()
	if !some {
		return Step{}, idle.duration, false
	}
	if pause = due.Sub(now) - p.e.Ahead; pause <= 0 {
		pause = blocked // by the horizon: the next heartbeat moves it and wakes us
	}
	return Step{}, min(pause, idle.duration), false
}

// commit stores a step. It is not cut short when ctx ends.
func (p *partition) commit(ctx context.Context, step Step) (rest, error) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	step.Cursor.Node, step.Cursor.Partitions = p.e.Node, len(p.e.parts)
	began := p.e.Now()
	fence, err := p.e.pub.Commit(limited, p.number, p.fence, step)
	if err != nil {
		p.e.monitor.NotCommitted(p.number, err)
		p.wait(step.since(began))
		return p.failed(err)
	}
	p.fence = fence
	p.waiting.Store(0)
	stored := p.e.Now()
	p.e.monitor.Committed(Committed{
		Partition: p.number, Triggers: step.Triggers, Due: step.Cursor.Due, Stored: stored, Took: stored.Sub(began),
	})
	return rest{}, nil
}

// failed takes the planner off its cursor. Whatever went wrong, the truth is
// in the stream: it is read again and planned anew, under a new batch.
func (p *partition) failed(err error) (rest, error) {
	if errors.Is(err, ErrVanished) || errors.Is(err, errSwept) {
		p.e.renew(err)
	}
	p.mu.Lock()
	p.release()
	p.mu.Unlock()
	switch {
	case errors.Is(err, ErrFenced):
		return rest{duration: retryAfter, backOff: true}, nil
	case errors.Is(err, ErrNoCursor), errors.Is(err, ErrFull):
		return rest{duration: callTimeout, backOff: true}, err
	default:
		return rest{duration: retryAfter, backOff: true}, err
	}
}

func minTime(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

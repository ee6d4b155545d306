package targets

import "time"

const (
	maxBase   = 8 * time.Second       // the longest wait that is foretold from an estimate
	spread    = 20 * time.Second      // over which refused calls come back
	barredGap = 10 * time.Millisecond // between those that come back to a target that failed
	minAgain  = time.Millisecond
	maxJitter = 3 * time.Second
)

// later is the time after which a call is to ask again that the room has no
// place for. Of what is expected of places it is one half, because an estimate
// may be wrong: who comes too late leaves places unused, who comes too early is
// told to come again. Tokens come when they come.
func (g *target) later(now time.Time) time.Duration {
	gap := g.placeGap(now)
	base, gap := max(maxWait, gap)/2, gap/2
	if g.limiter != nil {
		base = max(base, g.tokens(g.waiting.Len()+1, now))
		gap = max(gap, seconds(1/float64(g.limiter.Limit())))
	}
	return g.again(now, min(base, maxBase), gap)
}

// again is the time after which a call that is refused is to ask again: base,
// or as much later as others have been told to before it, gap apart. Jitter
// keeps the workers apart, which foretell much the same.
func (g *target) again(now time.Time, base, gap time.Duration) time.Duration {
	earliest := now.Add(base)
	latest := earliest.Add(spread)
	at := g.booked.Add(gap)
	switch {
	case at.Before(earliest):
		at = earliest
		g.booked = at
	case at.After(latest):
		at = latest.Add(-g.fraction(spread / 2))
	default:
		g.booked = at
	}
	wait := at.Sub(now)
	return max(wait+g.fraction(min(wait/4, maxJitter)), minAgain)
}

// fraction is a random part of d.
func (g *target) fraction(d time.Duration) time.Duration {
	return time.Duration(g.random.Fraction() * float64(d))
}

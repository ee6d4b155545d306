package targets

import "time"

const (
	inertia    = 32                    // calls over which the typical duration is averaged
	paceExpiry = 10 * time.Millisecond // how long an estimate is used
)

// pace is how fast the calls of a target end.
type pace struct {
	typical time.Duration // moving average; 0: none has ended
	gap     time.Duration // between two that end, as estimated at made
	made    time.Time
}

// ended counts a call that has ended in.
func (p *pace) ended(took time.Duration) {
	if p.typical == 0 {
		p.typical = took
		return
	}
	p.typical += (took - p.typical) / inertia
}

// room is how many calls may wait: those that are expected to come in within
// maxWait, both for places and for tokens.
func (g *target) room(now time.Time) int {
	n := maxRoom
	if gap := g.placeGap(now); gap > 0 {
		n = min(n, int(maxWait/gap))
	}
	if g.limiter != nil {
		n = min(n, int(g.limiter.TokensAt(now)+maxWait.Seconds()*float64(g.limiter.Limit())))
	}
	return n
}

// tokens is the time until that many tokens are there.
func (g *target) tokens(n int, now time.Time) time.Duration {
	lack := float64(n) - g.limiter.TokensAt(now)
	return max(seconds(lack/float64(g.limiter.Limit())), 0)
}

// placeGap is the expected time between two places that become free, 0 while
// there are free ones or nothing is known. Every call ends within the time that
// a typical one takes, or within its age when that is more.
func (g *target) placeGap(now time.Time) time.Duration {
	if !g.full() {
		return 0
	}
	p := &g.pace
	if !p.made.IsZero() && now.Sub(p.made) < paceExpiry {
		return p.gap
	}
	p.made, p.gap = now, 0
	perSecond, left := 0.0, g.running.Len()
	for e := g.running.Front(); e != nil; e = e.Next() {
		call, _ := e.Value.(*place)
		age := now.Sub(call.since)
		if age <= p.typical { // and so are all that follow
			perSecond += float64(left) / p.typical.Seconds()
			break
		}
		perSecond += 1 / age.Seconds()
		left--
	}
	p.gap = seconds(1 / perSecond)
	return p.gap
}

// seconds is at most a day, far beyond all that is compared with it.
func seconds(s float64) time.Duration {
	const day = 24 * time.Hour
	return time.Duration(min(s, day.Seconds()) * float64(time.Second))
}

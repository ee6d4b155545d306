package client

import (
	"cmp"
	"time"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
)

// state computes where a job of a good value stands: it is pure. cursor is
// that of the key's partition, nil when nothing was ever published.
func (v *stored) state(namespace string, index int, cursor *contract.Cursor, now time.Time) common.State {
	job := &v.schedule.Jobs[index]
	times, err := spec.ForJob(job)
	if err != nil {
		return common.State{} // the value was checked, so this cannot be
	}
	t := timeline{
		namespace: namespace, key: v.key, index: index, times: times, stored: v.time,
		anchor: v.schedule.AnchorOr(v.time), paused: v.schedule.Paused, gaps: v.schedule.Gaps,
	}
	return common.State{Next: t.next(now), Prev: t.prev(cursor, now)}
}

// timeline are the occurrences of one job since its jobs were set, with the
// pauses in between.
//
// A revision stored at S holds from S+EffectDelay on, and the one before it up
// to there. A nominal time between S and S+EffectDelay that the revision before
// does not have is due at the end of the delay. So of a pause from From to To
// what was due, jitter included, before From+EffectDelay did happen, and of the
// rest what has a nominal time up to To did not; nominal times after To are due
// at To+EffectDelay at the earliest.
type timeline struct {
	namespace string
	key       string
	index     int
	times     *spec.Timetable
	stored    time.Time // of the newest revision
	anchor    time.Time // when the jobs were set
	paused    bool
	gaps      []contract.Gap
}

// next is the first nominal time after now, without jitter; zero when paused or never.
func (t *timeline) next(now time.Time) time.Time {
	if t.paused {
		return time.Time{}
	}
	if now.Before(t.stored) {
		now = t.stored
	}
	next, _ := t.times.Next(now, t.anchor)
	return next
}

// prev is the last nominal time that has been published and is due; zero when
// there is none. Schedulers publish up to a second ahead, which does not count.
// What a catch-up has recorded as missed counts, as it is behind the cursor.
func (t *timeline) prev(cursor *contract.Cursor, now time.Time) time.Time {
	if cursor == nil {
		return time.Time{}
	}
	limit := limitOf(cursor, t.key, t.index)
	at := limit.due
	if now.Before(at) {
		at = now
	}
	for {
		nominal, ok := t.times.Prev(at, t.anchor)
		if !ok || !nominal.After(t.anchor) {
			return time.Time{}
		}
		due, skipTo, ok := t.due(nominal)
		switch {
		case !ok:
			at = skipTo
		case due.After(now) || !limit.covers(due, t.key, t.index, nominal):
			at = nominal.Add(-1)
		default:
			return nominal
		}
	}
}

// due returns when an occurrence is due. ok is false when it fell into a pause;
// of those before it none after skipTo happened.
func (t *timeline) due(nominal time.Time) (due, skipTo time.Time, ok bool) {
	jittered := t.times.Due(t.namespace, t.key, t.index, nominal, t.anchor)
	due = later(jittered, t.anchor.Add(contract.EffectDelay))
	for _, gap := range t.gaps {
		from, to := gap.From.Add(contract.EffectDelay), gap.To
		if to.IsZero() {
			to = t.stored
		}
		switch {
		case due.Before(from):
		case !nominal.After(to):
			return due, earlier(nominal, from).Add(-1), false
		default:
			due = later(due, to.Add(contract.EffectDelay))
		}
	}
	if end := t.stored.Add(contract.EffectDelay); t.paused && !due.Before(end) {
		return due, earlier(nominal, end).Add(-1), false
	}
	return due, time.Time{}, true
}

// limit is a position: occurrences up to it have been published.
type limit struct {
	due     time.Time
	key     string
	index   int
	nominal time.Time
	whole   bool // every occurrence due at due is before the position
}

// limitOf is the position of one job. Its key may be ahead of the cursor after
// a change of the number of partitions, and the job during a catch-up.
func limitOf(c *contract.Cursor, key string, index int) limit {
	at := limit{due: c.Due, key: c.Key, index: c.Index, nominal: c.Scheduled}
	if b := c.Before; b != nil && len(b.Cursors) > 0 {
		former := b.Cursors[contract.Partition(key, len(b.Cursors))]
		if !at.covers(former.Due, former.Key, former.Index, former.Scheduled) {
			at = limit{due: former.Due, key: former.Key, index: former.Index, nominal: former.Scheduled}
		}
	}
	if u := c.CatchUp; u != nil && cmp.Or(cmp.Compare(key, u.Key), cmp.Compare(index, u.Index)) <= 0 && !u.Until.Before(at.due) {
		at = limit{due: u.Until, whole: true}
	}
	return at
}

func (l *limit) covers(due time.Time, key string, index int, nominal time.Time) bool {
	order := due.Compare(l.due)
	if order != 0 || l.whole {
		return order <= 0
	}
	return cmp.Or(cmp.Compare(key, l.key), cmp.Compare(index, l.index), nominal.Compare(l.nominal)) <= 0
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

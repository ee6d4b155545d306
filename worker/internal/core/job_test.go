package core

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// wanted is the plain account of a job that its state is compared with.
type wanted struct {
	run   string
	until time.Time
	line  map[string]place
}

// first is the occurrence other than me that goes before it.
func (w *wanted) first(me place, now time.Time) string {
	if w.until.After(now) && w.run != "" {
		if w.run == me.ID {
			return ""
		}
		return w.run
	}
	best := place{}
	for _, p := range w.line {
		if p.ID != me.ID && p.Until.After(now) && p.compare(me) < 0 && (best.ID == "" || p.compare(best) < 0) {
			best = p
		}
	}
	return best.ID
}

func TestJobAgainstAPlainAccount(t *testing.T) {
	t.Parallel()
	const turnOf = 30 * time.Second
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		began := now
		var j job
		w := wanted{line: map[string]place{}}
		expires := began
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "pause")) * time.Second)
			n := rapid.IntRange(0, 9).Draw(t, "occurrence")
			me := place{fmt.Sprint("o", 9-n), began.Add(time.Duration(n/4) * time.Minute), began.Add(time.Duration(n/2) * time.Second), now.Add(turnOf)}
			switch rapid.SampledFrom([]string{"ask", "ask", "ask", "wait", "wait", "wait", "prolong", "end"}).Draw(t, "what") {
			case "ask":
				j = asked(t, j, &w, me, false, now)
			case "wait":
				j = asked(t, j, &w, me, true, now)
			case "prolong":
				me.Until = now.Add(time.Duration(rapid.IntRange(1, 3).Draw(t, "times")) * turnOf)
				changed, still := j.prolong(me.ID, me.Until)
				if still != (w.run == me.ID) {
					t.Fatalf("prolonged %s: %t, but %q runs", me.ID, still, w.run)
				}
				if still && me.Until.After(w.until) {
					w.until = me.Until
				}
				j = changed
			case "end":
				j, _ = j.end(me.ID)
				delete(w.line, me.ID)
				if w.run == me.ID {
					w.run, w.until = "", time.Time{}
				}
			}
			j = stored(t, j, now, &expires)
		}
	})
}

// asked asks both and compares what they say.
func asked(t *rapid.T, j job, w *wanted, me place, wait bool, now time.Time) job {
	behind := w.first(me, now)
	next, got, changed := j.ask(me, wait, now)
	if got.granted != (behind == "") || got.behind != behind {
		t.Fatalf("%s asked: got %+v, want it behind %q\n%+v", me.ID, got, behind, j)
	}
	switch {
	case got.granted:
		w.run, w.until = me.ID, me.Until
		delete(w.line, me.ID)
	case wait:
		if before, is := w.line[me.ID]; !is || before.Until.Sub(now) <= me.Until.Sub(now)/2 {
			w.line[me.ID] = me
		}
		if !slices.ContainsFunc(next.Line, func(p place) bool { return p.ID == me.ID && p.Until.After(now) }) {
			t.Fatalf("%s waits and has no place in the line %+v", me.ID, next.Line)
		}
	}
	if !changed {
		return j
	}
	return next
}

// stored returns the state as it is read again, or none once nothing in it holds.
// It must not expire before one that it replaces.
func stored(t *rapid.T, j job, now time.Time, expires *time.Time) job {
	if !slices.IsSortedFunc(j.Line, place.compare) {
		t.Fatalf("the line is not in order: %+v", j.Line)
	}
	j, what, ttl := j.next(now)
	if now.Add(ttl).Before(*expires) {
		t.Fatalf("stored for %s, although one before it lasts until %s, %s from now", ttl, *expires, expires.Sub(now))
	}
	*expires = now.Add(ttl)
	if what == remove {
		return job{Run: j.Run} // it may be stored still: removing is a change, expiring is none
	}
	data, err := json.Marshal(j)
	if err != nil || ttl <= 0 || len(data) > 64<<10 {
		t.Fatalf("a state of %d bytes for %s: %v", len(data), ttl, err)
	}
	var read job
	if err := json.Unmarshal(data, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// The line has a limit: those who come first by due time are in it.
func TestLineIsLimited(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	j := job{Run: "runs", Until: now.Add(time.Minute)}
	due := func(n int) place {
		return place{fmt.Sprintf("%04d", n), now.Add(time.Duration(n) * time.Second), now, now.Add(time.Minute)}
	}
	for n := 2 * maxLine; n > 0; n-- {
		j, _, _ = j.ask(due(n), true, now)
	}
	if len(j.Line) != maxLine || j.Line[0] != due(1) || j.Line[maxLine-1] != due(maxLine) {
		t.Errorf("got %d in the line, from %s to %s", len(j.Line), j.Line[0].ID, j.Line[len(j.Line)-1].ID)
	}
	_, last, changed := j.ask(due(5*maxLine), true, now)
	if last.granted || changed || last.position != maxLine {
		t.Errorf("one beyond the line: got %+v, changed %t", last, changed)
	}
}

package core

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxLine is how many occurrences of a job are remembered in their order.
const maxLine = 64

// job is the state of a job whose occurrences must not overlap: which of them
// has its turn, and which wait for theirs. Its methods are pure.
type job struct {
	Run   string    `json:"run,omitempty"`  // the occurrence that runs
	Since time.Time `json:"since,omitzero"` // when it got its turn
	Until time.Time `json:"until,omitzero"` // when its turn ends unless it is prolonged
	Line  []place   `json:"line,omitempty"` // in order of due time
	// Kept is until when this state, or one before it, is stored. None must expire
	// before those that it replaced: a server that is killed may bring these back.
	Kept time.Time `json:"kept,omitzero"`
}

// place is an occurrence in the line. After Until it has not shown up in time,
// and the others pass it over.
type place struct {
	ID      string    `json:"id"`
	Due     time.Time `json:"due"`
	Nominal time.Time `json:"nominal"` // decides where several are due at once
	Until   time.Time `json:"until"`
}

// jobName is the name of a job's state.
func jobName(key string, index int) string { return "job." + strconv.Itoa(index) + "." + key }

func (p place) compare(q place) int {
	return cmp.Or(p.Due.Compare(q.Due), p.Nominal.Compare(q.Nominal), strings.Compare(p.ID, q.ID))
}

// turn is what comes of asking for one.
type turn struct {
	granted  bool
	behind   string        // the occurrence that goes first
	runs     time.Duration // for how long it has run; 0: it has not begun
	position int           // in the line, from 0; maxLine: beyond
}

// running is the occurrence that has its turn now, if there is one.
func (j job) running(now time.Time) string {
	if j.Until.After(now) {
		return j.Run
	}
	return ""
}

// ask asks for the turn of an occurrence that comes until me.Until. One that had
// its turn gets it again, whoever asks for it; a free turn goes to the first in
// the line. An occurrence that may wait is put into the line. The state is to be
// replaced if it changed.
func (j job) ask(me place, wait bool, now time.Time) (_ job, t turn, changed bool) {
	line := slices.DeleteFunc(slices.Clone(j.Line), func(p place) bool { return p.ID == me.ID || !p.Until.After(now) })
	switch run := j.running(now); {
	case run == me.ID: // again
		j.Until, j.Line = me.Until, line
		return j, turn{granted: true}, true
	case run != "":
		t.behind, t.runs = run, max(now.Sub(j.Since), 0)
	case len(line) > 0 && line[0].compare(me) < 0:
		t.behind = line[0].ID
	default:
		return job{Run: me.ID, Since: now, Until: me.Until, Line: line, Kept: j.Kept}, turn{granted: true}, true
	}
	if !wait {
		return j, t, false
	}
	t.position, _ = slices.BinarySearchFunc(line, me, place.compare)
	if t.position >= maxLine {
		return j, t, false
	}
	line = slices.Insert(line, t.position, me)
	j, changed = j.with(line[:min(len(line), maxLine)], me, now)
	return j, t, changed
}

// with is the state with that line. It need not be stored while the place of
// me, as it was stored, lasts for another half of what it is to last.
func (j job) with(line []place, me place, now time.Time) (job, bool) {
	for _, p := range j.Line {
		if p.ID == me.ID && p.Until.Sub(now) > me.Until.Sub(now)/2 {
			return j, false
		}
	}
	j.Line = line
	return j, true
}

// prolong keeps the turn of the occurrence until then. It returns false when
// the occurrence does not have it any more.
func (j job) prolong(id string, until time.Time) (job, bool) {
	if j.Run != id {
		return j, false
	}
	if until.After(j.Until) {
		j.Until = until
	}
	return j, true
}

// end forgets an occurrence that has ended. It returns false when it was not
// known.
func (j job) end(id string) (job, bool) {
	line := slices.DeleteFunc(slices.Clone(j.Line), func(p place) bool { return p.ID == id })
	known := j.Run == id || len(line) < len(j.Line)
	if j.Run == id {
		j.Run, j.Since, j.Until = "", time.Time{}, time.Time{}
	}
	j.Line = line
	return j, known
}

// next says how the state is to be stored: for as long as anything in it holds, or
// in one that it replaces.
func (j job) next(now time.Time) (job, next, time.Duration) {
	if j.Until.After(j.Kept) {
		j.Kept = j.Until
	}
	for _, p := range j.Line {
		if p.Until.After(j.Kept) {
			j.Kept = p.Until
		}
	}
	if ttl := j.Kept.Sub(now); ttl > 0 {
		return j, replace, ttl
	}
	return j, remove, 0
}

package core_test

import (
	"slices"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// account is what the log and the dead letters hold of an occurrence.
type account struct {
	finals   []contract.Result
	attempts []contract.Result // that count
	letters  int
}

// judge looks at what is left of a story.
func (s *stage) judge() {
	if n := s.queue.Len(); n > 0 {
		s.fault("%d triggers go round for ever", n)
	}
	accounts := map[string]*account{}
	for _, id := range s.ids {
		accounts[id] = &account{}
	}
	for _, r := range s.log.Records() {
		a := accounts[r.ID]
		switch {
		case a == nil:
			s.fault("a record of %q, which nobody knows", r.ID)
		case r.Kind == contract.KindFinal:
			a.finals = append(a.finals, r)
		case r.ErrorClass != contract.ErrorStopped:
			a.attempts = append(a.attempts, r)
		}
	}
	for _, d := range s.dead.Letters() {
		accounts[d.ID].letters++
	}
	for i, id := range s.ids {
		s.judgeOne(i, id, accounts[id])
	}
	s.judgeOverlap()
	if n := s.states.Len(); n > 1 { // the key of tokens stays
		s.fault("%d states are left after all have expired", n-1)
	}
}

func (s *stage) judgeOne(i int, id string, a *account) {
	if len(a.finals) != 1 {
		s.fault("%s: %d final records, want exactly one", id, len(a.finals))
		return
	}
	final, p := a.finals[0], s.triggers[i]
	calls := 0
	for _, c := range s.calls {
		if c.plot == i {
			calls++
		}
	}
	poison := final.ErrorClass == contract.ErrorInvalid
	uncalled := poison || final.Outcome == contract.OutcomeExpired || final.Outcome == contract.OutcomeSkipped
	if calls == 0 && !uncalled {
		s.fault("%s: ended as %s and was never called", id, final.Outcome)
	}
	if poison != p.Poison || poison && calls > 0 {
		s.fault("%s: poison %t, called %d times", id, poison, calls)
	}
	if len(a.attempts) > 0 && uncalled {
		s.fault("%s: ended as %s after %d attempts", id, final.Outcome, len(a.attempts))
	}
	s.judgeAttempts(id, a, p)
	if want := isDead(final.Outcome); want != (a.letters > 0) || a.letters > 1 {
		s.fault("%s: %d dead letters of one that ended as %s", id, a.letters, final.Outcome)
	}
	if want := s.taken[id]; want != "" && final.Outcome != want {
		s.fault("%s: ended as %s, but a report of %s was taken", id, final.Outcome, want)
	}
	if final.Outcome == contract.OutcomeSkipped && p.Overlap != contract.OverlapSkip {
		s.fault("%s: skipped with policy %q", id, p.Overlap)
	}
}

func isDead(outcome string) bool {
	return slices.Contains([]string{contract.OutcomeDead, contract.OutcomeFailed, contract.OutcomeLost}, outcome)
}

// judgeAttempts: the records count up from one, to the limit at most.
func (s *stage) judgeAttempts(id string, a *account, p plot) {
	limit := p.Attempts
	if limit == 0 {
		limit = contract.DefaultAttempts
	}
	if len(a.attempts) > limit {
		s.fault("%s: %d attempts recorded, want at most %d", id, len(a.attempts), limit)
	}
	for n, r := range a.attempts {
		if r.Attempt != n+1 {
			s.fault("%s: attempt %d is recorded as number %d", id, n+1, r.Attempt)
		}
		if last := n == len(a.attempts)-1; !last && r.Outcome != contract.OutcomeRetry {
			s.fault("%s: attempt %d ended as %s and is not the last", id, n+1, r.Outcome)
		}
	}
	if a.finals[0].Outcome == contract.OutcomeDead && len(a.attempts) != limit {
		s.fault("%s: dead after %d attempts, want %d", id, len(a.attempts), limit)
	}
}

// judgeOverlap: while no worker died or was cut off no two occurrences of one job that must
// not overlap were called at once, nor, when nothing was lost, one between the
// first call of another and its end.
func (s *stage) judgeOverlap() {
	if len(s.deaths) > 0 || s.outage.absence > 0 {
		return
	}
	for _, c := range s.calls {
		for _, d := range s.calls {
			p, q := s.triggers[c.plot], s.triggers[d.plot]
			if c.plot == d.plot || p.Job != q.Job || p.Overlap == "" {
				continue
			}
			if c.first < d.first && (d.first < c.last || c.last == 0) {
				s.fault("%s was called at %s, during a call of %s", s.ids[d.plot], d.began.Sub(s.began), s.ids[c.plot])
			}
			if s.losses == 0 && c.first < d.first && d.began.Before(s.ended(c.plot)) {
				s.fault("%s was called at %s, before %s had ended", s.ids[d.plot], d.began.Sub(s.began), s.ids[c.plot])
			}
		}
	}
}

// ended is when an occurrence ended.
func (s *stage) ended(plot int) time.Time {
	for _, r := range s.log.Records() {
		if r.Kind == contract.KindFinal && r.ID == s.ids[plot] {
			return r.Finished
		}
	}
	return time.Time{}
}

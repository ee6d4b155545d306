package natsresult

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// What is kept has a limit, and the histories that were used last stay.
func TestHistoriesAreBounded(t *testing.T) {
	t.Parallel()
	var s histories
	for i := range 100 {
		s.done(s.use(fmt.Sprint(i)), maxKnown/10)
		s.done(s.use("busy"), 1)
	}
	if n := len(s.bySubject); n > 11 || s.order.Len() != n || s.known > maxKnown {
		t.Errorf("%d histories in a list of %d with %d occurrences", n, s.order.Len(), s.known)
	}
	if s.bySubject["busy"] == nil || s.bySubject["99"] == nil || s.bySubject["0"] != nil {
		t.Error("want those that were used last")
	}
	s.done(s.use("huge"), 2*maxKnown)
	if len(s.bySubject) != 0 || s.known != 0 {
		t.Errorf("%d histories with %d occurrences, want none beside what is too large for itself", len(s.bySubject), s.known)
	}
	s.forget()
	s.done(s.use("a"), 1)
	if len(s.bySubject) != 1 || s.order.Len() != 1 || s.known != 1 {
		t.Errorf("%d histories in a list of %d with %d occurrences, want one", len(s.bySubject), s.order.Len(), s.known)
	}
}

// A history in use may be dropped, and is not counted then.
func TestHistoryThatIsDroppedInUse(t *testing.T) {
	t.Parallel()
	var s histories
	h := s.use("a")
	s.forget()
	s.done(h, 7)
	if s.known != 0 || s.use("a") == h {
		t.Error("want it dropped")
	}
}

func TestIdleHistoriesAreDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s histories
		s.done(s.use("a"), 1)
		time.Sleep(maxIdle / 2)
		s.done(s.use("b"), 1)
		time.Sleep(maxIdle/2 + time.Second)
		s.done(s.use("c"), 1)
		if s.bySubject["a"] != nil || s.bySubject["b"] == nil || s.known != 2 {
			t.Errorf("%d histories with %d occurrences, want b and c", len(s.bySubject), s.known)
		}
	})
}

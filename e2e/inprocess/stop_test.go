package inprocess_test

import (
	"testing"
	"time"
)

const (
	stopGrace = 3 * time.Second
	slowCall  = 300 * time.Millisecond // from the stop on
	stuck     = 8                      // until long after the test
	// heldFor is no longer than a worker holds a trigger.
	heldFor = 4900 * time.Millisecond
)

// A worker that is told to stop under load finishes what ends within its grace
// period, cuts off and hands back the rest, and is done soon after it. Nothing
// is lost, another worker gets at once what was handed back, and nothing is
// called twice but what was cut off.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	s := newStopTrial(t)
	stop := s.worker()
	s.waitForever()
	s.publish("stuck", stuck, time.Now())
	s.publish("fast", 300, time.Now())
	s.publish("slow", 60, time.Now())
	due := time.Now().Add(heldFor)
	s.publish("held", 20, due)
	s.await("calls under way", func() bool { return s.under("stuck") == stuck && s.under("slow") > 0 })
	began := time.Now()
	close(s.stopping)
	stop()
	if took := time.Since(began); took < stopGrace || took > patience {
		t.Errorf("the worker took %s to stop, want its grace period of %s", took, stopGrace)
	}
	s.await("the targets see that calls were cut off", func() bool { return s.under("stuck")+s.under("slow") == 0 })
	before := s.total()
	time.Sleep(time.Until(due.Add(500 * time.Millisecond)))
	if after := s.total(); after != before {
		t.Errorf("%d calls came after the worker had stopped", after-before)
	}
	close(s.freed)
	s.worker()
	s.await("the rest", func() bool { return s.left() == 0 })
	s.check()
}

package inprocess_test

import (
	"testing"
	"time"
)

const (
	stopGrace = time.Second
	// stopSlack is what a stop takes beside the grace period: the last records.
	stopSlack = 2 * time.Second
	slowCall  = 300 * time.Millisecond
	stuck     = 8
	// worksOff is how long another worker may take. It is far less than the 20 s
	// after which the server gives a trigger away that was not handed back.
	worksOff = 10 * time.Second
)

// A worker that is told to stop under load finishes what ends within its grace
// period, cuts off and hands back the rest, and is done soon after it. Nothing
// is lost, another worker gets at once what was handed back, and nothing is
// called twice but what was cut off.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	s := newStopTrial(t)
	stop := s.worker()
	now := time.Now()
	s.publish("fast", 300, now)
	s.publish("slow", 60, now)
	s.publish("stuck", stuck, now)
	s.publish("held", 20, now.Add(4*time.Second))
	s.await("calls under way", patience, func() bool { return s.under("stuck") == stuck && s.under("slow") > 0 })
	began := time.Now()
	stop()
	if took := time.Since(began); took < stopGrace || took > stopGrace+stopSlack {
		t.Errorf("the worker took %s to stop, want its grace period of %s", took, stopGrace)
	}
	if n := s.under("stuck") + s.under("slow"); n != 0 {
		t.Errorf("%d calls are still under way", n)
	}
	before := s.total()
	time.Sleep(time.Until(now.Add(4*time.Second + 500*time.Millisecond))) // what was held is due now
	if after := s.total(); after != before {
		t.Errorf("%d calls came after the worker had stopped", after-before)
	}
	close(s.freed)
	s.worker()
	s.await("the rest", worksOff, func() bool { return s.left() == 0 })
	s.check()
}

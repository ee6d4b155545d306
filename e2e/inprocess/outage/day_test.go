package outage_test

import (
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// A day without any scheduler: of what was late by more than 30 s each policy
// runs the latest it promises and nothing more, and all the others are in one
// missed record of the job.
func TestDayWithoutSchedulers(t *testing.T) { //nolint:paralleltest // one bubble at a time, see simulate
	const day = 24 * time.Hour
	cases := map[string]struct {
		spec     string
		interval time.Duration
		misfire  common.Misfire
		run      int
	}{
		"once":   {"@every 5s", 5 * time.Second, common.Misfire{}, 1},
		"skip":   {"*/5 * * * * *", 5 * time.Second, common.Misfire{Policy: common.MisfireSkip}, 0},
		"all":    {"@every 5s", 5 * time.Second, common.Misfire{Policy: common.MisfireAll}, contract.DefaultMisfireLimit},
		"ten":    {"0 * * * * *", time.Minute, common.Misfire{Policy: common.MisfireAll, Limit: 10}, 10},
		"window": {"0 * * * * *", time.Minute, common.Misfire{Policy: common.MisfireAll, Window: common.Duration(5 * time.Minute)}, 5},
	}
	simulate(t, func(s *site) {
		stop, stopWorker := s.scheduler(), s.worker()
		time.Sleep(settled)
		for key, c := range cases {
			job := s.job(c.spec)
			job.Misfire = c.misfire
			s.set(key, job)
		}
		time.Sleep(20 * time.Second)
		stop()
		stopWorker()
		stopped := time.Now()
		time.Sleep(day)
		began := time.Now()
		stop, stopWorker = s.scheduler(), s.worker()
		time.Sleep(40 * time.Second)
		for key, c := range cases {
			missed := s.records(key, func(r contract.Result) bool { return r.Kind == contract.KindMissed })
			if len(missed) != 1 {
				s.t.Errorf("%s: %d missed records, want 1", key, len(missed))
				continue
			}
			from, to, n := missed[0].From, missed[0].To, missed[0].Count
			if from.Before(stopped) || from.Sub(stopped) > c.interval+time.Second || n != int64(to.Sub(from)/c.interval)+1 {
				s.t.Errorf("%s: %d are missed from %s to %s, schedulers stopped at %s", key, n, from, to, stopped)
			}
			last := to.Add(time.Duration(c.run) * c.interval)
			if late := began.Sub(last); late < 25*time.Second || late > 31*time.Second+c.interval {
				s.t.Errorf("%s: the last late one is that of %s, schedulers came back at %s", key, last, began)
			}
			run := s.records(key, func(r contract.Result) bool {
				return r.Kind == contract.KindFinal && r.Scheduled.After(stopped) && !r.Scheduled.After(last) && !r.Scheduled.Before(from)
			})
			if len(run) != c.run || c.run > 0 && !run[0].Scheduled.Equal(to.Add(c.interval)) {
				s.t.Errorf("%s: %d late ones were run, want the latest %d", key, len(run), c.run)
			}
			s.audit(key, time.Time{}).clean()
		}
		stop()
		stopWorker()
	})
}

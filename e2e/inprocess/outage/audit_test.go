package outage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// settled is how old a namespace must be for an audit to reach back to a schedule
// that is stored then.
const settled = 10 * time.Second

// audited is the audit of a key.
type audited struct {
	client.Audit
	t *testing.T
}

// audit audits all of a key; a zero until is now.
func (s *site) audit(key string, until time.Time) audited {
	s.t.Helper()
	a, err := s.schedule.Audit(s.t.Context(), key, time.Time{}, until)
	noError(s.t, err)
	return audited{a, s.t}
}

// clean wants no difference, and something that was run.
func (a audited) clean() audited {
	a.t.Helper()
	if a.Total != 0 || len(a.Limits) != 0 || a.Run == 0 || a.Run+a.Missed+a.Pending+a.Open != a.Demanded {
		a.t.Errorf("audit is %+v, want no difference", a.Audit)
	}
	return a
}

// told are the differences, each "kind nominal", in order.
func (a audited) told() string {
	var all []string
	for _, d := range a.Differences {
		all = append(all, d.Kind+" "+d.Scheduled.Format(time.RFC3339Nano))
	}
	return strings.Join(all, "\n")
}

// kinds of schedules.
func (s *site) kinds() map[string][]common.Job {
	with := func(spec string, change func(*common.Job)) []common.Job {
		job := s.job(spec)
		change(&job)
		return []common.Job{job}
	}
	policy := func(m common.Misfire) func(*common.Job) { return func(j *common.Job) { j.Misfire = m } }
	return map[string][]common.Job{
		"every":    {s.job("@every 5s")},
		"fraction": {s.job("@every 4.7s")},
		"skip":     with("@every 5s", policy(common.Misfire{Policy: common.MisfireSkip})),
		"all":      with("*/5 * * * * *", policy(common.Misfire{Policy: common.MisfireAll, Limit: 10})),
		"zoned":    with("*/10 0-59 * * * *", func(j *common.Job) { j.Timezone = "Asia/Kathmandu" }),
		"jitter":   with("*/20 * * * * *", func(j *common.Job) { j.Jitter = common.Duration(15 * time.Second) }),
		"two":      {s.job("@every 8s"), s.job("*/7 * * * * *")},
		"bounded":  with("@every 10s", func(j *common.Job) { j.Start, j.End = start.Add(time.Minute), start.Add(8*time.Minute) }),
		"changed":  {s.job("@every 5s")},
		"paused":   {s.job("*/5 * * * * *")},
		"removed":  {s.job("*/5 * * * * *")},
	}
}

// In the normal case, over an outage of minutes in which schedules are changed,
// and long after it, no audit finds a difference. Whatever is then taken from the
// log, or put there, is exactly what it finds.
func TestAuditOverAnOutage(t *testing.T) { //nolint:paralleltest // one bubble at a time, see simulate
	simulate(t, func(s *site) {
		stop, other, stopWorker := s.scheduler(), s.scheduler(), s.worker()
		time.Sleep(settled)
		keys := s.kinds()
		for key, jobs := range keys {
			s.set(key, jobs...)
		}
		time.Sleep(time.Minute)
		for key := range keys {
			if a := s.audit(key, time.Time{}).clean(); a.Missed > 0 {
				s.t.Errorf("%s: %d are missed without an outage", key, a.Missed)
			}
		}
		stop()
		other()
		s.outage()
		stop, other = s.scheduler(), s.scheduler()
		time.Sleep(time.Minute)
		for key := range keys {
			if a := s.audit(key, time.Time{}).clean(); a.Missed == 0 {
				s.t.Errorf("%s: nothing is missed after an outage", key)
			}
		}
		stop()
		other()
		end := time.Now()
		time.Sleep(5 * time.Second) // the worker runs what was published ahead
		stopWorker()
		s.lose(end)
	})
}

// outage is ten minutes in which nobody publishes, but schedules are changed.
func (s *site) outage() {
	s.t.Helper()
	time.Sleep(3 * time.Minute)
	s.set("changed", s.job("*/3 * * * * *"))
	noError(s.t, s.schedule.Pause("paused"))
	noError(s.t, s.schedule.Remove("removed"))
	time.Sleep(4 * time.Minute)
	noError(s.t, s.schedule.Resume("paused"))
	time.Sleep(3 * time.Minute)
}

// lose does something to the log of some keys, and looks what audits up to end
// make of it, soon after and a day later.
func (s *site) lose(end time.Time) {
	s.t.Helper()
	attempted := s.some("fraction")
	cases := map[string]struct {
		soon, later string
	}{
		"every":    {soon: s.drop("every")},
		"fraction": {later: client.DiffUnfinished + " " + attempted.Scheduled.Format(time.RFC3339Nano)},
		"skip":     {soon: s.dropMissed("skip")},
		"all":      {soon: s.foreign("all")},
		"zoned":    {soon: s.again("zoned")},
	}
	s.delete(attempted)
	time.Sleep(2 * time.Minute) // nothing is pending any more
	for key := range s.kinds() {
		if got, want := s.audit(key, end).told(), cases[key].soon; got != want {
			s.t.Errorf("%s: differences are\n%s\nwant\n%s", key, got, want)
		}
	}
	time.Sleep(24 * time.Hour)
	for key := range s.kinds() {
		want := cases[key].soon + cases[key].later
		if got := s.audit(key, end).told(); got != want {
			s.t.Errorf("%s: a day later, differences are\n%s\nwant\n%s", key, got, want)
		}
	}
}

// some returns a final record from the middle of a key's log.
func (s *site) some(key string) record {
	s.t.Helper()
	finals := s.records(key, func(r contract.Result) bool { return r.Kind == contract.KindFinal })
	return finals[len(finals)/2]
}

func (s *site) delete(r record) {
	s.t.Helper()
	noError(s.t, s.js.DeleteMsg(names.ResultStream(), r.sequence))
}

// drop deletes all records of one occurrence of a key.
func (s *site) drop(key string) (difference string) {
	s.t.Helper()
	chosen := s.some(key)
	for _, r := range s.records(key, func(r contract.Result) bool { return r.ID == chosen.ID }) {
		s.delete(r)
	}
	return client.DiffMissing + " " + chosen.Scheduled.Format(time.RFC3339Nano)
}

// dropMissed deletes the missed record of a key "@every 5s".
func (s *site) dropMissed(key string) (differences string) {
	s.t.Helper()
	missed := s.records(key, func(r contract.Result) bool { return r.Kind == contract.KindMissed })[0]
	s.delete(missed)
	var all []string
	for n := range missed.Count {
		all = append(all, client.DiffMissing+" "+missed.From.Add(time.Duration(n)*5*time.Second).Format(time.RFC3339Nano))
	}
	return strings.Join(all, "\n")
}

// foreign adds the record of an occurrence that nobody demands.
func (s *site) foreign(key string) (difference string) {
	s.t.Helper()
	r := s.some(key)
	r.Scheduled = r.Scheduled.Add(time.Millisecond)
	r.Due, r.ID = r.Scheduled, contract.OccurrenceID(string(names), key, r.Index, r.Scheduled)
	s.publish(r)
	return client.DiffUnexpected + " " + r.Scheduled.Format(time.RFC3339Nano)
}

// again adds a second final record of an occurrence.
func (s *site) again(key string) (difference string) {
	s.t.Helper()
	r := s.some(key)
	s.publish(r)
	return client.DiffDuplicate + " " + r.Scheduled.Format(time.RFC3339Nano)
}

func (s *site) publish(r record) {
	s.t.Helper()
	data, err := contract.Encode(r.Result)
	noError(s.t, err)
	_, err = s.js.PublishMsg(&nats.Msg{Subject: names.Result(r.Key), Data: data})
	noError(s.t, err)
}

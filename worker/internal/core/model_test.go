package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// A story is what happens to some triggers and workers: who dies when, what is
// lost on the way, what targets answer and report. Whatever it is, the promises
// of the package comment hold at its end.
type story struct {
	seed     uint64 // of the fates
	losses   int    // of 100 requests, until calm
	outage   death  // of everything that stores
	deaths   []death
	triggers []plot
	busy     time.Duration // until then target "b" refuses most calls
}

// closedFor is longer than any state is kept.
const closedFor = 8 * 24 * time.Hour

// calm is when losses and deaths are over.
const calm = 10 * time.Minute

// death of a worker: another takes its place after a while.
type death struct {
	at, absence time.Duration
	graceful    bool // it is stopped, not killed
}

// plot is a trigger and what its target does.
type plot struct {
	Job, Overlap string
	Due          time.Duration
	Attempts     int
	Deadline     time.Duration
	Completion   time.Duration
	Target       string
	Poison       bool
	Again        bool // a dead letter that was sent again
	Twice        bool // sent again by two who do not know of each other; with Again only
	Calls        []deed
}

// deed is what the target does with a call: the last one is repeated.
type deed struct {
	Takes   time.Duration
	Answer  string        // ok, retry, bad, accept
	Report  string        // of what was accepted: success, failed, or empty: none comes
	After   time.Duration // the call began
	Repeats int           // of the report
}

func seconds(t *rapid.T, most int, name string) time.Duration {
	return time.Duration(rapid.IntRange(0, most*10).Draw(t, name)) * 100 * time.Millisecond
}

func drawStory(t *rapid.T) (s story) {
	s.seed = rapid.Uint64().Draw(t, "seed")
	s.losses = rapid.SampledFrom([]int{0, 0, 3, 20}).Draw(t, "losses")
	if rapid.IntRange(0, 3).Draw(t, "out") == 0 {
		s.outage = death{at: seconds(t, 90, "at"), absence: 2 * seconds(t, 60, "absence")}
	}
	if rapid.Bool().Draw(t, "harm") {
		s.deaths = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) death {
			return death{seconds(t, 90, "at"), seconds(t, 60, "absence"), rapid.Bool().Draw(t, "graceful")}
		}), 0, 5).Draw(t, "deaths")
	}
	s.busy = rapid.SampledFrom([]time.Duration{0, 0, time.Minute, 20 * time.Minute}).Draw(t, "busy")
	policies := map[string]string{}
	for _, job := range []string{"a", "b", "c"} {
		policies[job] = rapid.SampledFrom([]string{"", contract.OverlapSkip, contract.OverlapQueue}).Draw(t, "policy")
	}
	s.triggers = rapid.SliceOfN(rapid.Custom(drawPlot), 1, 12).Draw(t, "triggers")
	for i := range s.triggers {
		s.triggers[i].Overlap = policies[s.triggers[i].Job]
	}
	return s
}

func drawPlot(t *rapid.T) plot {
	return plot{
		Job:        rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "job"),
		Due:        seconds(t, 60, "due"),
		Attempts:   rapid.IntRange(0, 4).Draw(t, "attempts"),
		Deadline:   rapid.SampledFrom([]time.Duration{0, 0, 10 * time.Second, 2 * time.Minute}).Draw(t, "deadline"),
		Completion: rapid.SampledFrom([]time.Duration{0, 30 * time.Second, 20 * time.Minute}).Draw(t, "completion"),
		Target:     rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "target"),
		Poison:     rapid.IntRange(0, 9).Draw(t, "poison") == 0,
		Again:      rapid.IntRange(0, 4).Draw(t, "again") == 0,
		Twice:      rapid.IntRange(0, 9).Draw(t, "twice") == 0,
		Calls:      rapid.SliceOfN(rapid.Custom(drawDeed), 1, 4).Draw(t, "calls"),
	}
}

func drawDeed(t *rapid.T) deed {
	return deed{
		Takes:   rapid.SampledFrom([]time.Duration{0, 0, time.Second, 9 * time.Second, 50 * time.Second, 4 * time.Minute}).Draw(t, "takes"),
		Answer:  rapid.SampledFrom([]string{"ok", "ok", "retry", "retry", "bad", "accept"}).Draw(t, "answer"),
		Report:  rapid.SampledFrom([]string{"", "success", "failed"}).Draw(t, "report"),
		After:   seconds(t, 300, "after"),
		Repeats: rapid.IntRange(0, 2).Draw(t, "repeats"),
	}
}

// stage is where a story is played.
type stage struct {
	*bench
	story
	ids []string // of the triggers

	mu     sync.Mutex
	chance *rand.Rand
	moment int
	last   []func() // stop the last workers
	calls  []*performed
	taken  map[string]string // outcomes of the reports that were taken
	faults []string
}

// performed is a call as the target saw it.
type performed struct {
	plot        int
	began       time.Time
	first, last int // moments, counted up; a zero last: it is under way
}

func (s *stage) fault(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

func (s *stage) random(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chance.IntN(n)
}

func (s *stage) fate() fate {
	if since := time.Since(s.began) - s.outage.at; since >= 0 && since < s.outage.absence {
		return lost
	}
	if time.Since(s.began) >= calm || s.random(100) >= s.losses {
		return arrives
	}
	if s.random(2) == 0 {
		return lost
	}
	return unanswered
}

// trigger stores the trigger of a plot.
func (s *stage) trigger(i int, p plot) {
	t := s.bench.trigger(p.Job, p.Due)
	t.ID = fmt.Sprintf("%s-%d", p.Job, i)
	t.Overlap, t.Attempts, t.Timeout = p.Overlap, p.Attempts, contract.Duration(2*time.Minute)
	t.Deadline, t.Completion = contract.Duration(p.Deadline), contract.Duration(p.Completion)
	t.Option, _ = json.Marshal(p.Target)
	if p.Poison {
		t.Mode = "FTP"
	}
	if p.Again {
		t.Origin, t.ID = t.ID, t.ID+"-1"
	}
	s.ids = append(s.ids, t.ID)
	s.put(t)
	if p.Twice && p.Again {
		go func() {
			time.Sleep(40 * time.Minute)
			s.put(t)
		}()
	}
}

// execute does what the plot says of the call.
func (s *stage) execute(ctx context.Context, c core.Call) core.Answer {
	i := slices.Index(s.ids, c.ID)
	s.mu.Lock()
	s.moment++
	call := &performed{plot: i, began: time.Now(), first: s.moment}
	n := 0
	for _, other := range s.calls {
		if other.plot == i {
			n++
		}
	}
	s.calls = append(s.calls, call)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.moment++
		call.last = s.moment
	}()
	deeds := s.triggers[i].Calls
	d := deeds[min(n, len(deeds)-1)]
	if d.Answer == "accept" && d.Report != "" {
		go s.report(c, d)
	}
	timer := time.NewTimer(d.Takes)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return core.Answer{Class: contract.ErrorTimeout}
	}
	switch d.Answer {
	case "ok":
		return core.Answer{Verdict: core.Success}
	case "accept":
		return core.Answer{Verdict: core.Success, Accepted: true}
	case "bad":
		return core.Answer{Verdict: core.Permanent, Class: contract.ErrorStatus}
	}
	return core.Answer{Class: contract.ErrorStatus}
}

// report reports what a call has led to, as often as it takes to be heard.
func (s *stage) report(c core.Call, d deed) {
	worker := core.New(core.Settings{Name: "desk", Concurrency: 1}, (&mortal{fate: s.fate}).ports(s.ports()))
	time.Sleep(d.After)
	for range 20 * (d.Repeats + 1) {
		err := worker.Complete(context.Background(), c.Token, contract.Completed{Outcome: d.Report})
		switch {
		case err == nil:
			s.mu.Lock()
			if before := s.taken[c.ID]; before != "" {
				s.faults = append(s.faults, c.ID+": two reports were taken")
			}
			s.taken[c.ID] = d.Report
			s.mu.Unlock()
		case errors.Is(err, core.ErrNotOpen) && d.Repeats == 0:
			return
		}
		d.Repeats--
		time.Sleep(time.Second)
	}
}

// perform plays the deaths of workers, and has the last of them run on.
func (s *stage) perform() {
	var lives sync.WaitGroup
	for w := range 2 {
		lives.Go(func() {
			for n := 0; ; n++ {
				m := &mortal{fate: s.fate}
				stop := s.run(fmt.Sprintf("w%d.%d", w, n), m)
				at := 2*n + w
				if at >= len(s.deaths) {
					s.mu.Lock()
					defer s.mu.Unlock()
					s.last = append(s.last, stop)
					return
				}
				d := s.deaths[at]
				time.Sleep(d.at)
				if !d.graceful {
					m.died.Store(true)
				}
				go stop()
				time.Sleep(d.absence)
			}
		})
	}
	lives.Wait()
}

// play runs the story to its end.
func (s story) play(t *testing.T) (faults []string) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		st := &stage{bench: b, story: s, chance: rand.New(rand.NewPCG(s.seed, 1)), taken: map[string]string{}}
		b.executor.Answer = st.execute
		b.targets.Refuse = func(ctx context.Context, target string) time.Duration {
			if target != "b" || time.Since(b.began) > s.busy || st.random(10) == 0 {
				return 0
			}
			return hanging(target, 5*time.Second)(ctx, target)
		}
		for i, p := range s.triggers {
			st.trigger(i, p)
		}
		st.perform()
		time.Sleep(time.Hour)
		for b.queue.Len() > 0 && time.Since(b.began) < 48*time.Hour {
			time.Sleep(time.Minute)
		}
		time.Sleep(time.Hour) // reports that come too late, too
		for _, stop := range st.last {
			stop()
		}
		time.Sleep(closedFor)
		st.judge()
		faults = st.faults
	})
	return faults
}

func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawStory(rt)
		if faults := s.play(t); len(faults) > 0 {
			rt.Fatalf("%q", faults)
		}
	})
}

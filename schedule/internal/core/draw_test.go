package core_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// twins are two planners that hear and are asked the same; one of them draws
// ahead as well.
type twins struct {
	*rapid.T
	plain, drawing *core.Planner
	number         uint64
	now            time.Time
}

func (w *twins) change() {
	w.number++
	r := core.Revision{Key: fmt.Sprintf("key%d", rapid.IntRange(0, 2).Draw(w.T, "key")), Number: w.number, Stored: w.now}
	switch rapid.IntRange(0, 3).Draw(w.T, "kind") {
	case 0:
		r.Deleted = true
	case 1:
		r.Schedule.Jobs = []contract.Job{every("@every 300ms"), every("@every 1s")}
	default:
		job := every("*/2 * * * * *")
		job.Jitter = contract.Duration(rapid.SampledFrom([]time.Duration{0, time.Second}).Draw(w.T, "jitter"))
		r.Schedule.Jobs = []contract.Job{job}
	}
	w.plain.Apply(r)
	w.drawing.Apply(r)
}

// drain has both plan all there is and fails unless it is the same. (A step may
// differ in that one of them has already left out what was superseded.)
func (w *twins) drain() {
	horizon := w.now.Add(rapid.SampledFrom([]time.Duration{0, core.Ahead}).Draw(w.T, "ahead"))
	want, got := w.all(w.plain, horizon), w.all(w.drawing, horizon)
	if want != got {
		w.Fatalf("drawing ahead plans\n%s, want\n%s", got, want)
	}
}

// all plans all there is to plan and returns it as it is stored. What was
// encoded ahead must be what would be encoded now.
func (w *twins) all(p *core.Planner, horizon time.Time) string {
	var lines strings.Builder
	n := 0
	for range 10_000 {
		step, ok := p.Plan(w.now, horizon)
		if !ok {
			p.Settle(w.now)
			return lines.String()
		}
		if len(step.Encoded) != len(step.Triggers) {
			w.Fatalf("%d triggers, %d encoded", len(step.Triggers), len(step.Encoded))
		}
		for i, data := range step.Encoded {
			if n++; data == nil || n%16 == 0 { // each of the others is compared with that of its twin
				again, err := contract.Encode(step.Triggers[i])
				if err != nil || data != nil && string(data) != string(again) {
					w.Fatalf("encoded as %s, want %s", data, again)
				}
				data = again
			}
			lines.Write(append(data, '\n'))
		}
	}
	w.Fatal("the planner does not come to an end")
	return ""
}

func TestDrawingAheadChangesNothingThatIsPlanned(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		limits := core.Limits{Triggers: rapid.IntRange(1, 20).Draw(rt, "limit"), Bytes: 1 << 20}
		w := &twins{T: rt, now: t0, plain: core.NewPlanner("ns", limits), drawing: core.NewPlanner("ns", limits)}
		for _, p := range []*core.Planner{w.plain, w.drawing} {
			p.Trust()
			p.Position(contract.Cursor{Due: t0})
		}
		rt.Repeat(map[string]func(*rapid.T){
			"change": func(*rapid.T) { w.change() },
			"pass": func(*rapid.T) {
				w.now = w.now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(rt, "ms")) * time.Millisecond)
			},
			"outage": func(*rapid.T) { w.now = w.now.Add(40 * time.Second) },
			"drain":  func(*rapid.T) { w.drain() },
			"draw": func(*rapid.T) {
				beyond := rapid.SampledFrom([]time.Duration{0, contract.EffectDelay - 1, 20 * time.Second}).Draw(rt, "beyond")
				w.drawing.Draw(w.now.Add(beyond), rapid.IntRange(1, 100).Draw(rt, "count"))
			},
		})
	})
}

func TestNextIsTheFirstThatWasDrawn(t *testing.T) {
	t.Parallel()
	b := setup(t, at(0))
	b.set("a", at(-10), every("* * * * * *"))
	if more := b.planner.Draw(at(5), 3); !more {
		t.Error("no more to draw after three of five")
	}
	if due, ok := b.planner.Next(); !ok || !due.Equal(at(1)) {
		t.Errorf("Next = %s, %v, want %s", due, ok, at(1))
	}
	if more := b.planner.Draw(at(5), 3); more {
		t.Error("more to draw after all five")
	}
	if step, ok := b.planner.Plan(at(0), at(0)); ok {
		t.Errorf("planned %v before it is due", brief(step.Triggers))
	}
	ts, cursor := b.plan(at(2), at(2))
	expect(t, ts, "a/0@1", "a/0@2")
	if due, _ := b.planner.Next(); !cursor.Due.Equal(at(2)) || !due.Equal(at(3)) {
		t.Errorf("the cursor is at %s and what is next at %s, want 2 and 3 s", cursor.Due, due)
	}
}

func TestDrawIsBounded(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		body int // bytes
		jobs int
		want int // most that is drawn
	}{
		{"triggers", 1, 3000, 2000},
		{"bytes", 60 << 10, 100, 40},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, at(0))
			option := contract.HttpOption{Url: "http://example.test/", Body: string(make([]byte, test.body/6))} // \u0000
			for i := range test.jobs {
				b.set(fmt.Sprintf("k%04d", i), at(-10), contract.HttpJob("@at 2026-03-01T12:00:10Z", option))
			}
			drawn := 0
			for b.planner.Draw(at(10), 10) {
				drawn += 10
			}
			if drawn += 10; drawn > test.want || drawn < test.want/2 {
				t.Errorf("%d were drawn, want at most %d", drawn, test.want)
			}
		})
	}
}

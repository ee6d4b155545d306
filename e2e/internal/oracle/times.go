package oracle

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// job tells the nominal times of one job by plain arithmetic. It reads what the
// workload uses: "@every d", and six fields of numbers, "*", ranges, steps and
// lists in a zone. Its specs have a wildcard hour, so they follow the clock
// through daylight saving time and no policy is needed.
type job struct {
	anchor     time.Time
	every      time.Duration // zero: cron
	fields     [6]map[int]bool
	zone       *time.Location
	start, end time.Time
}

func newJob(def *contract.Job, anchor time.Time) (*job, error) {
	j := &job{anchor: anchor, start: def.Start, end: def.End}
	var err error
	if d, ok := strings.CutPrefix(def.Spec, "@every "); ok {
		j.every, err = time.ParseDuration(d)
		return j, err
	}
	if j.zone, err = time.LoadLocation(def.Timezone); err != nil {
		return nil, err
	}
	texts := strings.Fields(def.Spec)
	if len(texts) != len(j.fields) {
		return nil, fmt.Errorf("spec %q has %d fields, want 6", def.Spec, len(texts))
	}
	bounds := [6][2]int{{0, 59}, {0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}}
	for i, text := range texts {
		if j.fields[i], err = field(text, bounds[i][0], bounds[i][1]); err != nil {
			return nil, fmt.Errorf("spec %q: %w", def.Spec, err)
		}
	}
	if len(j.fields[3]) < 31 && len(j.fields[5]) < 7 {
		return nil, fmt.Errorf("spec %q limits both kinds of days, which is not supported here", def.Spec)
	}
	return j, nil
}

// field reads one field of a cron spec: "*", "7", "1-5", each with "/step", and
// lists of these.
func field(text string, low, high int) (map[int]bool, error) {
	set := map[int]bool{}
	for part := range strings.SplitSeq(text, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		from, to, step := low, high, 1
		var err error
		if stepped {
			if step, err = strconv.Atoi(stepText); err != nil {
				return nil, err
			}
		}
		if span != "*" {
			first, last, ranged := strings.Cut(span, "-")
			if from, err = strconv.Atoi(first); err != nil {
				return nil, err
			}
			if !ranged {
				last = first
			}
			if to, err = strconv.Atoi(last); err != nil {
				return nil, err
			}
		}
		for v := from; v <= to; v += step {
			set[v] = true
		}
	}
	return set, nil
}

// between returns the nominal times after from and before to.
func (j *job) between(from, to time.Time) []time.Time {
	var times []time.Time
	if j.every > 0 {
		n := max(int64(from.Sub(j.anchor)/j.every), 1)
		for ; ; n++ {
			t := j.anchor.Add(time.Duration(n) * j.every)
			if !t.Before(to) {
				return times
			}
			if t.After(from) && j.within(t) {
				times = append(times, t.UTC())
			}
		}
	}
	for t := from.Truncate(time.Second).Add(time.Second); t.Before(to); t = t.Add(time.Second) {
		if j.within(t) && j.matches(t) {
			times = append(times, t.UTC())
		}
	}
	return times
}

func (j *job) has(t time.Time) bool {
	if j.every > 0 {
		return t.After(j.anchor) && t.Sub(j.anchor)%j.every == 0 && j.within(t)
	}
	return t.Equal(t.Truncate(time.Second)) && j.within(t) && j.matches(t)
}

func (j *job) within(t time.Time) bool {
	return !t.Before(j.start) && (j.end.IsZero() || !t.After(j.end))
}

func (j *job) matches(t time.Time) bool {
	t = t.In(j.zone)
	values := [6]int{t.Second(), t.Minute(), t.Hour(), t.Day(), int(t.Month()), int(t.Weekday())}
	for i, v := range values {
		if !j.fields[i][v] {
			return false
		}
	}
	return true
}

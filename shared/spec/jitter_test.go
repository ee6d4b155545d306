package spec_test

import (
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/spec"
)

func jittered(t testing.TB, text string, jitter time.Duration) *spec.Timetable {
	t.Helper()
	return forJob(t, contract.Job{Spec: text, Jitter: contract.Duration(jitter)})
}

// Whatever the jitter, also one that is larger than the interval, an occurrence
// is due before the next nominal time, and hence before the next occurrence.
func TestJitterKeepsTheOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		job := contract.Job{
			Spec:     rapid.SampledFrom(validSpecs).Draw(t, "spec"),
			Timezone: rapid.SampledFrom(someZones).Draw(t, "zone"),
			DST:      drawDST(t),
			Jitter:   contract.Duration(rapid.Int64Range(1, int64(contract.MaxJitter)).Draw(t, "jitter")),
		}
		table, err := spec.ForJob(&job)
		if err != nil {
			t.Fatal(err)
		}
		after := drawNear(t, job.Timezone)
		key, index := rapid.String().Draw(t, "key"), rapid.IntRange(0, 99).Draw(t, "index")
		var before time.Time
		nominal, ok := table.Next(after, after)
		for range 10 {
			if !ok {
				return
			}
			due := table.Due("beta", key, index, nominal, after)
			if due.Before(nominal) || due.Sub(nominal) >= time.Duration(job.Jitter) || !due.After(before) || due.Location() != time.UTC {
				t.Fatalf("due is %s, nominal %s, the one before was due %s", due, nominal, before)
			}
			if again := table.Due("beta", key, index, nominal, after); again != due {
				t.Fatalf("due is %s, then %s", due, again)
			}
			next, more := table.Next(nominal, after)
			if more && !due.Before(next) {
				t.Fatalf("due is %s, behind the next nominal time %s", due, next)
			}
			before, nominal, ok = due, next, more
		}
	})
}

// Nodes of different versions work side by side: the values must not change.
func TestJitterIsStable(t *testing.T) {
	t.Parallel()
	nominal, anchor := instant(t, "2026-01-02T03:04:00Z"), instant(t, "2026-01-02T03:00:00.25Z")
	cases := []struct {
		name, spec, key string
		index           int
		nominal         time.Time
		jitter          time.Duration
		want            string
	}{
		{"a minute", "* * * * *", "test", 0, nominal, time.Minute, "2026-01-02T03:04:11.994811662Z"},
		{"cut to the interval", "* * * * *", "test", 0, nominal, time.Hour, "2026-01-02T03:04:11.994811662Z"},
		{"an hour of a day", "4 3 * * *", "test", 0, nominal, time.Hour, "2026-01-02T03:09:11.994811662Z"},
		{"another job", "4 3 * * *", "test", 1, nominal, time.Hour, "2026-01-02T03:54:33.074602314Z"},
		{"another key", "4 3 * * *", "tesu", 0, nominal, time.Hour, "2026-01-02T03:38:11.227167875Z"},
		{"another day", "4 3 * * *", "test", 0, nominal.AddDate(0, 0, 1), time.Hour, "2026-01-03T03:44:50.662920825Z"},
		{"every", "@every 15s", "test", 0, anchor.Add(15 * time.Second), time.Minute, "2026-01-02T03:00:20.763713896Z"},
		{"at", "@at 2026-01-02T03:04:00Z", "test", 0, nominal, 24 * time.Hour, "2026-01-02T06:09:11.994811662Z"},
		{"a nanosecond", "4 3 * * *", "test", 0, nominal, 1, "2026-01-02T03:04:00Z"},
		{"none", "4 3 * * *", "test", 0, nominal, 0, "2026-01-02T03:04:00Z"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			table := jittered(t, c.spec, c.jitter)
			if table.Jittered() != (c.jitter > 0) {
				t.Errorf("Jittered is %t", table.Jittered())
			}
			due := table.Due("beta", c.key, c.index, c.nominal, anchor)
			if got := due.Format(time.RFC3339Nano); got != c.want {
				t.Errorf("due is %s, want %s", got, c.want)
			}
		})
	}
}

// Ten thousand jobs of one spec fill every hundredth of the jitter: about 100
// each, 50 and 150 are five standard deviations away.
func TestJitterSpreads(t *testing.T) {
	t.Parallel()
	table := jittered(t, "0 0 * * *", 100*time.Second)
	nominal := instant(t, "2026-01-02T00:00:00Z")
	for name, due := range map[string]func(i int) time.Time{
		"keys":    func(i int) time.Time { return table.Due("beta", "key-"+strconv.Itoa(i), 0, nominal, nominal) },
		"indexes": func(i int) time.Time { return table.Due("beta", "key", i, nominal, nominal) },
		"days":    func(i int) time.Time { return table.Due("beta", "key", 0, nominal.AddDate(0, 0, i), nominal) },
		"namespaces": func(i int) time.Time {
			return table.Due("beta-"+strconv.Itoa(i), "key", 0, nominal, nominal)
		},
	} {
		var parts [100]int
		for i := range 10_000 {
			at := due(i)
			if name == "days" {
				at = at.AddDate(0, 0, -i)
			}
			parts[at.Sub(nominal)/time.Second]++
		}
		for second, n := range parts {
			if n < 50 || n > 150 {
				t.Errorf("%s: %d of 10000 are due in second %d of 100", name, n, second)
			}
		}
	}
}

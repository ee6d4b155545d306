package proxy

import (
	"testing"
	"time"
)

func TestHeld(t *testing.T) {
	t.Parallel()
	set := time.Now()
	after := func(seconds float64) time.Time { return set.Add(time.Duration(seconds * float64(time.Second))) }
	for name, test := range map[string]struct {
		delay      time.Duration
		first, now time.Time
		want       time.Duration
	}{
		"no delay":                     {0, after(-10), after(10), 0},
		"at first":                     {time.Second, after(-10), after(0), 0},
		"half a second each second":    {time.Second, after(-10), after(1), 500 * time.Millisecond},
		"all of it":                    {time.Second, after(-10), after(2), time.Second},
		"no more than that":            {time.Second, after(-10), after(3600), time.Second},
		"subscription that comes late": {time.Second, after(10), after(11), 500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &Proxy{delay: test.delay, since: set}
			if got := p.held(test.first, test.now); got != test.want {
				t.Errorf("held for %s, want %s", got, test.want)
			}
		})
	}
}

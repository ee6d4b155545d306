package bootstrap_test

import (
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/worker/bootstrap"
)

// checked is what Check says of a configuration that is right but for change.
func checked(change func(*bootstrap.Config)) error {
	c := bootstrap.Defaults()
	c.Namespace, c.NATS.Hosts = "beta", []string{"127.0.0.1:4222"}
	change(&c)
	return c.Check()
}

func TestCheckOfHostsAndTokens(t *testing.T) {
	t.Parallel()
	concurrency := func(n int) func(*bootstrap.Config) { return func(c *bootstrap.Config) { c.HostConcurrency = n } }
	rate := func(r float64) func(*bootstrap.Config) { return func(c *bootstrap.Config) { c.HostRate = r } }
	breaker := func(s string) func(*bootstrap.Config) { return func(c *bootstrap.Config) { c.HostBreaker = s } }
	token := func(s string) func(*bootstrap.Config) { return func(c *bootstrap.Config) { c.EventsToken = s } }
	const secret = "secret-secret"
	for name, test := range map[string]struct {
		change     func(*bootstrap.Config)
		name, want string // empty: it is right
	}{
		"no concurrency":       {concurrency(0), "", ""},
		"least concurrency":    {concurrency(1), "", ""},
		"most concurrency":     {concurrency(100_000), "", ""},
		"negative concurrency": {concurrency(-1), "HOST_CONCURRENCY", "is -1, want a whole number from 1 to 100000"},
		"too much concurrency": {concurrency(100_001), "HOST_CONCURRENCY", "is 100001, want"},
		"no rate":              {rate(0), "", ""},
		"low rate":             {rate(0.001), "", ""},
		"high rate":            {rate(1e6), "", ""},
		"negative rate":        {rate(-2.5), "HOST_RATE", "is -2.5, want calls a second from 0.001 to 1000000, or 0 for no limit"},
		"tiny rate":            {rate(1e-9), "HOST_RATE", "is 1e-09, want"},
		"huge rate":            {rate(2e6), "HOST_RATE", "is 2e+06, want"},
		"infinite rate":        {rate(math.Inf(1)), "HOST_RATE", "is +Inf, want"},
		"rate of no number":    {rate(math.NaN()), "HOST_RATE", "is NaN, want"},
		"breaker":              {breaker("on"), "", ""},
		"no breaker":           {breaker("off"), "", ""},
		"breaker of no word":   {breaker("no\n"), "HOST_BREAKER", `is "no\n", want "on" or "off"`},
		"no token":             {token(""), "", ""},
		"token":                {token(secret + "123"), "", ""},
		"longest token":        {token(strings.Repeat("x", 512)), "", ""},
		"short token":          {token(secret), "EVENTS_TOKEN", "is too short, want 16 to 512"},
		"long token":           {token(strings.Repeat(secret, 40)), "EVENTS_TOKEN", "is too long"},
		"token with a space":   {token(secret + " " + secret), "EVENTS_TOKEN", "header"},
		"token with a break":   {token(secret + "\n" + secret), "EVENTS_TOKEN", "header"},
		"token beyond ASCII":   {token(secret + "é" + secret), "EVENTS_TOKEN", "header"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checked(test.change)
			if test.name == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, test.name)
			if !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestHostsAndTokensFromTheEnvironment(t *testing.T) {
	t.Setenv("NAMESPACE", "beta")
	t.Setenv("NATS_HOSTS", "127.0.0.1:4222")
	t.Setenv("HOST_CONCURRENCY", "3")
	t.Setenv("HOST_RATE", "2.5")
	t.Setenv("HOST_BREAKER", "off")
	t.Setenv("EVENTS_TOKEN", "0123456789abcdef")
	c, err := bootstrap.LoadConfig()
	if err != nil || c.HostConcurrency != 3 || c.HostRate != 2.5 || c.HostBreaker != "off" || c.EventsToken != "0123456789abcdef" {
		t.Errorf("got %+v, %v", c, err)
	}
	t.Setenv("HOST_RATE", "NaN")
	_, err = bootstrap.LoadConfig()
	wantError(t, err, "HOST_RATE")
	t.Setenv("HOST_RATE", "fast")
	_, err = bootstrap.LoadConfig()
	wantError(t, err, "HOST_RATE")
}

// Triggers of hosts that hang wait in the queue, and those of others are run
// meanwhile as if they were not there, although two hosts could fill the worker.
func TestHangingHostsLeaveOthersUntouched(t *testing.T) {
	t.Parallel()
	for hosts, calls := range map[int]struct{ least, most int64 }{1: {4, 4}, 2: {5, 6}} { // that they get at once
		t.Run(fmt.Sprint(hosts), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			leave := make(chan struct{})
			var inside atomic.Int64
			var exceeded atomic.Bool
			var slow []*receiver
			for range hosts {
				slow = append(slow, receive(t, func(_ int, r *http.Request) int {
					if inside.Add(1) > calls.most {
						exceeded.Store(true)
					}
					defer inside.Add(-1)
					select {
					case <-leave:
					case <-r.Context().Done():
					}
					return http.StatusOK
				}))
			}
			fast := receive(t, ok)
			b.start(t, func(c *bootstrap.Config) { c.HostConcurrency, c.Concurrency = 4, 8 })
			const n = 60
			for i := range n {
				trigger := b.trigger(fmt.Sprintf("slow%d", i), slow[i%hosts].url)
				trigger.Timeout = endless
				b.publish(t, trigger)
			}
			eventually(t, "the slow hosts have their calls", func() bool { return inside.Load() >= calls.least })
			for i := range n {
				b.publish(t, b.trigger(fmt.Sprintf("fast%d", i), fast.url))
			}
			b.finals(t, n) // while the slow ones hang
			if got := len(fast.got()); got != n || exceeded.Load() {
				t.Errorf("%d calls of the fast host, want %d; more than %d at once of the slow ones: %t", got, n, calls.most, exceeded.Load())
			}
			close(leave)
			b.finals(t, 2*n)
			b.drained(t)
			made := 0
			for _, s := range slow {
				made += len(s.counts())
			}
			if made != n {
				t.Errorf("%d occurrences of the slow hosts, want %d", made, n)
			}
		})
	}
}

// Of calls at one a second the third begins two seconds after the first at the
// earliest, and so after anything that was before the first.
func TestHostGetsItsRate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	calls := make(chan time.Time, 10)
	target := receive(t, func(int, *http.Request) int {
		calls <- time.Now()
		return http.StatusOK
	})
	b.start(t, func(c *bootstrap.Config) { c.HostRate = 1 })
	began := time.Now()
	for i := range 3 {
		b.publish(t, b.trigger(fmt.Sprintf("k%d", i), target.url))
	}
	b.finals(t, 3)
	var last time.Time
	for range 3 {
		if at := <-calls; at.After(last) {
			last = at
		}
	}
	if took := last.Sub(began); took < 1990*time.Millisecond {
		t.Errorf("the third call came after %s", took)
	}
}

// A host that fails is left alone but for a probe now and then, its triggers
// fail no sooner for that, and the log says so twice, not with every call.
func TestFailingHostIsLeftAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const failures = 10 // that open a breaker
	target := receive(t, func(n int, _ *http.Request) int {
		if n <= failures {
			return http.StatusServiceUnavailable
		}
		return http.StatusOK
	})
	var log safeBuffer
	b.start(t, func(c *bootstrap.Config) { c.HostConcurrency, c.Log = 1, logging.New("release", &log) })
	const n = 40
	for i := range n {
		b.publish(t, b.trigger(fmt.Sprintf("k%d", i), target.url))
	}
	for _, final := range b.finals(t, n) {
		if final.Outcome != contract.OutcomeSuccess { // waiting has used no attempts up
			t.Errorf("got %+v", final)
		}
	}
	calls := target.got()
	if alone := calls[failures].at.Sub(calls[failures-1].at); alone < 5*time.Second {
		t.Errorf("it was called again %s after its breaker should have opened", alone)
	}
	if text := log.String(); strings.Count(text, "target fails") != 1 || strings.Count(text, "target answers again") != 1 {
		t.Errorf("got log %s", text)
	}
}

func TestNoBreaker(t *testing.T) {
	t.Parallel()
	b := setup(t)
	target := receive(t, func(int, *http.Request) int { return http.StatusServiceUnavailable })
	var log safeBuffer
	b.start(t, func(c *bootstrap.Config) { c.HostBreaker, c.Log = "off", logging.New("release", &log) })
	const n = 20
	for i := range n {
		trigger := b.trigger(fmt.Sprintf("k%d", i), target.url)
		trigger.Attempts = 1
		b.publish(t, trigger)
	}
	b.finals(t, n)
	if strings.Contains(log.String(), "target fails") {
		t.Errorf("got log %s", log.String())
	}
}

package egress_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/worker/internal/adapter/egress"
)

var (
	errDown  = errors.New("down")
	errOther = errors.New("other")
)

// answers says how addresses answer: after a time, with an error or none.
type answers map[string]struct {
	wait time.Duration
	err  error
}

func (a answers) of(address string) (time.Duration, error) {
	host, _, _ := net.SplitHostPort(address)
	return a[host].wait, a[host].err
}

const never = time.Hour

// Addresses are tried in turn, without one that hangs keeping the others, and
// those that do not pass are not among them.
func TestRace(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		addrs  []string
		answer answers
		want   string // empty: an error
		dialed []string
		took   time.Duration
		err    error
	}{
		"first answers":       {[]string{"8.0.0.1", "8.0.0.2"}, nil, "8.0.0.1:80", []string{"tcp 8.0.0.1:80"}, 0, nil},
		"slow, but in time":   {[]string{"8.0.0.1", "8.0.0.2"}, answers{"8.0.0.1": {wait: 200 * time.Millisecond}}, "8.0.0.1:80", []string{"tcp 8.0.0.1:80"}, 200 * time.Millisecond, nil},
		"first is refused":    {[]string{"10.0.0.1", "8.0.0.2"}, nil, "8.0.0.2:80", []string{"tcp 8.0.0.2:80"}, 0, nil},
		"first is down":       {[]string{"8.0.0.1", "8.0.0.2"}, answers{"8.0.0.1": {err: errDown}}, "8.0.0.2:80", []string{"tcp 8.0.0.1:80", "tcp 8.0.0.2:80"}, 0, nil},
		"first hangs":         {[]string{"8.0.0.1", "8.0.0.2"}, answers{"8.0.0.1": {wait: never}}, "8.0.0.2:80", []string{"tcp 8.0.0.1:80", "tcp 8.0.0.2:80"}, egress.Stagger, nil},
		"two hang":            {[]string{"8.0.0.1", "8.0.0.2", "8.0.0.3"}, answers{"8.0.0.1": {wait: never}, "8.0.0.2": {wait: never}}, "8.0.0.3:80", []string{"tcp 8.0.0.1:80", "tcp 8.0.0.2:80", "tcp 8.0.0.3:80"}, 2 * egress.Stagger, nil},
		"first comes back":    {[]string{"8.0.0.1", "8.0.0.2"}, answers{"8.0.0.1": {wait: time.Second}, "8.0.0.2": {wait: never}}, "8.0.0.1:80", []string{"tcp 8.0.0.1:80", "tcp 8.0.0.2:80"}, time.Second, nil},
		"second is down":      {[]string{"8.0.0.1", "8.0.0.2"}, answers{"8.0.0.1": {wait: time.Second}, "8.0.0.2": {err: errDown}}, "8.0.0.1:80", []string{"tcp 8.0.0.1:80", "tcp 8.0.0.2:80"}, time.Second, nil},
		"all are down":        {[]string{"8.0.0.1", "8.0.0.2"}, answers{"8.0.0.1": {err: errDown}, "8.0.0.2": {err: errOther}}, "", []string{"tcp 8.0.0.1:80", "tcp 8.0.0.2:80"}, 0, errDown},
		"down, and refused":   {[]string{"10.0.0.1", "8.0.0.2", "127.0.0.1"}, answers{"8.0.0.2": {err: errDown}}, "", []string{"tcp 8.0.0.2:80"}, 0, errDown},
		"all hang":            {[]string{"8.0.0.1", "8.0.0.2"}, answers{"8.0.0.1": {wait: never}, "8.0.0.2": {wait: never}}, "", []string{"tcp 8.0.0.1:80", "tcp 8.0.0.2:80"}, egress.ConnectTimeout, context.DeadlineExceeded},
		"families take turns": {[]string{"2a00::1", "2a00::2", "2a00::3", "8.0.0.1"}, answers{"2a00::1": {wait: never}, "2a00::2": {wait: never}, "2a00::3": {wait: never}}, "8.0.0.1:80", []string{"tcp [2a00::1]:80", "tcp 8.0.0.1:80"}, egress.Stagger, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &sockets{answer: test.answer.of}
				d := egress.NewDialerOn(guard(t), &resolver{answers: [][]string{test.addrs}}, s.connect)
				began := time.Now()
				got, err := dial(t, d, "a.test:80")
				if took := time.Since(began); took != test.took {
					t.Errorf("it took %s, want %s", took, test.took)
				}
				if got != test.want || !errors.Is(err, test.err) {
					t.Errorf("got %s, error %v", got, err)
				}
				if !slices.Equal(s.dialed, test.dialed) {
					t.Errorf("dialled %q, want %q", s.dialed, test.dialed)
				}
				synctest.Wait()
				if s.open != 0 {
					t.Errorf("%d connections that lost are open", s.open)
				}
			})
		})
	}
}

// Two that answer at the same instant: one is kept, the other one closed.
func TestLosersAreClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &sockets{answer: answers{"8.0.0.1": {wait: 2 * egress.Stagger}, "8.0.0.2": {wait: egress.Stagger}}.of}
		d := egress.NewDialerOn(guard(t), &resolver{answers: [][]string{{"8.0.0.1", "8.0.0.2"}}}, s.connect)
		c, err := d.DialContext(t.Context(), "tcp", "a.test:80")
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(s.dialed) != 2 || s.open != 1 {
			t.Errorf("dialled %q, %d connections are open", s.dialed, s.open)
		}
		_ = c.Close()
	})
}

func TestFewAddressesAreTried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var addrs []string
		for i := range 100 {
			addrs = append(addrs, net.IPv4(8, 0, 0, byte(i)).String())
		}
		s := &sockets{answer: func(string) (time.Duration, error) { return 0, errDown }}
		d := egress.NewDialerOn(guard(t), &resolver{answers: [][]string{addrs}}, s.connect)
		if _, err := dial(t, d, "a.test:80"); !errors.Is(err, errDown) || len(s.dialed) != egress.MaxTried {
			t.Errorf("got %v after %d addresses", err, len(s.dialed))
		}
	})
}

// A look-up that hangs ends with the time of the connection, or the caller's.
func TestLookUpThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := egress.NewDialerOn(guard(t), &resolver{wait: never}, (&sockets{}).connect)
		began := time.Now()
		_, err := dial(t, d, "a.test:80")
		var dns *net.DNSError
		if !errors.As(err, &dns) || time.Since(began) != egress.ConnectTimeout {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began = time.Now()
		if _, err = d.DialContext(ctx, "tcp", "a.test:80"); !errors.As(err, &dns) || time.Since(began) != time.Second {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
	})
}

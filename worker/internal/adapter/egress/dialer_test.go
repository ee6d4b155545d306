package egress_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weplanx/workflow/worker/internal/adapter/egress"
)

// resolver is one that says what it was told to; every look-up of a name gets
// the next answer, the last one again and again.
type resolver struct {
	answers [][]string
	err     error
	wait    time.Duration

	mu    sync.Mutex
	names []string // that were looked up
}

func (r *resolver) LookupNetIP(ctx context.Context, _, host string) ([]netip.Addr, error) {
	r.mu.Lock()
	r.names = append(r.names, host)
	n := min(len(r.names), len(r.answers)) - 1
	r.mu.Unlock()
	select {
	case <-time.After(r.wait):
	case <-ctx.Done():
		return nil, &net.DNSError{Err: ctx.Err().Error(), Name: host, IsTimeout: true}
	}
	if r.err != nil || n < 0 {
		return nil, r.err
	}
	var addrs []netip.Addr
	for _, text := range r.answers[n] {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return addrs, nil
}

// sockets say how each address answers, and after what time.
type sockets struct {
	answer func(address string) (time.Duration, error)

	mu     sync.Mutex
	dialed []string
	began  []time.Time
	open   int // connections that nobody has closed
}

func (s *sockets) connect(ctx context.Context, network, address string) (net.Conn, error) {
	s.mu.Lock()
	s.dialed = append(s.dialed, network+" "+address)
	s.began = append(s.began, time.Now())
	s.mu.Unlock()
	var wait time.Duration
	var err error
	if s.answer != nil {
		wait, err = s.answer(address)
	}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Err: ctx.Err()}
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	return &conn{sockets: s, address: address}, nil
}

type conn struct {
	net.Conn
	sockets *sockets
	address string
}

func (c *conn) Close() error {
	c.sockets.mu.Lock()
	defer c.sockets.mu.Unlock()
	c.sockets.open--
	return nil
}

func dial(t *testing.T, d *egress.Dialer, address string) (string, error) {
	t.Helper()
	c, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	return c.(*conn).address, nil //nolint:forcetypeassert // it is from sockets
}

func TestOnlyWhatPassesIsDialled(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		address string
		answers []string
		dialed  []string // in order, as far as they are tried
		rule    string
	}{
		"public":               {"a.test:443", []string{"8.8.8.8"}, []string{"tcp 8.8.8.8:443"}, ""},
		"private":              {"a.test:443", []string{"10.0.0.1"}, nil, "RFC 1918"},
		"metadata":             {"a.test:80", []string{"169.254.169.254"}, nil, "metadata"},
		"loopback":             {"localhost:80", []string{"::1", "127.0.0.1"}, nil, "loopback"},
		"private, then public": {"a.test:80", []string{"10.0.0.1", "8.8.8.8"}, []string{"tcp 8.8.8.8:80"}, ""},
		"public, then private": {"a.test:80", []string{"8.8.8.8", "10.0.0.1"}, []string{"tcp 8.8.8.8:80"}, ""},
		"families":             {"a.test:80", []string{"::1", "fd00::1", "127.0.0.1", "8.8.8.8"}, []string{"tcp 8.8.8.8:80"}, ""},
		"mapped":               {"a.test:80", []string{"::ffff:8.8.8.8"}, []string{"tcp 8.8.8.8:80"}, ""},
		"mapped private":       {"a.test:80", []string{"::ffff:10.0.0.1"}, nil, "RFC 1918"},
		"NAT64":                {"a.test:80", []string{"64:ff9b::8.8.8.8"}, []string{"tcp [64:ff9b::808:808]:80"}, ""},
		"port":                 {"a.test:25", []string{"8.8.8.8"}, nil, "port"},
		"address":              {"8.8.8.8:80", nil, []string{"tcp 8.8.8.8:80"}, ""},
		"IPv6 address":         {"[2606:4700::1]:80", nil, []string{"tcp [2606:4700::1]:80"}, ""},
		"private address":      {"192.168.1.1:80", nil, nil, "RFC 1918"},
		"number":               {"2130706433:80", []string{"8.8.8.8"}, nil, "number"},
		"hexadecimal":          {"0x8080808:80", []string{"8.8.8.8"}, nil, "number"},
		"short":                {"127.1:80", []string{"8.8.8.8"}, nil, "number"},
		"leading zeros":        {"08.8.8.8:80", []string{"8.8.8.8"}, nil, "number"},
		"number at the end":    {"a.test.1:80", []string{"8.8.8.8"}, nil, "number"},
		"dot":                  {"8.8.8.8.:80", []string{"8.8.8.8"}, nil, "number"},
		"name with a dot":      {"a.test.:80", []string{"8.8.8.8"}, []string{"tcp 8.8.8.8:80"}, ""},
		"two dots":             {"a..test:80", []string{"8.8.8.8"}, nil, "not a name"},
		"two last dots":        {"127.0.0.1..:80", []string{"8.8.8.8"}, nil, "not a name"},
		"no host":              {":80", []string{"8.8.8.8"}, nil, "not a name"},
		"other script":         {"１２７.０.０.１:80", []string{"8.8.8.8"}, nil, "not a name"},
		"space":                {"a test:80", []string{"8.8.8.8"}, nil, "not a name"},
		"too long":             {strings.Repeat("a.", 127) + "test:80", []string{"8.8.8.8"}, nil, "not a name"},
		"underscore":           {"my_service:8080", []string{"8.8.8.8"}, []string{"tcp 8.8.8.8:8080"}, ""},
		"no port":              {"a.test", []string{"8.8.8.8"}, nil, "not a name"},
		"named port":           {"a.test:http", []string{"8.8.8.8"}, nil, "port"},
		"port out of range":    {"a.test:65536", []string{"8.8.8.8"}, nil, "port"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &sockets{}
			d := egress.NewDialerOn(guard(t), &resolver{answers: [][]string{test.answers}}, s.connect)
			_, err := dial(t, d, test.address)
			if !slices.Equal(s.dialed, test.dialed) {
				t.Errorf("dialled %q, want %q", s.dialed, test.dialed)
			}
			if test.rule == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantRefusal(t, err, test.rule, "10.0.0.1")
		})
	}
}

// Between two look-ups a name may change its mind. There is one look-up for a
// connection, and what is dialled is what was judged.
func TestRebinding(t *testing.T) {
	t.Parallel()
	r := &resolver{answers: [][]string{{"8.8.8.8"}, {"127.0.0.1"}, {"8.8.4.4", "10.0.0.1"}, {"169.254.169.254"}}}
	s := &sockets{}
	d := egress.NewDialerOn(guard(t), r, s.connect)
	if got, err := dial(t, d, "rebind.test:80"); err != nil || got != "8.8.8.8:80" {
		t.Errorf("got %s, %v", got, err)
	}
	_, err := dial(t, d, "rebind.test:80")
	wantRefusal(t, err, "loopback", "127.0.0.1")
	if got, err := dial(t, d, "rebind.test:80"); err != nil || got != "8.8.4.4:80" {
		t.Errorf("got %s, %v", got, err)
	}
	_, err = dial(t, d, "rebind.test:80")
	wantRefusal(t, err, "metadata", "169.254.169.254")
	if len(r.names) != 4 || len(s.dialed) != 2 {
		t.Errorf("looked up %q, dialled %q", r.names, s.dialed)
	}
}

// The sockets judge once more, whatever has been judged before.
func TestSocketsAreGuarded(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "::ffff:127.0.0.1", "0.0.0.0"} {
		_, err := egress.NewDialer(guard(t)).DialContext(t.Context(), "tcp", net.JoinHostPort(host, port))
		wantRefusal(t, err, "the address", "127.0.0.1")
		_, err = egress.NewDialer(guard(t)).Connect(t.Context(), net.JoinHostPort(host, port))
		var refused *egress.RefusedError // in an error of the socket
		if !errors.As(err, &refused) {
			t.Errorf("%s: got %v, want a refusal", host, err)
		}
	}
	c, err := egress.NewDialer(guard(t, "127.0.0.1")).DialContext(t.Context(), "tcp", net.JoinHostPort("localhost", port))
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}

func TestLookUpThatFails(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]*resolver{
		"error":      {err: &net.DNSError{Err: "no such host", IsNotFound: true}},
		"no address": {answers: [][]string{{}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := dial(t, egress.NewDialerOn(guard(t), r, (&sockets{}).connect), "a.test:80")
			var dns *net.DNSError
			if !errors.As(err, &dns) || !dns.IsNotFound {
				t.Errorf("got %v", err)
			}
		})
	}
}

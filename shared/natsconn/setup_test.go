package natsconn_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nkeys"
	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/setting"
)

// user is a user with an NKEY.
type user struct{ seed, public string }

func newUser(t *testing.T) user {
	t.Helper()
	return newKey(t, nkeys.CreateUser)
}

func newKey(t *testing.T, create func() (nkeys.KeyPair, error)) user {
	t.Helper()
	pair, err := create()
	if err != nil {
		t.Fatal(err)
	}
	seed, err := pair.Seed()
	if err != nil {
		t.Fatal(err)
	}
	public, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return user{string(seed), public}
}

func put(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.pem")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// lines collects what is logged and signals each message.
type lines struct {
	mu   sync.Mutex
	all  []string
	seen chan string
}

func newLog() (*logrus.Logger, *lines) {
	l := &lines{seen: make(chan string, 1000)}
	log := logging.Discard()
	log.SetLevel(logrus.DebugLevel)
	log.AddHook(l)
	return log, l
}

func (l *lines) Levels() []logrus.Level { return logrus.AllLevels }

func (l *lines) Fire(e *logrus.Entry) error {
	text, err := e.String()
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.all = append(l.all, text)
	l.mu.Unlock()
	l.seen <- e.Message
	return nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "")
}

// wait returns when message has been logged.
func (l *lines) wait(t *testing.T, message string) {
	t.Helper()
	limit := time.After(patience)
	for {
		select {
		case m := <-l.seen:
			if m == message {
				return
			}
		case <-limit:
			t.Fatalf("%q was not logged; logged was:\n%s", message, l)
		}
	}
}

// patience bounds every wait of these tests.
const patience = time.Minute

// deadline is a context that ends when a test has waited for long enough.
func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// silentPort is an address that accepts connections and says nothing.
func silentPort(t *testing.T) string {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	var typed *setting.Error
	if !errors.As(err, &typed) {
		t.Fatalf("got %v (%T), want a *setting.Error", err, err)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("got more than one line: %v", err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got %q, want it to contain %q", err, part)
		}
	}
}

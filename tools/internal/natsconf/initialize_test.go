package natsconf_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/tools/internal/natsconf"
	worker "github.com/weplanx/workflow/worker/bootstrap"
)

// schedulectl builds the command line.
func schedulectl(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "schedulectl")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./schedule/cmd/schedulectl")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build schedulectl: %v\n%s", err, out)
	}
	return program
}

// initialize runs schedulectl init with a role's credential.
func (s *site) initialize(t *testing.T, program, role string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, append([]string{"init", "--namespace", "beta", "--server", s.servers[0].URL()}, args...)...)
	inbox := "_INBOX." + role
	if role == natsconf.RoleClient {
		inbox = ""
	}
	cmd.Env = append(os.Environ(), "NATS_NKEY="+s.seed(t, "beta."+role), "NATS_INBOX="+inbox, "NATS_CA="+s.authority)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Where schedulers may not make streams the admin does, by schedulectl init, and
// nobody else can.
func TestInitWithCredentials(t *testing.T) {
	t.Parallel()
	config := alone("beta", "gamma")
	config.Prepared = true
	s := start(t, config)
	program := schedulectl(t)
	for _, role := range []string{natsconf.RoleClient, natsconf.RoleSchedule, natsconf.RoleWorker} {
		out, err := s.initialize(t, program, role)
		if err == nil || strings.Count(out, "\n") != 1 || !strings.Contains(out, "NATS_NKEY: the credential may not publish to $JS.API.STREAM.") {
			t.Errorf("%s: got %q, %v", role, out, err)
		}
	}
	for _, run := range []struct {
		args  []string
		state string
	}{{[]string{"--dry-run"}, "would be created"}, {nil, "created"}, {nil, "unchanged"}, {[]string{"--replicas", "1"}, "unchanged"}} {
		out, err := s.initialize(t, program, natsconf.RoleAdmin, run.args...)
		if err != nil || strings.Count(out, run.state) != 5 {
			t.Errorf("%q: got %v\n%s", run.args, err, out)
		}
	}
}

// An admin that forgets its inbox is told so.
func TestInitWithoutTheInbox(t *testing.T) {
	t.Parallel()
	s := start(t, alone("beta"))
	cmd := exec.CommandContext(t.Context(), schedulectl(t), "init", "--namespace", "beta", "--server", s.servers[0].URL())
	cmd.Env = append(os.Environ(), "NATS_NKEY="+s.seed(t, "beta.admin"), "NATS_INBOX=")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "NATS_INBOX: the credential may not subscribe to _INBOX.") || strings.Count(string(out), "\n") != 1 {
		t.Errorf("got %q, %v", out, err)
	}
}

// A worker that is there first says what it waits for, and works once a scheduler
// or an admin has made the streams.
func TestWorkerWaitsForTheStreams(t *testing.T) {
	s := start(t, alone("beta"))
	s.environment(t)
	t.Setenv("NATS_NKEY", s.seed(t, "beta.worker"))
	c, err := worker.LoadConfig()
	if err != nil {
		t.Fatal(err)
	}
	log := &lines{found: make(chan struct{}), want: "stream KV_beta_schedules is missing, and this credential may not create it"}
	c.Log = logging.New("release", log)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	started := make(chan error, 1)
	go func() {
		app, err := worker.New(ctx, c)
		if err == nil {
			app.Close()
		}
		started <- err
	}()
	select {
	case <-log.found:
	case err := <-started:
		t.Fatalf("the worker did not wait: %v", err)
	case <-time.After(patience):
		t.Fatal("the worker does not say what it waits for")
	}
	s.prepare(t, "beta")
	if err := <-started; err != nil {
		t.Error(err)
	}
}

// lines is a log in which one line is looked for.
type lines struct {
	want  string
	found chan struct{}
	seen  bool
}

func (l *lines) Write(p []byte) (int, error) {
	if !l.seen && strings.Contains(string(p), l.want) {
		l.seen = true
		close(l.found)
	}
	return len(p), nil
}

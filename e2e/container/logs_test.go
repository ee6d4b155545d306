//go:build e2e

package container_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// standIn is a test of which another one decides whether it fails.
type standIn struct {
	testing.TB

	failed   bool
	folder   string // of artifacts
	cleanups []func()
}

func (s *standIn) Cleanup(f func())      { s.cleanups = append(s.cleanups, f) }
func (s *standIn) Failed() bool          { return s.failed }
func (s *standIn) ArtifactDir() string   { return s.folder }
func (s *standIn) Errorf(string, ...any) { s.failed = true }

func (s *standIn) end() {
	for _, f := range slices.Backward(s.cleanups) {
		f()
	}
}

// What a test that fails leaves are the logs of the servers and of what it has
// started, although that is removed; one that does not fail leaves nothing.
func TestLogsAreKept(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failed bool
		want   []string
	}{
		"failed": {true, append([]string{scheduler}, threeHosts...)},
		"passed": {false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test := &standIn{TB: t, failed: c.failed, folder: t.TempDir()}
			defer test.end()
			s := on(test, mainCluster)
			n := s.startScheduler("images")
			test.end()
			test.cleanups = nil
			if _, err := n.State(t.Context()); err == nil {
				t.Error("the container is still there")
			}
			checkLogs(t, test.folder, c.want)
		})
	}
}

// A run that is broken off keeps the logs of everything that it has started.
func TestLogsOfARunAreKept(t *testing.T) {
	t.Parallel()
	s := on(t, mainCluster)
	s.startScheduler("images")
	folder := filepath.Join(t.TempDir(), "broken-off")
	s.must(docker.keepLogs(t.Context(), folder))
	logs := readAll(t, folder)
	for _, said := range said {
		if !slices.ContainsFunc(logs, func(log string) bool { return strings.Contains(log, said) }) {
			t.Errorf("none of %d logs has %q", len(logs), said)
		}
	}
}

// said is what is in the log of each program, by the image.
var said = map[string]string{scheduler: `"nats connected"`, natsServer: "Server is ready"}

// checkLogs wants one log of each container, with what its program has said.
func checkLogs(t *testing.T, folder string, names []string) {
	t.Helper()
	if logs := readAll(t, folder); len(logs) != len(names) {
		t.Errorf("%d logs, want those of %q", len(logs), names)
	}
	for _, name := range names {
		text := said[natsServer]
		if name == scheduler {
			text = said[scheduler]
		}
		found, _ := filepath.Glob(filepath.Join(folder, name+"-*.log"))
		if len(found) != 1 {
			t.Errorf("%d logs of %s, want one", len(found), name)
			continue
		}
		if data, err := os.ReadFile(found[0]); err != nil || !strings.Contains(string(data), text) {
			t.Errorf("the log of %s (%d bytes, %v) does not say %q", name, len(data), err, text)
		}
	}
}

func readAll(t *testing.T, folder string) (texts []string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(folder, "*.log"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(data))
	}
	return texts
}

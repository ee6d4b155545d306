package workflows_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const root = "../../.."

// workflow is what these tests look at.
type workflow struct {
	On          map[string]any    `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Concurrency map[string]any    `yaml:"concurrency"`
	Jobs        map[string]struct {
		Permissions map[string]string `yaml:"permissions"`
		Timeout     int               `yaml:"timeout-minutes"`
		Steps       []step            `yaml:"steps"`
	} `yaml:"jobs"`
}

type step struct {
	Uses string         `yaml:"uses"`
	Run  string         `yaml:"run"`
	With map[string]any `yaml:"with"`
}

// writing are the rights to change something, by file and job. All others read.
var writing = map[string][]string{
	"release.yml/publish": {"attestations", "contents", "id-token"},
	"release.yml/images":  {"attestations", "id-token", "packages"},
}

// each runs a test for every workflow.
func each(t *testing.T, test func(t *testing.T, name, text string, w workflow)) {
	t.Helper()
	names, err := filepath.Glob(root + "/.github/workflows/*")
	if err != nil || len(names) != 2 {
		t.Fatalf("workflows %v, %v, want two", names, err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var w workflow
		if err := yaml.Unmarshal(data, &w); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			test(t, filepath.Base(name), string(data), w)
		})
	}
}

// A tag of somebody else's can be moved, a hash cannot. The comment is for
// readers and for tools that look for newer ones.
func TestActionsArePinned(t *testing.T) {
	t.Parallel()
	pinned := regexp.MustCompile(`^\s*(- )?uses: (actions|github)/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	each(t, func(t *testing.T, _, text string, w workflow) {
		t.Helper()
		lines, steps := 0, 0
		for line := range strings.Lines(text) {
			if line = strings.TrimSuffix(line, "\n"); !strings.Contains(line, "uses:") {
				continue
			}
			if lines++; !pinned.MatchString(line) {
				t.Errorf("%q, want an action of GitHub itself, as name@hash # vX.Y.Z", line)
			}
		}
		for _, job := range w.Jobs {
			for _, s := range job.Steps {
				if s.Uses != "" {
					steps++
				}
			}
		}
		if lines == 0 || lines != steps {
			t.Errorf("looked at %d actions of %d", lines, steps)
		}
	})
}

func TestRights(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, name, text string, w workflow) {
		t.Helper()
		if w.Permissions == nil || len(w.Permissions) != 0 {
			t.Errorf("permissions are %v for every job, want {}", w.Permissions)
		}
		for job, j := range w.Jobs {
			var writes []string
			for right, how := range j.Permissions {
				if how != "read" {
					writes = append(writes, right)
				}
			}
			slices.Sort(writes)
			if !slices.Equal(writes, writing[name+"/"+job]) {
				t.Errorf("%s may write %v, want %v", job, writes, writing[name+"/"+job])
			}
		}
		if strings.Contains(text, "secrets.") {
			t.Error("uses a secret; the token of the run is enough")
		}
	})
}

// Triggers that run with rights on what strangers wrote, and values of theirs in
// commands.
func TestStrangers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _, _ string, w workflow) {
		t.Helper()
		if len(w.On) == 0 {
			t.Error("nothing starts it")
		}
		for trigger := range w.On {
			if !slices.Contains([]string{"push", "pull_request"}, trigger) {
				t.Errorf("starts on %s", trigger)
			}
		}
		for job, j := range w.Jobs {
			for _, s := range j.Steps {
				if strings.Contains(s.Run, "${{") {
					t.Errorf("%s: puts an expression into a command, want a variable of the environment: %s", job, s.Run)
				}
				if strings.HasPrefix(s.Uses, "actions/checkout@") && s.With["persist-credentials"] != false {
					t.Errorf("%s: leaves the token in the work tree", job)
				}
			}
		}
	})
}

// Every run ends, and knows what it waits for.
func TestBounds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, _, _ string, w workflow) {
		t.Helper()
		if w.Concurrency["group"] == nil {
			t.Error("has no concurrency group")
		}
		for job, j := range w.Jobs {
			if j.Timeout == 0 {
				t.Errorf("%s has no timeout-minutes", job)
			}
		}
	})
}

// What workflows run is there.
func TestMakeTargets(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(root + "/Makefile")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	target := regexp.MustCompile(`(?m)\bmake ([a-z0-9-]+)`)
	for _, name := range []string{".github/workflows/ci.yml", ".github/workflows/release.yml", ".ci/run"} {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range target.FindAllStringSubmatch(string(text), -1) {
			found++
			if !strings.Contains(string(makefile), "\n"+match[1]+":") {
				t.Errorf("%s: no target %s", name, match[1])
			}
		}
	}
	if found < 10 {
		t.Errorf("found %d targets, want all", found)
	}
}

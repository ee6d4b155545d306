package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/weplanx/workflow/tools/internal/release/repo"
	"github.com/weplanx/workflow/tools/internal/release/toy"
)

// beMain makes the test binary be the program.
const beMain = "BE_RELEASE"

func TestMain(m *testing.M) {
	if os.Getenv(beMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

// result is what a run of the program did.
type result struct {
	code      int
	out, errs string
}

func launch(t *testing.T, r repo.Repo, args ...string) result {
	t.Helper()
	var out, errs strings.Builder
	code := run(t.Context(), args, r.Dir, &out, &errs)
	return result{code, out.String(), errs.String()}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	r := toy.New(t, nil)
	for args, want := range map[string]result{
		"":                                   {2, "", "release checks, rehearses"},
		"-h":                                 {0, "", "-dry-run"},
		"-push shared@v0.1.0":                {2, "", "release checks, rehearses"},
		"-unknown":                           {2, "", "flag provided but not defined"},
		"prepare":                            {2, "", "-date"},
		"prepare -h":                         {0, "", "-date"},
		"prepare -date tomorrow shared":      {1, "", "want YYYY-MM-DD"},
		"build":                              {2, "", "-platforms"},
		"build -platforms plan9 schedule":    {1, "", `platform "plan9" is not released`},
		"images":                             {2, "", "-archives"},
		"images schedule":                    {1, "", "schedule: has no version"},
		"images -archives x schedule@v1.0.0": {1, "", "release: schedule for linux/amd64: open x/schedule/schedule_v1.0.0_linux_amd64.tar.gz: "},
		"licences":                           {2, "", "release checks, rehearses"},
		"licences LICENSE":                   {1, "", "open LICENSE: no such file"},
		"verify":                             {2, "", "release checks, rehearses"},
		"verify shared":                      {1, "", "shared: has no version, want one like shared@v0.1.0"},
		"notes tools@v0.1.0":                 {1, "", `no module "tools" is released`},
		"notes shared@v0.1.0":                {1, "", "has no section ## [0.1.0]"},
		"shared@v0.1.0":                      {1, "", "release: shared@v0.1.0: CHANGELOG: has no section ## [0.1.0]; run release prepare\n"},
		"rehearse -v":                        {2, "", "flag provided but not defined"},
		"changelogs":                         {0, "", ""},
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			got := launch(t, r, strings.Fields(args)...)
			if got.code != want.code || got.out != want.out || !strings.Contains(got.errs, want.errs) {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// It works from any folder of the repository, and says where there is none.
func TestFolder(t *testing.T) {
	t.Parallel()
	r := toy.New(t, map[string]string{"worker/CHANGELOG.md": "# Changelog\n"})
	got := launch(t, repo.Repo{Dir: filepath.Join(r.Dir, "schedule", "cmd")}, "changelogs")
	if got.code != 1 || got.errs != "release: worker/CHANGELOG.md: the first section is not ## [Unreleased]\n" {
		t.Errorf("below: %+v", got)
	}
	if got := launch(t, repo.Repo{Dir: t.TempDir()}, "changelogs"); got.code != 1 || !strings.Contains(got.errs, "looking for the repository") {
		t.Errorf("elsewhere: %+v", got)
	}
}

// Licences are written beside a program, where there is no repository as well.
func TestLicences(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "program")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	if got := launch(t, repo.Repo{Dir: filepath.Dir(program)}, "licences", program); got != (result{}) {
		t.Fatalf("licences: %+v", got)
	}
	text, err := os.ReadFile(program + ".licenses.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, title := range []string{"The Go programming language, " + runtime.Version() + ": LICENSE\n", "\ngithub.com/CycloneDX/cyclonedx-go v0."} {
		if !strings.Contains(string(text), title) {
			t.Errorf("%q is not among the licences", title)
		}
	}
}

// Nothing is tagged unless that is asked for, and nothing pushed.
func TestDryRun(t *testing.T) {
	t.Parallel()
	r := toy.New(t, nil)
	if got := launch(t, r, "prepare", "shared@v0.1.0"); got.code != 0 || got.out != "changed shared/CHANGELOG.md\n" {
		t.Fatalf("prepare: %+v", got)
	}
	toy.Commit(t, r, "Release")
	got := launch(t, r, "shared@v0.1.0")
	if got.code != 0 || !strings.Contains(got.out, "shared v0.1.0: tag shared/v0.1.0 at ") || !strings.Contains(got.out, "Nothing was tagged") {
		t.Errorf("plan: %+v", got)
	}
	if tags := toy.Git(t, r, "tag"); tags != "" {
		t.Errorf("tagged %s", tags)
	}
	if got := launch(t, r, "-dry-run", "-tag", "shared@v0.1.0"); got.code != 2 {
		t.Errorf("-dry-run and -tag: %+v", got)
	}
	if got := launch(t, r, "-tag", "shared@v0.1.0"); got.code != 0 || !strings.Contains(got.out, "Tagged in this clone only.") {
		t.Errorf("tag: %+v", got)
	}
	if tags := toy.Git(t, r, "tag"); tags != "shared/v0.1.0" {
		t.Errorf("tagged %q", tags)
	}
	if got := launch(t, r, "-tag", "-push", "shared@v0.1.0"); got.code != 1 || !strings.Contains(got.errs, "is tagged already") {
		t.Errorf("again: %+v", got)
	}
}

// A module of packages only can be rehearsed like any, in a toy as well.
func TestRehearse(t *testing.T) {
	t.Parallel()
	r := toy.New(t, nil)
	toy.Git(t, r, "checkout", "--quiet", "--detach") // as in CI
	got := launch(t, r, "rehearse", "shared")
	for _, want := range []string{"shared@v0.1.0; tagged only here: shared@v0.1.0", "ok  packages of shared compile", "nothing to run", "ok  they run"} {
		if got.code != 0 || !strings.Contains(got.out, want) {
			t.Errorf("want %q, got %+v", want, got)
		}
	}
	if tags := toy.Git(t, r, "tag"); tags != "" {
		t.Errorf("tagged %s", tags)
	}
}

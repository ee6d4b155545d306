package rehearse

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/weplanx/workflow/tools/internal/release"
	"github.com/weplanx/workflow/tools/internal/release/stage"
)

// rehearsal is one run.
type rehearsal struct {
	stage *stage.Stage
	home  string // of the go command
	out   io.Writer
}

// Run rehearses everything that a stage has, in a folder that exists and is
// empty, and tells on out what it has seen. It stops at the first failure.
func Run(ctx context.Context, s *stage.Stage, folder string, out io.Writer) error {
	r := &rehearsal{stage: s, home: folder, out: out}
	for _, step := range []struct {
		module string // "": always
		what   string
		do     func(context.Context) error
	}{
		{"shared", "packages of shared compile", r.compileShared},
		{"schedule", "the documents' program compiles", r.compileClient},
		{"schedule", "it vendors what the client needs and no more", r.vendorClient},
		{"", "programs are installed and know their version", r.installPrograms},
		{"", "they run", r.runPrograms},
	} {
		if step.module != "" && r.version(step.module) == "" {
			continue
		}
		began := time.Now()
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		_, _ = fmt.Fprintf(out, "ok  %s (%.1fs)\n", step.what, time.Since(began).Seconds())
	}
	return nil
}

// version of a staged module; empty: it is not staged.
func (r *rehearsal) version(module string) string {
	i := slices.IndexFunc(r.stage.Targets, func(t release.Target) bool { return t.Module == module })
	if i < 0 {
		return ""
	}
	return r.stage.Targets[i].Version
}

// consumer makes a module of somebody else, with programs by folder, that gets a
// package or module of ours, and returns where it is.
func (r *rehearsal) consumer(ctx context.Context, module, path string, programs map[string]string) (string, error) {
	folder := filepath.Join(r.home, "uses-"+module)
	for name, text := range programs {
		if err := os.MkdirAll(filepath.Join(folder, name), 0o750); err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(folder, name, "main.go"), []byte(text), 0o600); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return "", err
	}
	if _, err := r.run(ctx, folder, "mod", "init", "example.com/consumer"); err != nil {
		return "", err
	}
	_, err := r.run(ctx, folder, "get", path+"@"+r.version(module))
	return folder, err
}

// run runs the go command as a consumer.
func (r *rehearsal) run(ctx context.Context, folder string, args ...string) (string, error) {
	return r.stage.Go(ctx, r.home, folder, nil, args...)
}

func (r *rehearsal) compileShared(ctx context.Context) error {
	folder, err := r.consumer(ctx, "shared", release.Prefix+"shared", nil)
	if err != nil {
		return err
	}
	_, err = r.stage.Go(ctx, r.home, folder, []string{"GOFLAGS=-trimpath -modcacherw -mod=mod"}, "build", release.Prefix+"shared/...")
	return err
}

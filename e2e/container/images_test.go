//go:build e2e

package container_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/moby/moby/api/types/build"
	"github.com/moby/moby/client"
)

const root = "../.." // of the repository

// Names of images, and of the programs in them.
const (
	natsServer = "nats-server"
	scheduler  = "schedule"
	worker     = "worker"
	natsconf   = "natsconf" // no image: the test runs it itself
	release    = "release"  // the same
	before     = "-previous"
	licensed   = ".licenses.txt" // beside a program: the licences of others
)

// Versions that programs are linked with. Targets see a worker's.
const (
	newVersion = "e2e-new"
	oldVersion = "e2e-previous"
)

var packages = map[string]string{
	natsServer: "github.com/nats-io/nats-server/v2",
	scheduler:  "github.com/weplanx/workflow/schedule/cmd/schedule",
	worker:     "github.com/weplanx/workflow/worker/cmd/worker",
	natsconf:   "github.com/weplanx/workflow/tools/cmd/natsconf",
	release:    "github.com/weplanx/workflow/tools/cmd/release",
}

// buildImages compiles all programs and packs them.
func (e *engine) buildImages(ctx context.Context) error {
	dockerfiles := map[string]string{
		natsServer: "testdata/nats.Dockerfile",
		scheduler:  root + "/deploy/schedule/Dockerfile",
		worker:     root + "/deploy/worker/Dockerfile",
	}
	if image := os.Getenv("E2E_NATS_IMAGE"); image != "" {
		delete(packages, natsServer)
		delete(dockerfiles, natsServer)
		e.tags[natsServer] = image
	}
	programs := []string{packages[scheduler], packages[worker], packages[natsconf], packages[release]}
	if pkg, ok := packages[natsServer]; ok {
		programs = append(programs, pkg)
	}
	if err := compile(ctx, ".", e.work, newVersion, programs...); err != nil {
		return err
	}
	if err := e.license(ctx, e.work); err != nil {
		return err
	}
	for name, dockerfile := range dockerfiles {
		if err := e.pack(ctx, name, dockerfile, filepath.Join(e.work, name), name); err != nil {
			return err
		}
	}
	return e.buildPrevious(ctx)
}

// compile makes static programs of packages, in the folder out.
func compile(ctx context.Context, dir, out, version string, pkgs ...string) error {
	args := []string{"build", "-C", dir, "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version=" + version, "-o", out + "/"}
	cmd := exec.CommandContext(ctx, "go", append(args, pkgs...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// license writes the licences of others beside the services of a folder, as make
// build does.
func (e *engine) license(ctx context.Context, folder string) error {
	services := []string{filepath.Join(folder, scheduler), filepath.Join(folder, worker)}
	cmd := exec.CommandContext(ctx, filepath.Join(e.work, release), append([]string{"licences"}, services...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("licences: %w\n%s", err, out)
	}
	return nil
}

// pack builds the image name: a Dockerfile, and in its context our licence, the
// file program and the licences beside it, if there are any.
func (e *engine) pack(ctx context.Context, name, dockerfile, path, program string) error {
	tag := "workflow-e2e/" + name + ":" + e.run
	files := map[string]string{"Dockerfile": dockerfile, "LICENSE": root + "/LICENSE", program: path}
	if _, err := os.Stat(path + licensed); err == nil {
		files[program+licensed] = path + licensed
	}
	archive, err := archived(files)
	if err != nil {
		return err
	}
	e.built = append(e.built, tag)
	built, err := e.ImageBuild(ctx, archive, client.ImageBuildOptions{
		Tags: []string{tag}, Labels: e.labels(), BuildArgs: e.stamp(), Remove: true, ForceRemove: true, Version: build.BuilderV1,
	})
	if err == nil {
		defer built.Body.Close()
		err = outcome(built.Body)
	}
	if err != nil {
		return fmt.Errorf("image %s: %w", name, err)
	}
	e.tags[name] = tag
	return nil
}

// stamp is what the labels of the programs' images tell: the run stands for a
// revision.
func (e *engine) stamp() map[string]*string {
	version := newVersion
	return map[string]*string{"VERSION": &version, "REVISION": &e.run}
}

// outcome reads what the engine says about a build.
func outcome(r io.Reader) error {
	for d := json.NewDecoder(r); ; {
		var line struct{ Error string }
		if err := d.Decode(&line); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if line.Error != "" {
			return errors.New(line.Error)
		}
	}
}

// archived is a build context of files, by their names in it.
func archived(files map[string]string) (io.Reader, error) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for name, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		header := &tar.Header{Name: name, Mode: 0o755, Size: int64(len(data))}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(data); err != nil {
			return nil, err
		}
	}
	return &archive, w.Close()
}

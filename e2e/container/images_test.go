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
	"github.com/testcontainers/testcontainers-go"
)

// image is a program and the Dockerfile that packs it.
type image struct {
	program    string // base name of what go build makes of pkg
	pkg        string
	dockerfile string
}

var images = []image{
	{"nats-server", "github.com/nats-io/nats-server/v2", "testdata/nats.Dockerfile"},
	{"schedule", "github.com/weplanx/workflow/schedule/cmd/schedule", "../../deploy/schedule/Dockerfile"},
	{"worker", "github.com/weplanx/workflow/worker/cmd/worker", "../../deploy/worker/Dockerfile"},
}

// engine is the Docker engine and the tags of the images made on it for this
// run.
type engine struct {
	*testcontainers.DockerClient
	tags map[string]string // by program
}

// openEngine builds all images.
func openEngine(ctx context.Context, run string) (*engine, error) {
	docker, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return nil, fmt.Errorf("docker: %w", err)
	}
	e := &engine{DockerClient: docker, tags: map[string]string{}}
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := compile(ctx, dir); err != nil {
		return nil, err
	}
	for _, i := range images {
		tag := "workflow-e2e/" + i.program + ":" + run
		if err := e.build(ctx, i, dir, tag); err != nil {
			return nil, errors.Join(fmt.Errorf("image %s: %w", i.program, err), e.close(ctx))
		}
		e.tags[i.program] = tag
	}
	return e, nil
}

// close removes the images.
func (e *engine) close(ctx context.Context) error {
	var errs []error
	for _, tag := range e.tags {
		_, err := e.ImageRemove(ctx, tag, client.ImageRemoveOptions{Force: true, PruneChildren: true})
		errs = append(errs, err)
	}
	return errors.Join(append(errs, e.Close())...)
}

// compile makes static programs of all images.
func compile(ctx context.Context, dir string) error {
	args := []string{"build", "-trimpath", "-ldflags", "-s -w", "-o", dir + "/"}
	for _, i := range images {
		args = append(args, i.pkg)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

func (e *engine) build(ctx context.Context, i image, dir, tag string) error {
	archive, err := pack(i, dir)
	if err != nil {
		return err
	}
	built, err := e.ImageBuild(ctx, archive, client.ImageBuildOptions{
		Tags: []string{tag}, Remove: true, ForceRemove: true, Version: build.BuilderV1,
	})
	if err != nil {
		return err
	}
	defer built.Body.Close()
	for d := json.NewDecoder(built.Body); ; {
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

// pack makes the build context: the Dockerfile and the program.
func pack(i image, dir string) (io.Reader, error) {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for name, path := range map[string]string{"Dockerfile": i.dockerfile, i.program: filepath.Join(dir, i.program)} {
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

//go:build e2e

package container_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
)

// label marks everything that a run makes; its value is the run.
const label = "com.github.weplanx.workflow.e2e"

// engine is the Docker engine, and what this run has made on it.
type engine struct {
	*testcontainers.DockerClient
	run      string
	work     string            // folder of this run's files
	tags     map[string]string // images by name
	built    []string          // tags that were made here
	previous string            // what the previous images were built from
	closing  atomic.Bool       // nothing more may be started
}

func openEngine(ctx context.Context) (*engine, error) {
	c, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return nil, fmt.Errorf("docker: %w", err)
	}
	work, err := os.MkdirTemp("", "e2e")
	if err != nil {
		return nil, err
	}
	return &engine{DockerClient: c, run: strings.ToLower(rand.Text()[:10]), work: work, tags: map[string]string{}}, nil
}

func (e *engine) labels() map[string]string { return map[string]string{label: e.run} }

// close removes the images and the files, and fails when anything of the run is
// left; that is removed, too.
func (e *engine) close(ctx context.Context) error {
	var errs []error
	for _, tag := range e.built {
		_, err := e.ImageRemove(ctx, tag, client.ImageRemoveOptions{Force: true, PruneChildren: true})
		errs = append(errs, err)
	}
	left, err := e.sweep(ctx)
	if errs = append(errs, err); len(left) > 0 {
		errs = append(errs, fmt.Errorf("left behind: %s", strings.Join(left, ", ")))
	}
	return errors.Join(append(errs, os.RemoveAll(e.work), e.Close())...)
}

// sweep removes everything of this run and returns what that was.
func (e *engine) sweep(ctx context.Context) (left []string, err error) {
	filter := make(client.Filters).Add("label", label+"="+e.run)
	containers, err := e.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filter})
	if err != nil {
		return nil, err
	}
	for _, c := range containers.Items {
		left = append(left, "container "+strings.Join(c.Names, " "))
		_, failed := e.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
		err = errors.Join(err, failed)
	}
	networks, failed := e.NetworkList(ctx, client.NetworkListOptions{Filters: filter})
	err = errors.Join(err, failed)
	for _, n := range networks.Items {
		left = append(left, "network "+n.Name)
		_, failed := e.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{})
		err = errors.Join(err, failed)
	}
	volumes, failed := e.VolumeList(ctx, client.VolumeListOptions{Filters: filter})
	err = errors.Join(err, failed)
	for _, v := range volumes.Items {
		left = append(left, "volume "+v.Name)
		_, failed := e.VolumeRemove(ctx, v.Name, client.VolumeRemoveOptions{Force: true})
		err = errors.Join(err, failed)
	}
	images, failed := e.ImageList(ctx, client.ImageListOptions{Filters: filter})
	err = errors.Join(err, failed)
	for _, i := range images.Items {
		left = append(left, "image "+strings.Join(i.RepoTags, " "))
		_, failed := e.ImageRemove(ctx, i.ID, client.ImageRemoveOptions{Force: true, PruneChildren: true})
		err = errors.Join(err, failed)
	}
	return left, err
}

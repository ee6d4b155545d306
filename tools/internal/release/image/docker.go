package image

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/weplanx/workflow/tools/internal/release/artifact"
)

// build has Docker build the Dockerfile of a context and returns the image as
// docker save writes it.
func (m Image) build(ctx context.Context, p artifact.Platform, in io.Reader) (saved []byte, err error) {
	tag := "weplanx/" + m.Program + ":" + strings.ToLower(rand.Text()) // for as long as this lasts
	// The cache of the classic builder mixes platforms up.
	_, err = docker(ctx, in, "build", "--no-cache", "--platform", p.String(), "--tag", tag,
		"--build-arg", "VERSION="+m.Version, "--build-arg", "REVISION="+m.Revision, "-")
	if err != nil {
		return nil, err
	}
	defer func() {
		_, failed := docker(context.WithoutCancel(ctx), nil, "image", "rm", tag)
		err = errors.Join(err, failed)
	}()
	return docker(ctx, nil, "image", "save", tag)
}

// docker runs its command line and returns what that printed. The error has what
// it complained of.
func docker(ctx context.Context, in io.Reader, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	var complaint bytes.Buffer
	cmd.Stdin, cmd.Stderr = in, &complaint
	// Provenance is attested for the list, by the workflow.
	cmd.Env = append(os.Environ(), "BUILDX_NO_DEFAULT_ATTESTATIONS=1")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("docker %s: %w\n%s", strings.Join(args, " "), err, strings.TrimSpace(complaint.String()))
	}
	return out, nil
}

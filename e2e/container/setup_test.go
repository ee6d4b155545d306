//go:build e2e

package container_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
)

// docker is the engine of this run.
var docker *engine

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := testAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAIL: e2e:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

func testAll(m *testing.M) (code int, err error) {
	// Ryuk, which cleans up after killed tests, is an image that would have to
	// be pulled.
	defaultEnv("TESTCONTAINERS_RYUK_DISABLED", "true")
	if _, err := os.Stat("/.dockerenv"); err == nil {
		// Inside something that looks like a container but has an engine of its
		// own, ports are published here and not on the gateway.
		defaultEnv("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")
	}
	ctx := context.Background()
	if docker, err = openEngine(ctx); err != nil {
		return 1, err
	}
	defer watch()()
	if err := docker.buildImages(ctx); err != nil {
		return 1, errors.Join(err, docker.close(ctx))
	}
	code = m.Run()
	if docker.closing.Load() {
		select {} // the run is broken off, which ends the process
	}
	return code, errors.Join(closeClusters(ctx), docker.close(ctx))
}

func defaultEnv(name, value string) {
	if _, set := os.LookupEnv(name); !set {
		_ = os.Setenv(name, value)
	}
}

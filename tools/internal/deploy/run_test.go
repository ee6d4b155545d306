package deploy_test

import (
	"context"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	schedule "github.com/weplanx/workflow/schedule/bootstrap"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/natstest"
)

// What the guides have people type into a shell is a shell's language.
func TestBlocksAreShell(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Fatal(err)
	}
	for name, page := range guides(t) {
		for _, block := range blocks(page) {
			cmd := exec.CommandContext(t.Context(), bash, "-n")
			cmd.Stdin = strings.NewReader(block)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s\n%s", name, err, out, block)
			}
		}
	}
}

// An old schedule of v1.6 for the page about migration: status and one job of mode
// HTTP, as MessagePack.
const oldSchedule = "82a6737461747573c3a46a6f62739183a46d6f6465a448545450a473706563a740686f75726c79a66f7074696f6e82a375726cb368747470733a2f2f6578616d706c652e636f6da4626f647980"

// All commands of schedulectl in the guides are run, page by page, against a server
// with a scheduler. What differs is the server's address, that nothing is followed,
// and that one server keeps one replica.
func TestSchedulectlOfTheGuidesRuns(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	build(t, folder, "./schedule/cmd/schedulectl")
	server := natstest.Start(t)
	scheduler(t, server)
	store(t, server)
	pages, ran := guides(t), 0
	for name, page := range pages {
		for _, block := range blocks(page) {
			for line := range strings.Lines(block) {
				_, arguments, ok := strings.Cut(line, ".bin/schedulectl ")
				if !ok {
					continue
				}
				args, err := words(strings.TrimSpace(arguments))
				if err != nil {
					t.Fatal(err)
				}
				args = slices.DeleteFunc(args, func(arg string) bool { return arg == "-f" })
				if i := slices.Index(args, "--replicas"); i >= 0 {
					args[i+1] = "1"
				}
				cmd := exec.CommandContext(t.Context(), filepath.Join(folder, "schedulectl"), args...)
				cmd.Env = append(os.Environ(), "NAMESPACE=beta", "NATS_HOSTS="+server.URL())
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: schedulectl %q: %v\n%s", name, args, err, out)
				}
				ran++
			}
		}
	}
	if ran < 12 {
		t.Errorf("%d commands were run", ran)
	}
}

// scheduler runs one until the test's cleanup.
func scheduler(t *testing.T, server *natstest.Server) {
	t.Helper()
	var c schedule.Config
	c.Namespace, c.Log = "beta", logging.Discard()
	app, err := schedule.NewWithConn(t.Context(), c, server.Connect(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// store puts the old schedule where --from main finds it.
func store(t *testing.T, server *natstest.Server) {
	t.Helper()
	js, err := server.Connect(t).JetStream()
	if err != nil {
		t.Fatal(err)
	}
	kv, err := js.CreateKeyValue(&nats.KeyValueConfig{Bucket: "schedules_main"})
	if err != nil {
		t.Fatal(err)
	}
	value, err := hex.DecodeString(oldSchedule)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kv.Put("report", value); err != nil {
		t.Fatal(err)
	}
}

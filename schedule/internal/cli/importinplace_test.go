package cli_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/bootstrap"
	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/natstest"
)

// scheduler runs one on a server until the test's cleanup.
func scheduler(t *testing.T, server *natstest.Server) {
	t.Helper()
	var c bootstrap.Config
	c.Namespace, c.Log = "beta", logging.Discard()
	app, err := bootstrap.NewWithConn(t.Context(), c, server.Connect(t))
	noError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		noError(t, <-done)
	})
}

// A bucket of the predecessor that has the name of the namespace's own is taken
// over in its place while a scheduler runs: what is old is a bad entry, until it is
// rewritten.
func TestImportInPlace(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	nc := server.Connect(t)
	js, err := nc.JetStream()
	noError(t, err)
	b := &bundle{server: server, js: js, names: "beta"}
	b.oldBucket(t, "beta_schedules", map[string]string{"ticks": "v1.6/dogs-started", "dogs": "v1.6/dogs", "mail": "v1.6/email"})
	scheduler(t, server)
	b.client, err = client.New("beta", nc, js)
	noError(t, err)
	b.ok(t, "", "set", "mine", "--spec", far, "--url", "https://example.com")
	if got := b.ok(t, "", "list"); strings.Count(got, "bad") != 3 || !strings.Contains(squeezed(got), "mine 1 active") {
		t.Errorf("before the import there is\n%s", got)
	}

	triggers, err := nc.SubscribeSync("beta.triggers.HTTP.ticks")
	noError(t, err)
	got := b.importing(t, "1 of 4", "--from", "beta")
	for _, want := range []string{"dogs imported 1 paused", "mail failed", "mine unchanged - -", "ticks imported 1 -", "kv bucket beta_schedules: imported 2, unchanged 1, failed 1"} {
		if !strings.Contains(squeezed(got), want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	if _, err := triggers.NextMsg(30 * time.Second); err != nil {
		t.Errorf("the schedule does not fire: %v", err)
	}
	if got := b.importing(t, "1 of 4", "--from", "beta"); !strings.HasSuffix(got, "imported 0, unchanged 3, failed 1\n") {
		t.Errorf("the second import says\n%s", got)
	}
	if got := squeezed(b.ok(t, "", "list")); !strings.Contains(got, "dogs 1 paused") || !strings.Contains(got, "mail - bad") || !strings.Contains(got, "ticks 1 active") {
		t.Errorf("after the import there is\n%s", got)
	}
}

package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/internal/cli"
	"github.com/weplanx/workflow/shared/natstest"
)

func initialize(t *testing.T, server *natstest.Server, args ...string) outcome {
	t.Helper()
	return run(t, "", append([]string{"init", "--server", server.URL(), "--namespace", "beta"}, args...)...)
}

func TestInitMakesANamespace(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	got := initialize(t, server, "--dry-run")
	equal(t, got.err+got.out, `
STREAM             STATE             REPLICAS  CHANGES
KV_beta_schedules  would be created  -         -
beta_results       would be created  -         -
beta_dead          would be created  -         -
beta_runs          would be created  -         -
beta_triggers      would be created  -         -
`)
	if got := run(t, "", "list", "--server", server.URL(), "--namespace", "beta"); got.code != cli.ExitNotFound {
		t.Errorf("after a dry run list ends with %d, %q", got.code, got.err)
	}
	got = initialize(t, server)
	equal(t, got.err+got.out, `
STREAM             STATE    REPLICAS  CHANGES
KV_beta_schedules  created  1         -
beta_results       created  1         -
beta_dead          created  1         -
beta_runs          created  1         -
beta_triggers      created  1         -
`)
	for _, args := range [][]string{nil, {"--dry-run"}} {
		got := initialize(t, server, args...)
		if got.code != cli.ExitOK || got.err != "" || strings.Count(got.out, "unchanged") != 5 {
			t.Errorf("%q again: exit code %d, error %q, output\n%s", args, got.code, got.err, got.out)
		}
	}
}

func TestInitSaysWhatItChanged(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	js, err := server.Connect(t).JetStream()
	noError(t, err)
	_, err = js.CreateKeyValue(&nats.KeyValueConfig{Bucket: "beta_schedules", TTL: time.Hour})
	noError(t, err)
	got := initialize(t, server, "-o", "json", "--replicas", "1")
	var document struct {
		Namespace string
		DryRun    bool `json:"dry_run"`
		Streams   []struct {
			Stream, Action string
			Replicas       int
			Changes        []string
		}
	}
	noError(t, json.Unmarshal([]byte(got.out), &document))
	if got.code != cli.ExitOK || document.Namespace != "beta" || document.DryRun || len(document.Streams) != 5 {
		t.Fatalf("exit code %d, output %s", got.code, got.out)
	}
	bucket := document.Streams[0]
	if bucket.Stream != "KV_beta_schedules" || bucket.Action != "changed" || bucket.Replicas != 1 || !strings.Contains(strings.Join(bucket.Changes, "\n"), "max_age: 1h0m0s to 0s") {
		t.Errorf("got %+v", bucket)
	}
}

func TestInitRefuses(t *testing.T) {
	t.Parallel()
	wrong := natstest.Start(t)
	js, err := wrong.Connect(t).JetStream()
	noError(t, err)
	_, err = js.AddStream(&nats.StreamConfig{Name: "beta_triggers", Subjects: []string{"beta.triggers.>", "beta.cursors.*"}})
	noError(t, err)
	limited := natstest.Start(t, natstest.WithOptions(func(o *server.Options) {
		service := &server.Permissions{Publish: &server.SubjectPermission{Deny: []string{"$JS.API.STREAM.CREATE.>"}}}
		o.Users = []*server.User{{Username: "service", Password: "s", Permissions: service}}
		o.NoAuthUser = "service"
	}))
	cases := map[string]struct {
		server *natstest.Server
		args   []string
		code   int
		want   string
	}{
		"retention":         {wrong, nil, cli.ExitFailure, "stream beta_triggers: retention is Limits, want WorkQueue"},
		"retention, dry":    {wrong, []string{"--dry-run"}, cli.ExitFailure, "stream beta_triggers: retention is Limits, want WorkQueue"},
		"replicas":          {natstest.Start(t), []string{"--replicas", "3"}, cli.ExitFailure, "--replicas: the cluster cannot keep 3 replicas"},
		"credential":        {limited, nil, cli.ExitFailure, "NATS_NKEY: the credential may not publish to $JS.API.STREAM.CREATE.KV_beta_schedules"},
		"no JetStream":      {natstest.Start(t, natstest.WithoutJetStream()), nil, cli.ExitFailure, "JetStream"},
		"too many replicas": {wrong, []string{"--replicas", "6"}, cli.ExitUsage, "--replicas is 6, want 1 to 5"},
		"no replicas":       {wrong, []string{"--replicas", "0"}, cli.ExitUsage, "--replicas is 0, want 1 to 5"},
		"an argument":       {wrong, []string{"beta"}, cli.ExitUsage, "want no arguments"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := initialize(t, c.server, c.args...)
			if got.code != c.code || got.out != "" {
				t.Errorf("exit code %d, output %q, want %d and nothing", got.code, got.out, c.code)
			}
			if strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, c.want) {
				t.Errorf("error is %q, want one line with %q", got.err, c.want)
			}
		})
	}
}

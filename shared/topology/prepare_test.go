package topology_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
)

// every is all that Prepare looks after, in its order.
var every = []string{names.BucketStream(), names.ResultStream(), names.DeadStream(), names.RunStream(), names.TriggerStream()}

func prepare(t *testing.T, js jetstream.JetStream, replicas int, options ...topology.Option) []topology.Step {
	t.Helper()
	steps, err := topology.Prepare(deadline(t), js, names, replicas, options...)
	if err != nil {
		t.Fatal(err)
	}
	var streams []string
	for _, step := range steps {
		streams = append(streams, step.Stream)
	}
	if !slices.Equal(streams, every) {
		t.Errorf("steps are about %q, want %q", streams, every)
	}
	return steps
}

func wantAll(t *testing.T, steps []topology.Step, action topology.Action) {
	t.Helper()
	for _, step := range steps {
		if step.Action != action || len(step.Changes) != 0 {
			t.Errorf("%s: got %q with changes %q, want %q", step.Stream, step.Action, step.Changes, action)
		}
	}
}

func TestPrepareMakesEverythingOnce(t *testing.T) {
	t.Parallel()
	js := stream(t, natstest.Start(t).Connect(t))
	wantAll(t, prepare(t, js, 0, topology.DryRun()), topology.Created)
	if _, err := js.Stream(t.Context(), names.BucketStream()); !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Errorf("a dry run made something: %v", err)
	}
	made := prepare(t, js, 0)
	wantAll(t, made, topology.Created)
	if made[0].Replicas != 1 {
		t.Errorf("got %d replicas, want 1", made[0].Replicas)
	}
	wantAll(t, prepare(t, js, 0), topology.Unchanged)
	wantAll(t, prepare(t, js, 1), topology.Unchanged)
	if got := ensure(t, js, 0); !got.Fresh || got.Partitions != topology.DefaultPartitions {
		t.Errorf("a service finds %+v", got)
	}
}

// What Ensure has made is right, and the other way round.
func TestPrepareAfterEnsure(t *testing.T) {
	t.Parallel()
	js := stream(t, natstest.Start(t).Connect(t))
	ensure(t, js, 0)
	wantAll(t, prepare(t, js, 0), topology.Unchanged)
}

func TestPrepareMakesSettingsRight(t *testing.T) {
	t.Parallel()
	wrong := []jetstream.StreamConfig{
		{Name: names.BucketStream(), Subjects: []string{names.BucketSubject(">")}, MaxAge: time.Hour, MaxMsgs: 10, MaxMsgsPerSubject: 1, MaxMsgSize: 1000},
		{
			Name: names.TriggerStream(), Subjects: []string{names.Triggers(), names.Cursors()}, Retention: jetstream.WorkQueuePolicy,
			Discard: jetstream.DiscardOld, MaxAge: time.Hour, MaxMsgs: 10, MaxMsgsPerSubject: 10, MaxMsgSize: 1000,
		},
		{Name: names.RunStream(), Subjects: []string{names.Runs()}},
	}
	want := map[string][]string{
		names.BucketStream(): {
			"allow_msg_ttl: false to true", "max_msgs_per_subject (history): 1 to 64", "max_msgs: 10 to -1",
			"max_age: 1h0m0s to 0s", "max_msg_size: 1000 to 262144",
		},
		names.TriggerStream(): {
			"discard: DiscardOld to DiscardNew", "allow_atomic: false to true", "allow_rollup_hdrs: false to true",
			"allow_msg_ttl: false to true", "max_age: 1h0m0s to 0s", "max_msg_size: 1000 to -1",
			"max_msgs: 10 to -1", "max_msgs_per_subject: 10 to -1", "metadata partitions: nothing to 8",
		},
		names.RunStream(): {"allow_msg_ttl: false to true", "max_msgs_per_subject: -1 to 1"},
	}
	js := stream(t, natstest.Start(t).Connect(t))
	for _, config := range wrong {
		if _, err := js.CreateStream(t.Context(), config); err != nil {
			t.Fatal(err)
		}
	}
	for _, options := range [][]topology.Option{{topology.DryRun()}, nil} {
		for _, step := range prepare(t, js, 0, options...) {
			action := topology.Created
			if want[step.Stream] != nil {
				action = topology.Changed
			}
			if step.Action != action || !slices.Equal(step.Changes, want[step.Stream]) {
				t.Errorf("%s: got %q with changes %q, want %q with %q", step.Stream, step.Action, step.Changes, action, want[step.Stream])
			}
		}
	}
	wantAll(t, prepare(t, js, 0), topology.Unchanged)
	ensure(t, js, 0)
}

// Nothing is done where something cannot be made right.
func TestPrepareRefuses(t *testing.T) {
	t.Parallel()
	triggers := []string{names.Triggers(), names.Cursors()}
	tests := map[string]struct {
		config jetstream.StreamConfig
		want   []string
	}{
		"retention":     {jetstream.StreamConfig{Name: names.TriggerStream(), Subjects: triggers}, []string{"retention is Limits, want WorkQueue"}},
		"subjects":      {jetstream.StreamConfig{Name: names.ResultStream(), Subjects: []string{"other"}}, []string{"subjects is other, want beta.results.>"}},
		"bucket":        {jetstream.StreamConfig{Name: names.BucketStream(), Subjects: []string{"other"}}, []string{"subjects is other"}},
		"deny purge":    {jetstream.StreamConfig{Name: names.TriggerStream(), Subjects: triggers, Retention: jetstream.WorkQueuePolicy, DenyPurge: true}, []string{"deny_purge is true, want false"}},
		"its own place": {jetstream.StreamConfig{Name: "all", Subjects: []string{"beta.triggers.>"}}, []string{"create stream " + names.TriggerStream(), "another stream"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			js := stream(t, natstest.Start(t).Connect(t))
			if _, err := js.CreateStream(t.Context(), test.config); err != nil {
				t.Fatal(err)
			}
			steps, err := topology.Prepare(deadline(t), js, names, 0)
			wantLine(t, err, test.want...)
			if test.config.Name != "all" && len(steps) > 0 {
				t.Errorf("it was refused after %+v", steps)
			}
			if test.config.Name == "all" && len(steps) != len(every)-1 {
				t.Errorf("got steps %+v, want those that were done", steps)
			}
		})
	}
}

// A number of partitions that nobody has written down is known to the cursors only.
func TestPrepareGuessesNoPartitions(t *testing.T) {
	t.Parallel()
	js := stream(t, natstest.Start(t).Connect(t))
	ensure(t, js, 0)
	if _, err := js.Publish(t.Context(), names.Cursor(0), nil); err != nil {
		t.Fatal(err)
	}
	changed := config(t, js, names.TriggerStream())
	delete(changed.Metadata, "partitions")
	if _, err := js.UpdateStream(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	_, err := topology.Prepare(deadline(t), js, names, 0)
	wantLine(t, err, "metadata partitions is nothing")
}

func TestPrepareSetsReplicas(t *testing.T) {
	t.Parallel()
	js := stream(t, natstest.StartCluster(t, 3)[0].Connect(t))
	wantAll(t, prepare(t, js, 1), topology.Created)
	wantAll(t, prepare(t, js, 3), topology.Unchanged)
	for _, step := range prepare(t, js, 3, topology.ChangeReplicas()) {
		if step.Action != topology.Changed || step.Replicas != 3 || !slices.Equal(step.Changes, []string{"replicas: 1 to 3"}) {
			t.Errorf("got %+v", step)
		}
	}
	wantAll(t, prepare(t, js, 0, topology.ChangeReplicas()), topology.Unchanged)
	_, err := topology.Prepare(deadline(t), js, names, 5, topology.ChangeReplicas())
	wantSetting(t, err, "NATS_REPLICAS: ", "5 replicas")
}

// users are those of a server: an admin, a service that may not create streams,
// one that may not subscribe to the inbox that it has.
func users() natstest.Option {
	return natstest.WithOptions(func(o *server.Options) {
		service := &server.Permissions{Publish: &server.SubjectPermission{Deny: []string{"$JS.API.STREAM.CREATE.>", "$JS.API.INFO"}}}
		deaf := &server.Permissions{Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.admin.>"}}}
		o.Users = []*server.User{
			{Username: "admin", Password: "a"},
			{Username: "service", Password: "s", Permissions: service},
			{Username: "deaf", Password: "d", Permissions: deaf},
		}
	})
}

func TestPrepareWithoutPermission(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, users())
	_, err := topology.Prepare(deadline(t), stream(t, s.ConnectAs(t, "service", "s")), names, 0)
	wantSetting(t, err, "NATS_NKEY: ", "$JS.API.STREAM.CREATE."+names.BucketStream(), "admin")
	if strings.Contains(err.Error(), "schedulectl init") {
		t.Errorf("got %q, which sends the admin to where it comes from", err)
	}
	_, err = topology.Prepare(deadline(t), stream(t, s.ConnectAs(t, "deaf", "d")), names, 0)
	wantSetting(t, err, "NATS_INBOX: ", "_INBOX.")
}

// A worker may be there before those who make the streams.
func TestEnsureLeavesMakingToOthers(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, users())
	told := make(chan string, 100)
	done := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	js := stream(t, s.ConnectAs(t, "service", "s"))
	go func() {
		_, err := topology.Ensure(ctx, js, names, 0, topology.LeaveMaking(), topology.OnWait(func(err error) { told <- err.Error() }))
		done <- err
	}()
	if got := <-told; !strings.Contains(got, names.BucketStream()) || !strings.Contains(got, "schedulectl init") {
		t.Errorf("got %q", got)
	}
	ensure(t, stream(t, s.ConnectAs(t, "admin", "a")), 0)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if len(told) > 1 { // of a stream that was not there yet
		t.Errorf("told %d times more", len(told))
	}
}

// Without a permission to look nothing can be waited for.
func TestEnsureLeavesMakingButMustLook(t *testing.T) {
	t.Parallel()
	s := natstest.Start(t, natstest.WithOptions(func(o *server.Options) {
		blind := &server.Permissions{Publish: &server.SubjectPermission{Deny: []string{"$JS.API.STREAM.>"}}}
		o.Users = []*server.User{{Username: "blind", Password: "b", Permissions: blind}}
	}))
	_, err := topology.Ensure(deadline(t), stream(t, s.ConnectAs(t, "blind", "b")), names, 0, topology.LeaveMaking())
	wantSetting(t, err, "NATS_NKEY: ", "$JS.API.STREAM.INFO."+names.BucketStream())
}

// A bucket that nats.go's key-value API has made becomes one that services take.
func TestPrepareTakesTheClientsBucket(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	old, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.CreateKeyValue(&nats.KeyValueConfig{Bucket: names.Bucket()}); err != nil {
		t.Fatal(err)
	}
	js := stream(t, nc)
	if got := prepare(t, js, 0)[0]; got.Action != topology.Changed || got.Stream != names.BucketStream() {
		t.Errorf("got %+v", got)
	}
	if got := config(t, js, names.BucketStream()); !got.AllowMsgTTL || got.MaxMsgsPerSubject != contract.BucketHistory {
		t.Errorf("got %+v", got)
	}
}

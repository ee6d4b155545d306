package topology_test

import (
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
)

func TestEnsureRefusesStreams(t *testing.T) {
	t.Parallel()
	// good is what a trigger stream needs.
	good := jetstream.StreamConfig{
		Name: names.TriggerStream(), Subjects: []string{names.Triggers(), names.Cursors()},
		Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, AllowAtomicPublish: true,
		AllowRollup: true, AllowMsgTTL: true, Metadata: map[string]string{"partitions": "8"},
	}
	triggers := func(change func(c *jetstream.StreamConfig)) jetstream.StreamConfig {
		c := good
		change(&c)
		return c
	}
	tests := map[string]struct {
		config jetstream.StreamConfig
		want   []string // after the stream's name; nil: accepted
	}{
		"as needed":    {good, nil},
		"subjects":     {triggers(func(c *jetstream.StreamConfig) { c.Subjects = []string{names.Triggers()} }), []string{"subjects", names.Cursors()}},
		"retention":    {triggers(func(c *jetstream.StreamConfig) { c.Retention = jetstream.InterestPolicy }), []string{"retention", "Interest", "want WorkQueue"}},
		"discard":      {triggers(func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld }), []string{"discard", "DiscardOld", "want DiscardNew"}},
		"no batches":   {triggers(func(c *jetstream.StreamConfig) { c.AllowAtomicPublish = false }), []string{"allow_atomic", "want true"}},
		"no roll-up":   {triggers(func(c *jetstream.StreamConfig) { c.AllowRollup = false }), []string{"allow_rollup_hdrs", "want true"}},
		"no TTL":       {triggers(func(c *jetstream.StreamConfig) { c.AllowMsgTTL = false }), []string{"allow_msg_ttl", "want true"}},
		"age":          {triggers(func(c *jetstream.StreamConfig) { c.MaxAge = 1e12 }), []string{"max_age", "16m40s", "want 0s"}},
		"messages":     {triggers(func(c *jetstream.StreamConfig) { c.MaxMsgs = 5 }), []string{"max_msgs", "5", "want -1"}},
		"per subject":  {triggers(func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 1 }), []string{"max_msgs_per_subject", "1"}},
		"no metadata":  {triggers(func(c *jetstream.StreamConfig) { c.Metadata = nil }), []string{"partitions", "nothing"}},
		"bad metadata": {triggers(func(c *jetstream.StreamConfig) { c.Metadata = map[string]string{"partitions": "0"} }), []string{"partitions", "0"}},
		"result retention": {
			jetstream.StreamConfig{Name: names.ResultStream(), Subjects: []string{names.Results()}, Retention: jetstream.WorkQueuePolicy},
			[]string{"retention", "want Limits"},
		},
		"result subjects": {
			jetstream.StreamConfig{Name: names.ResultStream(), Subjects: []string{"beta.other"}},
			[]string{"subjects", "beta.other", names.Results()},
		},
		"bucket with expiry": {
			jetstream.StreamConfig{Name: names.BucketStream(), Subjects: []string{names.BucketSubject(">")}, MaxAge: 1e12, MaxMsgsPerSubject: 16, AllowRollup: true},
			[]string{"max_age", "16m40s"},
		},
		"bucket with small values": {
			jetstream.StreamConfig{Name: names.BucketStream(), Subjects: []string{names.BucketSubject(">")}, MaxMsgSize: 1000, MaxMsgsPerSubject: 16},
			[]string{"max_msg_size", "1000"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			js := stream(t, natstest.Start(t).Connect(t))
			if _, err := js.CreateStream(t.Context(), test.config); err != nil {
				t.Fatal(err)
			}
			_, err := topology.Ensure(deadline(t), js, names, 0)
			if test.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantLine(t, err, append(test.want, "stream "+test.config.Name+": ")...)
		})
	}
}

func TestEnsureRefusesForeignSubjects(t *testing.T) {
	t.Parallel()
	js := stream(t, natstest.Start(t).Connect(t))
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "all", Subjects: []string{"beta.>"}}); err != nil {
		t.Fatal(err)
	}
	_, err := topology.Ensure(deadline(t), js, names, 0)
	wantLine(t, err, names.ResultStream(), "another stream")
}

func TestEnsureRefusesServers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		option   natstest.Option
		replicas int
		want     []string
	}{
		"JetStream off":     {natstest.WithoutJetStream(), 0, []string{"NATS_HOSTS: ", "JetStream"}},
		"too many replicas": {natstest.WithOptions(func(*server.Options) {}), 3, []string{"NATS_REPLICAS: ", "3 replicas"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			js := stream(t, natstest.Start(t, test.option).Connect(t))
			_, err := topology.Ensure(deadline(t), js, names, test.replicas)
			wantSetting(t, err, test.want...)
		})
	}
}

func TestEnsureRefusesSmallStorage(t *testing.T) {
	t.Parallel()
	small := natstest.WithOptions(func(o *server.Options) { o.JetStreamMaxStore = 1 << 20 })
	js := stream(t, natstest.Start(t, small).Connect(t))
	_, err := topology.Ensure(deadline(t), js, names, 0)
	wantLine(t, err, names.TriggerStream(), "1 GiB")
}

// Where services may not create streams the error says what is missing.
func TestEnsureWithoutPermission(t *testing.T) {
	t.Parallel()
	users := natstest.WithOptions(func(o *server.Options) {
		denied := &server.Permissions{Publish: &server.SubjectPermission{Deny: []string{"$JS.API.STREAM.CREATE.>"}}}
		o.Users = []*server.User{{Username: "admin", Password: "a"}, {Username: "service", Password: "s", Permissions: denied}}
	})
	s := natstest.Start(t, users)
	js := stream(t, s.ConnectAs(t, "service", "s"))
	_, err := topology.Ensure(deadline(t), js, names, 0)
	wantSetting(t, err, "NATS_NKEY: ", "$JS.API.STREAM.CREATE."+names.BucketStream(), "schedulectl init")

	ensure(t, stream(t, s.ConnectAs(t, "admin", "a")), 0)
	ensure(t, js, 0)
}

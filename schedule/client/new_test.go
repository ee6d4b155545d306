package client_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
)

func TestNewCreatesTheBucket(t *testing.T) {
	t.Parallel()
	b := setup(t)
	info, err := b.js.StreamInfo("KV_beta_schedules")
	noError(t, err)
	c := info.Config
	if c.MaxMsgsPerSubject != contract.BucketHistory || c.Storage != nats.FileStorage || c.Replicas != 1 || c.MaxMsgSize != 256<<10 {
		t.Errorf("bucket is %+v", c)
	}
	kv, err := b.js.KeyValue("beta_schedules")
	noError(t, err)
	if _, err := kv.Status(); err != nil {
		t.Error(err)
	}
	on(t, b.server, namespace) // a second time it is there
}

func TestNewWithoutCreating(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := client.New("other", b.nc, b.js, client.WithoutCreating())
	if !errors.Is(err, client.ErrNoNamespace) {
		t.Errorf("error is %v, want ErrNoNamespace", err)
	}
	on(t, b.server, namespace, client.WithoutCreating())
}

func TestNewRefusesArguments(t *testing.T) {
	t.Parallel()
	b := setup(t)
	closed := b.server.Connect(t)
	closed.Close()
	cases := map[string]struct {
		namespace string
		nc        *nats.Conn
		js        nats.JetStreamContext
		option    client.Option
		want      string
	}{
		"no connection":     {namespace, nil, b.js, nil, "nc is nil"},
		"no context":        {namespace, b.nc, nil, nil, "js is nil"},
		"closed connection": {namespace, closed, b.js, nil, "nc is closed"},
		"empty namespace":   {"", b.nc, b.js, nil, "namespace: "},
		"dot in namespace":  {"a.b", b.nc, b.js, nil, "namespace: "},
		"long namespace":    {strings.Repeat("a", 33), b.nc, b.js, nil, "namespace: "},
		"replicas":          {namespace, b.nc, b.js, client.WithReplicas(6), "replicas"},
		"timeout":           {namespace, b.nc, b.js, client.WithTimeout(0), "timeout"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := []client.Option{client.WithReplicas(1)}
			if c.option != nil {
				options = append(options, c.option)
			}
			_, err := client.New(c.namespace, c.nc, c.js, options...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	user := func(allow ...string) natstest.Option {
		return natstest.WithOptions(func(o *server.Options) {
			o.Users = []*server.User{{Username: "u", Password: "p", Permissions: &server.Permissions{
				Publish: &server.SubjectPermission{Allow: allow}, Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>"}},
			}}}
		})
	}
	cases := map[string]struct {
		option natstest.Option
		want   []string
	}{
		"JetStream is off": {natstest.WithoutJetStream(), []string{"no JetStream answers"}},
		"nothing allowed":  {user("none"), []string{"permission is missing", "$JS.API.STREAM.INFO.KV_beta_schedules"}},
		"may not create":   {user("$JS.API.STREAM.INFO.>"), []string{"permission is missing", "$JS.API.STREAM.CREATE.KV_beta_schedules"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			nc := natstest.Start(t, c.option).Connect(t, nats.UserInfo("u", "p"))
			js, err := nc.JetStream(nats.MaxWait(10 * patience))
			noError(t, err)
			began := time.Now()
			_, err = client.New(namespace, nc, js, client.WithTimeout(10*patience))
			if err == nil || strings.Contains(err.Error(), "\n") {
				t.Fatalf("error is %v, want one line", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error is %q, want one with %q", err, want)
				}
			}
			if took := time.Since(began); took > patience {
				t.Errorf("it took %s to find out", took)
			}
		})
	}
}

func TestNewRefusesAnUnfitBucket(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.js.CreateKeyValue(&nats.KeyValueConfig{Bucket: "short_schedules", TTL: time.Hour})
	noError(t, err)
	_, err = client.New("short", b.nc, b.js)
	if err == nil || !strings.Contains(err.Error(), "expire") {
		t.Errorf("error is %v, want one about values that expire", err)
	}
}

func TestContextIsHonoured(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, list := b.ListContext(ctx)
	_, get := b.GetContext(ctx, "a")
	_, open := client.NewContext(ctx, namespace, b.nc, b.js)
	for name, err := range map[string]error{
		"list": list, "get": get, "new": open,
		"set": b.SetContext(ctx, "a", job("@hourly")), "remove": b.RemoveContext(ctx, "a"), "pause": b.PauseContext(ctx, "a"),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error is %v, want context.Canceled", name, err)
		}
	}
}

// A server that is gone must not hold a call for longer than its timeout.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t, client.WithTimeout(200*time.Millisecond))
	b.server.Stop()
	err := b.Set("a", job("@hourly"))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no answer from JetStream within 200ms") {
		t.Errorf("error is %v, want no answer within 200ms", err)
	}
}

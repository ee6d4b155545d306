package client_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/spec/spectest"
)

func TestSetGetListRemove(t *testing.T) {
	t.Parallel()
	b := setup(t)
	noError(t, b.Set("b", job("@every 15s"), job("@hourly")))
	noError(t, b.Set("a/x=1.y_z", job("@daily")))
	b.put(t, "_nodes.n1", []byte(`{"v":1}`))
	keys, err := b.List()
	noError(t, err)
	if want := []string{"a/x=1.y_z", "b"}; !reflect.DeepEqual(keys, want) {
		t.Errorf("keys are %q, want %q", keys, want)
	}
	jobs, err := b.Get("b")
	noError(t, err)
	if len(jobs) != 2 || jobs[0].Spec != "@every 15s" || jobs[0].Mode != "HTTP" || jobs[1].Spec != "@hourly" {
		t.Errorf("jobs are %+v", jobs)
	}
	for _, j := range jobs {
		if j.State.Next.Before(time.Now()) || !j.State.Prev.IsZero() {
			t.Errorf("state of %s is %+v", j.Spec, j.State)
		}
	}
	noError(t, b.Remove("b"))
	if _, err = b.Get("b"); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("get after remove: %v, want ErrNotFound", err)
	}
	if keys, err = b.List(); err != nil || len(keys) != 1 {
		t.Errorf("keys after remove are %q, %v", keys, err)
	}
	noError(t, b.Set("b", job("@daily"))) // a removed key can be used again
}

func TestListOfNothing(t *testing.T) {
	t.Parallel()
	keys, err := setup(t).List()
	if err != nil || len(keys) != 0 {
		t.Errorf("keys are %q, %v", keys, err)
	}
}

func TestUnknownKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, get := b.Get("nobody")
	_, entry := b.Entry("nobody")
	for name, err := range map[string]error{
		"get": get, "entry": entry, "remove": b.Remove("nobody"), "pause": b.Pause("nobody"), "resume": b.Resume("nobody"),
	} {
		if !errors.Is(err, client.ErrNotFound) {
			t.Errorf("%s: error is %v, want ErrNotFound", name, err)
		}
	}
}

func TestKeysAreChecked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, key := range []string{"", "a b", "a.", "a..b", "a*", ">", "_nodes.x", "ключ", strings.Repeat("a", 129)} {
		_, get := b.Get(key)
		for name, err := range map[string]error{"set": b.Set(key, job("@hourly")), "get": get, "remove": b.Remove(key), "pause": b.Pause(key)} {
			var field *client.FieldError
			if !errors.Is(err, client.ErrInvalid) || !errors.As(err, &field) || field.Field != "key" {
				t.Errorf("%s %.20q: error is %v, want one about the key", name, key, err)
			}
		}
	}
}

func TestSetRefusesMalformedSpecs(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if len(spectest.Malformed) < 60 {
		t.Fatalf("only %d malformed specs", len(spectest.Malformed))
	}
	for _, c := range spectest.Malformed {
		j := job(c.Spec)
		j.Timezone = c.Timezone
		err := b.Set("bad", job("@hourly"), j)
		var field *client.FieldError
		if !errors.Is(err, client.ErrInvalid) || !errors.As(err, &field) {
			t.Errorf("%s: error is %v, want ErrInvalid", c.Name, err)
			continue
		}
		if field.Field != "jobs[1].spec" && field.Field != "jobs[1].timezone" {
			t.Errorf("%s: error is about %s", c.Name, field.Field)
		}
	}
	if keys, err := b.List(); err != nil || len(keys) != 0 {
		t.Errorf("something was stored: %q, %v", keys, err)
	}
}

func TestSetRefusesFields(t *testing.T) {
	t.Parallel()
	b := setup(t)
	with := func(o common.HttpOption) common.Job { return common.HttpJob("@hourly", o) }
	many := make([]common.Job, 101)
	for i := range many {
		many[i] = job("@hourly")
	}
	slow := job("@hourly")
	slow.Timeout = common.Duration(time.Hour)
	const url = "https://example.com"
	cases := map[string]struct {
		jobs  []common.Job
		field string
	}{
		"no jobs":        {nil, "jobs"},
		"too many jobs":  {many, "jobs"},
		"too large":      {[]common.Job{with(common.HttpOption{Url: url, Body: strings.Repeat("x", 65<<10)})}, "jobs"},
		"no mode":        {[]common.Job{{Spec: "@hourly"}}, "jobs[0].mode"},
		"no option":      {[]common.Job{{Mode: "HTTP", Spec: "@hourly"}}, "jobs[0].option"},
		"no URL":         {[]common.Job{with(common.HttpOption{})}, "jobs[0].option.url"},
		"scheme":         {[]common.Job{with(common.HttpOption{Url: "ftp://example.com"})}, "jobs[0].option.url"},
		"method":         {[]common.Job{with(common.HttpOption{Url: url, Method: "CONNECT"})}, "jobs[0].option.method"},
		"CR LF":          {[]common.Job{with(common.HttpOption{Url: url, Headers: map[string]string{"a": "b\r\nc: d"}})}, `jobs[0].option.headers["a"]`},
		"reserved":       {[]common.Job{with(common.HttpOption{Url: url, Headers: map[string]string{"Webhook-Id": "x"}})}, `jobs[0].option.headers["Webhook-Id"]`},
		"body":           {[]common.Job{with(common.HttpOption{Url: url, Body: func() {}})}, "jobs[0].option.body"},
		"timeout":        {[]common.Job{slow}, "jobs[0].timeout"},
		"time gone by":   {[]common.Job{job("@at 2020-01-01T00:00:00Z")}, "jobs[0].spec"},
		"second is late": {[]common.Job{job("@hourly"), job("@at 2020-01-01T00:00:00Z")}, "jobs[1].spec"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := b.Set("key", c.jobs...)
			var field *client.FieldError
			if !errors.Is(err, client.ErrInvalid) || !errors.As(err, &field) || field.Field != c.field {
				t.Errorf("error is %v, want one about %s", err, c.field)
			}
		})
	}
}

// An application may Set at every start without shifting "@every".
func TestSetOfTheSameChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := common.HttpJob("@every 1h", common.HttpOption{
		Url: "https://example.com/?a=1&b=<2>", Headers: map[string]string{}, Body: map[string]any{"z": 1, "a": 12345678901234567},
	})
	noError(t, b.Set("a", first))
	before := revision(t, b)
	same := first
	same.Option = []byte(`{"body": {"a":12345678901234567,"z":1}, "url": "https://example.com/?a=1&b=<2>"}`)
	jobs, err := b.Get("a")
	noError(t, err)
	for name, j := range map[string]common.Job{"the same": first, "written otherwise": same, "as read": jobs[0]} {
		noError(t, b.Set("a", j))
		if got := revision(t, b); got != before {
			t.Errorf("%s: revision is %d, want %d", name, got, before)
		}
	}
	noError(t, b.Set("a", job("@every 2h")))
	if got := revision(t, b); got <= before {
		t.Errorf("revision after a change is %d, want more than %d", got, before)
	}
}

// A one-off whose time has passed stays as it is when it is set once more.
func TestSetOfTheSameAfterItsTime(t *testing.T) {
	t.Parallel()
	b := setup(t)
	once := job("@at 2020-01-01T00:00:00Z")
	b.put(t, "a", []byte(`{"v":1,"jobs":[{"mode":"HTTP","spec":"@at 2020-01-01T00:00:00Z","option":{"url":"https://example.com/"}}]}`))
	noError(t, b.Set("a", once))
}

func TestSetRevision(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := limited(t)
	first, err := b.SetRevision(ctx, "a", 0, job("@hourly"))
	noError(t, err)
	if _, err = b.SetRevision(ctx, "a", 0, job("@daily")); !errors.Is(err, client.ErrExists) {
		t.Errorf("create again: %v, want ErrExists", err)
	}
	second, err := b.SetRevision(ctx, "a", first, job("@daily"))
	noError(t, err)
	if _, err = b.SetRevision(ctx, "a", first, job("@weekly")); !errors.Is(err, client.ErrConflict) {
		t.Errorf("old revision: %v, want ErrConflict", err)
	}
	if err = b.RemoveRevision(ctx, "a", first); !errors.Is(err, client.ErrConflict) {
		t.Errorf("remove old revision: %v, want ErrConflict", err)
	}
	noError(t, b.RemoveRevision(ctx, "a", second))
	if _, err = b.SetRevision(ctx, "a", second, job("@weekly")); !errors.Is(err, client.ErrConflict) {
		t.Errorf("removed: %v, want ErrConflict", err)
	}
	if _, err = b.SetRevision(ctx, "a", 0, job("@weekly")); err != nil {
		t.Errorf("create after remove: %v", err)
	}
}

// Many writers that all count upwards by compare-and-set lose no step.
func TestConcurrentSetRevision(t *testing.T) {
	t.Parallel()
	const writers, steps = 16, 5
	b := setup(t)
	ctx := limited(t)
	noError(t, b.Set("counter", job("@every 1000s")))
	var conflicts atomic.Int64
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			for range steps {
				if err := increment(ctx, b, &conflicts); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	jobs, err := b.Get("counter")
	noError(t, err)
	if want := fmt.Sprintf("@every %ds", 1000+writers*steps); jobs[0].Spec != want {
		t.Errorf("spec is %q, want %q", jobs[0].Spec, want)
	}
	t.Logf("%d conflicts", conflicts.Load())
}

func increment(ctx context.Context, b *bundle, conflicts *atomic.Int64) error {
	for {
		e, err := b.EntryContext(ctx, "counter")
		if err != nil {
			return err
		}
		var n int
		if _, err := fmt.Sscanf(e.Jobs[0].Spec, "@every %ds", &n); err != nil {
			return err
		}
		_, err = b.SetRevision(ctx, "counter", e.Revision, job(fmt.Sprintf("@every %ds", n+1)))
		if !errors.Is(err, client.ErrConflict) {
			return err
		}
		conflicts.Add(1)
	}
}

// Set retries, so of many at once none fails, and each key's value is whole.
func TestConcurrentSet(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			for _, err := range []error{b.Set("a", job(fmt.Sprintf("@every %ds", i+1))), b.Pause("a"), b.Resume("a")} {
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if e, err := b.Entry("a"); err != nil || len(e.Jobs) != 1 {
		t.Errorf("entry is %+v, %v", e, err)
	}
}

func TestNamespacesAreApart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := on(t, b.server, "gamma")
	noError(t, b.Set("a", job("@hourly")))
	if keys, err := other.List(); err != nil || len(keys) != 0 {
		t.Errorf("the other namespace has %q, %v", keys, err)
	}
	if _, err := other.Get("a"); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("get in the other namespace: %v, want ErrNotFound", err)
	}
	if err := other.Remove("a"); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("remove in the other namespace: %v, want ErrNotFound", err)
	}
	noError(t, other.Set("a", job("@daily")))
	jobs, err := b.Get("a")
	if err != nil || jobs[0].Spec != "@hourly" {
		t.Errorf("jobs are %+v, %v", jobs, err)
	}
}

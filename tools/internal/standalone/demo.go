package standalone

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
)

const (
	demoKey      = "demo"
	demoInterval = 5 * time.Second
)

// demo is a schedule and the target of its callbacks.
type demo struct {
	receiver *receiver
	foreign  bool // the schedule of that name is not the demo's
}

// prepareDemo listens for the callbacks and stores the schedule, unless it is
// there already: a schedule that the user has changed stays as it is, and an
// unchanged one goes on at the same instants. Its URL remembers the port.
func prepareDemo(ctx context.Context, c *Config, nc *nats.Conn) (*demo, error) {
	schedules, err := openSchedules(ctx, c, nc)
	if err != nil {
		return nil, err
	}
	jobs, err := schedules.GetContext(ctx, demoKey)
	known := err == nil || errors.Is(err, client.ErrBadEntry)
	if !known && !errors.Is(err, client.ErrNotFound) {
		return nil, fmt.Errorf("demo: %w", err)
	}
	url := target(jobs)
	listener, err := listenReceiver(ctx, ownHost(url))
	if err != nil {
		return nil, err
	}
	d := &demo{receiver: &receiver{listener: listener, out: c.Out, seen: c.OnCallback}}
	switch {
	case known && url == d.receiver.url():
		return d, nil
	case known && ownHost(url) == "":
		d.foreign = true
		return d, nil
	}
	if err := schedules.SetContext(ctx, demoKey, d.job(c)); err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("demo: %w", err)
	}
	return d, nil
}

func openSchedules(ctx context.Context, c *Config, nc *nats.Conn) (*client.Schedule, error) {
	js, err := nc.JetStream()
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	schedules, err := client.NewContext(ctx, c.Namespace, nc, js)
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	return schedules, nil
}

// orphaned reports whether the schedule of an earlier run's demo still fires,
// which without a demo nobody answers.
func orphaned(ctx context.Context, c *Config, nc *nats.Conn) (bool, error) {
	schedules, err := openSchedules(ctx, c, nc)
	if err != nil {
		return false, err
	}
	entry, err := schedules.EntryContext(ctx, demoKey)
	if errors.Is(err, client.ErrNotFound) || errors.Is(err, client.ErrBadEntry) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("demo: %w", err)
	}
	return !entry.Paused && ownHost(target(entry.Jobs)) != "", nil
}

func (d *demo) job(c *Config) common.Job {
	interval := c.DemoInterval
	if interval == 0 {
		interval = demoInterval
	}
	return common.HttpJob("@every "+interval.String(), common.HttpOption{
		Url:     d.receiver.url(),
		Headers: map[string]string{},
		Body:    map[string]any{"hello": "from the demo"},
	})
}

// target is the URL of the first job, empty without one.
func target(jobs []common.Job) string {
	if len(jobs) == 0 {
		return ""
	}
	option, err := jobs[0].HTTP()
	if err != nil {
		return ""
	}
	return option.Url
}

// describe is one line for people, empty without a demo.
func (d *demo) describe() string {
	switch {
	case d == nil:
		return ""
	case d.foreign:
		return fmt.Sprintf("schedule %q is not the demo's and stays as it is", demoKey)
	default:
		return fmt.Sprintf("schedule %q calls %s", demoKey, d.receiver.url())
	}
}

// serve takes callbacks until ctx ends.
func (d *demo) serve(ctx context.Context) error {
	if d == nil {
		return nil
	}
	return d.receiver.serve(ctx)
}

package topology

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
)

// Action is what Prepare did about a stream, or would do.
type Action string

// Actions.
const (
	Unchanged Action = "unchanged" // it was right already
	Created   Action = "created"
	Changed   Action = "changed" // settings were made right
)

// Step is what came of one stream.
type Step struct {
	Stream   string
	Action   Action
	Replicas int      // that it has. 0: not known before it is made
	Changes  []string // of Changed, such as "max_age: 1h0m0s to 0s"
}

// DryRun makes Prepare look only.
func DryRun() Option { return func(e *ensurer) { e.dry = true } }

// ChangeReplicas makes Prepare give what exists the number of replicas, too.
func ChangeReplicas() Option { return func(e *ensurer) { e.scales = true } }

// Prepare is Ensure with the credential of an administrator, for clusters where
// services may not make streams. It makes what is missing, changes settings
// that differ where the server lets them be changed, and says what it did about
// each stream, in the order in which it did it. replicas is as for Ensure.
//
// It looks at everything before it changes anything, so what cannot be made
// right is refused, in one line, with nothing done. The steps that come with an
// error were done before the server refused one. It waits as Ensure does.
func Prepare(ctx context.Context, js jetstream.JetStream, names contract.Names, replicas int, options ...Option) ([]Step, error) {
	e := newEnsurer(js, names, replicas, options)
	e.administers = true
	p := &preparer{ensurer: e, done: map[string]Step{}}
	err := e.insist(ctx, func() error { return p.once(ctx) })
	return p.steps(), err
}

type preparer struct {
	*ensurer

	done map[string]Step // what was not right before, from earlier tries, too
	all  []string
}

// task is a stream and what is to be done about it.
type task struct {
	Step

	config jetstream.StreamConfig
}

func (p *preparer) steps() []Step {
	var steps []Step
	for _, name := range p.all {
		if step, ok := p.done[name]; ok {
			steps = append(steps, step)
		}
	}
	return steps
}

// once plans and does. What an earlier try has done it finds to be right.
func (p *preparer) once(ctx context.Context) error {
	if err := p.server(); err != nil {
		return err
	}
	var tasks []task
	p.all = nil
	for _, want := range wanted(p.names) {
		t, err := p.plan(ctx, want)
		if err != nil {
			return err
		}
		tasks, p.all = append(tasks, t), append(p.all, want.Name)
	}
	for _, t := range tasks {
		if err := p.do(ctx, &t); err != nil {
			return err
		}
		if _, before := p.done[t.Stream]; !before || t.Action != Unchanged {
			p.done[t.Stream] = t.Step
		}
	}
	return nil
}

// plan finds out what is to be done about a stream. The error is that which
// remains when everything was changed that can be.
func (p *preparer) plan(ctx context.Context, want jetstream.StreamConfig) (task, error) {
	info, err := p.lookup(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return task{Step{Stream: want.Name, Action: Created, Replicas: p.replicas}, want}, nil
	}
	if err != nil {
		return task{}, err
	}
	replicas := info.Config.Replicas
	if p.scales && p.replicas > 0 {
		replicas = p.replicas
	}
	config, changes := repaired(p.names, &want, info, replicas)
	t := task{Step{Stream: want.Name, Action: Unchanged, Replicas: config.Replicas, Changes: changes}, config}
	if len(changes) > 0 {
		t.Action = Changed
	}
	if err := check(p.names, &want, &config); err != nil {
		return t, err
	}
	if want.Name == p.names.TriggerStream() {
		_, err = partitionsOf(&config)
	}
	return t, err
}

// do carries a task out.
func (p *preparer) do(ctx context.Context, t *task) error {
	switch {
	case p.dry || t.Action == Unchanged:
		return nil
	case t.Action == Created:
		if err := p.create(ctx, t.config); err != nil {
			return err
		}
		info, err := p.lookup(ctx, t.Stream)
		if err != nil {
			return err
		}
		t.Replicas = info.Config.Replicas
		return nil
	}
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := p.js.UpdateStream(call, t.config)
	var api jetstream.JetStreamError
	if errors.As(err, &api) && api.APIError() != nil && !p.transient(err) && !unfit(err) {
		return fmt.Errorf("change stream %s (%s): the server does not: %s", t.Stream, strings.Join(t.Changes, ", "), describeAPI(err))
	}
	return during(update, t.Stream, err)
}

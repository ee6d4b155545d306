//go:build unix

// Command chaos-worker proves that every trigger ends in exactly one result and
// reaches its target at least once: it runs three workers, a scheduler and one
// or three NATS servers, as processes of their own, and targets that are fast,
// slow, failing at random, hanging, and such as report the end of long jobs later,
// or never. It harms workers and servers at random, and then lets an account decide
// that was kept apart from them.
//
// It exits with status 0 only when everything is accounted for, and harm was done
// that is worth the name. On failure it keeps its folder: the logs of all
// processes, the findings, and all that is known of the occurrences that they are
// about.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/weplanx/workflow/e2e/internal/drill"
)

// plan is what a trial does.
type plan struct {
	drill.Plan

	burst    int  // jobs that are due at once, every burstEvery
	policies bool // schedules with attempts, overlap and deadlines, too
}

func main() {
	p := plan{Plan: drill.Plan{Name: "chaos-worker"}}
	p.Flags("the harm and of what targets answer", 60)
	flag.IntVar(&p.burst, "burst", 300, "jobs that are due at once, every few seconds")
	flag.BoolVar(&p.policies, "policies", true, "jobs with limits of attempts, overlap policies and deadlines, too")
	flag.Parse()
	p.Main(p.run)
}

func (p plan) check() error {
	if p.burst < 0 {
		return errors.New("-burst: want 0 or more")
	}
	return p.Check()
}

// run does the trial. Whatever happens, no process is left behind.
func (p plan) run(ctx context.Context) error {
	if err := p.check(); err != nil {
		return err
	}
	p.Say(fmt.Sprintf("-seed=%d -duration=%s -servers=%d -schedules=%d -burst=%d -policies=%t",
		p.Seed, p.Duration, p.Servers, p.Schedules, p.burst, p.policies))
	return p.InFolder(func(folder string) error {
		t, err := begin(ctx, p, folder)
		if err != nil {
			return err
		}
		defer t.close()
		for _, step := range []func(context.Context) error{t.harmAll, t.settle, t.conclude} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

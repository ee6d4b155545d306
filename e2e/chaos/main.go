//go:build unix

// Command chaos proves that every occurrence is published exactly once: it runs
// three schedulers on three NATS servers, as processes of their own, harms them
// at random, and then lets a ledger decide that was computed apart from the
// engine.
//
// One scheduler has proxies between itself and the servers, which at times let
// it hear of changed schedules up to 2.4 s late while its heartbeats and commits
// pass: so the rule that a list of jobs must be fresh (Engine.horizon) is put to
// the test. Without that rule, trials of 30 s had 88 and 90 findings.
//
// It exits with status 0 only when nothing was stored twice, everything is
// accounted for, and harm was done that is worth the name. On failure it keeps
// its folder: the logs of all processes, the findings, and what was tried with the
// cursors around them.
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

	outages int // times at which no scheduler runs for longer than 30 s
	peace   int // times each scheduler is killed before any other harm is done
}

func main() {
	p := plan{Plan: drill.Plan{Name: "chaos"}}
	p.Flags("the harm and the changes of schedules", 300)
	flag.IntVar(&p.outages, "outages", 0, "times at which no scheduler runs for 32 to 40 s, on top of duration")
	flag.IntVar(&p.peace, "peace", 1, "times each scheduler is killed, one after the other, before any other harm is done")
	flag.Parse()
	p.Main(p.run)
}

func (p plan) check() error {
	if p.outages < 0 || p.peace < 0 {
		return errors.New("-outages, -peace: want 0 or more")
	}
	return p.Check()
}

// run does the trial. Whatever happens, no process is left behind.
func (p plan) run(ctx context.Context) error {
	if err := p.check(); err != nil {
		return err
	}
	p.Say(fmt.Sprintf("-seed=%d -duration=%s -servers=%d -schedules=%d -outages=%d -peace=%d",
		p.Seed, p.Duration, p.Servers, p.Schedules, p.outages, p.peace))
	return p.InFolder(func(folder string) error {
		t, err := begin(ctx, p, folder)
		if err != nil {
			return err
		}
		defer t.close()
		for _, step := range []func(context.Context) error{t.killInPeace, t.harmAll, t.settle, t.conclude} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

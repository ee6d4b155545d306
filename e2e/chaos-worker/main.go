//go:build unix

// Command chaos-worker proves that every trigger ends in exactly one result and
// reaches its target at least once: it runs three workers, a scheduler and one
// or three NATS servers, as processes of their own, and targets that are fast,
// slow, failing at random and hanging. It harms workers and servers at random,
// and then lets an account decide that was kept apart from them.
//
// It exits with status 0 only when everything is accounted for. On failure it
// keeps its folder: the logs of all processes, the findings, and all that is
// known of the occurrences that they are about.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.uber.org/goleak"
)

// plan is what a trial does.
type plan struct {
	seed      uint64
	duration  time.Duration // of harm
	servers   int           // 1 or 3
	schedules int
	burst     int  // jobs that are due at once, every burstEvery
	policies  bool // schedules with attempts, overlap and deadlines, too
	keep      bool
}

func main() {
	var p plan
	flag.Uint64Var(&p.seed, "seed", rand.Uint64(), "of the harm and of what targets answer; printed")
	flag.DurationVar(&p.duration, "duration", time.Minute, "how long to do harm")
	flag.IntVar(&p.servers, "servers", 3, "NATS servers, 1 or 3")
	flag.IntVar(&p.schedules, "schedules", 60, "schedules to store")
	flag.IntVar(&p.burst, "burst", 300, "jobs that are due at once, every few seconds")
	flag.BoolVar(&p.policies, "policies", true, "jobs with limits of attempts, overlap policies and deadlines, too")
	flag.BoolVar(&p.keep, "keep", false, "keep the folder of a trial that succeeded, too")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := p.run(ctx)
	stop()
	if leak := goleak.Find(); leak != nil {
		err = errors.Join(err, fmt.Errorf("goroutines are left: %w", leak))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos-worker: FAILED:", err)
		os.Exit(1)
	}
	fmt.Println("chaos-worker: passed")
}

func (p plan) check() error {
	if p.servers != 1 && p.servers != 3 {
		return errors.New("-servers: want 1 or 3")
	}
	if p.schedules < 1 || p.duration <= 0 || p.burst < 0 {
		return errors.New("-schedules, -duration: want more than 0; -burst: 0 or more")
	}
	return nil
}

// run does the trial. Whatever happens, no process is left behind.
func (p plan) run(ctx context.Context) (err error) {
	if err := p.check(); err != nil {
		return err
	}
	fmt.Printf("chaos-worker: -seed=%d -duration=%s -servers=%d -schedules=%d -burst=%d -policies=%t\n",
		p.seed, p.duration, p.servers, p.schedules, p.burst, p.policies)
	folder, err := os.MkdirTemp("", "chaos-worker-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil || p.keep {
			fmt.Println("chaos-worker: logs and findings are kept in", folder)
			return
		}
		err = os.RemoveAll(folder)
	}()
	t, err := begin(ctx, p, folder)
	if err != nil {
		return err
	}
	defer t.close()
	if err := t.harmAll(ctx); err != nil {
		return err
	}
	if err := t.settle(ctx); err != nil {
		return err
	}
	return t.conclude(ctx)
}

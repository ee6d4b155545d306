//go:build unix

package drill

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

// Plan is what every drill does.
type Plan struct {
	Name      string // of the program
	Seed      uint64
	Duration  time.Duration // of harm
	Servers   int           // 1 or 3
	Schedules int
	Keep      bool // the folder of a trial that succeeded, too
}

// Flags adds the flags of the plan to those of the program. seeded is what depends
// on the seed, schedules how many there are unless the flag says otherwise.
func (p *Plan) Flags(seeded string, schedules int) {
	flag.Uint64Var(&p.Seed, "seed", rand.Uint64(), "of "+seeded+"; printed")
	flag.DurationVar(&p.Duration, "duration", time.Minute, "how long to do harm")
	flag.IntVar(&p.Servers, "servers", 3, "NATS servers, 1 or 3")
	flag.IntVar(&p.Schedules, "schedules", schedules, "schedules to store")
	flag.BoolVar(&p.Keep, "keep", false, "keep the folder of a trial that succeeded, too")
}

// Check refuses what cannot be done.
func (p *Plan) Check() error {
	if p.Servers != 1 && p.Servers != 3 {
		return errors.New("-servers: want 1 or 3")
	}
	if p.Schedules < 1 || p.Duration <= 0 {
		return errors.New("-schedules, -duration: want more than 0")
	}
	return nil
}

// Main does the trial until it has ended or the program is interrupted, and ends
// the program with status 1 when the trial has failed or has left goroutines behind.
func (p *Plan) Main(trial func(context.Context) error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := trial(ctx)
	stop()
	if leak := goleak.Find(); leak != nil {
		err = errors.Join(err, fmt.Errorf("goroutines are left: %w", leak))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, p.Name+": FAILED:", err)
		os.Exit(1)
	}
	p.Say("passed")
}

// Say prints lines.
func (p *Plan) Say(lines ...string) {
	for _, line := range lines {
		fmt.Println(p.Name + ": " + line)
	}
}

// InFolder gives the trial a folder of its own, which stays when it fails.
func (p *Plan) InFolder(trial func(folder string) error) (err error) {
	folder, err := os.MkdirTemp("", p.Name+"-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil || p.Keep {
			p.Say("logs and findings are kept in " + folder)
			return
		}
		err = os.RemoveAll(folder)
	}()
	return trial(folder)
}

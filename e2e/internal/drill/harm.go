//go:build unix

package drill

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/weplanx/workflow/e2e/internal/fleet"
)

const progressEvery = 20 * time.Second

// Harm does harm of several kinds at the same time. Each is given a context that
// breaks it off, and one that ends when no more harm is to be begun: after the
// planned time, or when one of them has failed.
func (p *Plan) Harm(ctx context.Context, progress func() string, kinds ...func(ctx, during context.Context) error) error {
	limited, stop := context.WithTimeout(ctx, p.Duration)
	defer stop()
	during, fail := context.WithCancelCause(limited)
	defer fail(nil)
	var group sync.WaitGroup
	for _, kind := range kinds {
		group.Go(func() {
			if err := kind(ctx, during); err != nil {
				fail(err)
			}
		})
	}
	group.Go(func() {
		began := time.Now()
		for fleet.Pause(during, progressEvery) {
			p.Say(time.Since(began).Round(time.Second).String() + ": " + progress())
		}
	})
	group.Wait()
	if err := context.Cause(during); !errors.Is(err, context.DeadlineExceeded) { // the planned end
		return err
	}
	return ctx.Err()
}

package client_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/bootstrap"
	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/logging"
)

// repartition changes the number of partitions as `schedule -partitions` does.
func (b *bundle) repartition(t testing.TB, count int) {
	t.Helper()
	c := bootstrap.Config{Config: config.Defaults("")}
	c.Namespace, c.Log, c.NATS.Hosts = namespace, logging.New(config.ModeDebug, io.Discard), []string{b.server.URL()}
	ctx, err := limited(t), context.DeadlineExceeded
	for errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil { // an attempt may run out of time
		_, err = bootstrap.Repartition(ctx, c, count)
	}
	noError(t, err)
}

// Right after the number of partitions was changed, with no scheduler that could
// move the cursors on, states and audits are what they were before: for a client
// that knew the former number and for one that did not.
func TestPartitionsChangeNeitherStateNorAudit(t *testing.T) {
	t.Parallel()
	for name, count := range map[string]int{"more": 64, "fewer": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			late := client.At(func() time.Time { return time.Now().Add(2 * time.Minute) }) // nothing is pending any more
			b := setup(t, late)
			stop := b.scheduler(t)
			noError(t, b.Set("a", job(auditSpec)))
			set, err := b.Entry("a")
			noError(t, err)
			waitUntil(t, func() bool { return b.lastTrigger(t).Sub(set.Stored) > 6*time.Second })
			stop()

			prev := b.state(t, func(s common.State) bool { return !s.Prev.IsZero() }).Prev
			if last := b.lastTrigger(t); !prev.Equal(last) {
				t.Fatalf("prev is %s, the last trigger that of %s", prev, last)
			}
			until := prev.Add(9 * time.Second)
			want, err := b.Audit(limited(t), "a", set.Stored, until)
			noError(t, err)
			counts := kinds(want)
			if counts[client.DiffMissing] == 0 || counts[client.DiffUnpublished] == 0 || len(counts) != 2 {
				t.Fatalf("differences are %v, want some missing (there is no worker) and some unpublished", counts)
			}

			b.repartition(t, count)
			for name, b := range map[string]*bundle{"knew the former number": b, "did not": on(t, b.server, namespace, late)} {
				got, err := b.Audit(limited(t), "a", set.Stored, until)
				noError(t, err)
				if !maps.Equal(kinds(got), counts) {
					t.Errorf("%s: differences are %v, want %v", name, kinds(got), counts)
				}
				entry, err := b.Entry("a")
				noError(t, err)
				entries, err := b.Entries(limited(t))
				noError(t, err)
				if p, q := entry.Jobs[0].State.Prev, entries[0].Jobs[0].State.Prev; !p.Equal(prev) || !q.Equal(prev) {
					t.Errorf("%s: prev is %s, in the list %s, want %s", name, p, q, prev)
				}
			}
		})
	}
}

// kinds counts the differences of an audit.
func kinds(a client.Audit) map[string]int {
	counts := map[string]int{}
	for _, d := range a.Differences {
		counts[d.Kind]++
	}
	return counts
}

package trial

import (
	"context"
	"errors"
	"time"

	"github.com/weplanx/workflow/e2e/internal/ledger"
	"github.com/weplanx/workflow/e2e/internal/oracle"
	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/shared/contract"
)

const (
	// endLimit is how long what is due may take to end: somewhat more than the
	// work of a worker that died is left to it.
	endLimit = 90 * time.Second
	// quiet is for what must not come, such as a second call, to come.
	quiet = 2 * time.Second
	shown = 20 // findings
)

// Remove removes all schedules that are still there. From here on the last occurrences are known.
func (tr *Trial) Remove() {
	tr.t.Helper()
	ctx, cancel := context.WithTimeout(tr.t.Context(), storeLimit)
	defer cancel()
	for _, key := range tr.keys {
		if err := tr.schedule.RemoveContext(ctx, key); err != nil && !errors.Is(err, client.ErrNotFound) {
			tr.t.Errorf("remove %s: %v", key, err)
		}
	}
	tr.removed = time.Now()
	histories, err := oracle.Histories(ctx, tr.admin, tr.Names)
	if err != nil {
		tr.t.Fatalf("histories of %s: %v", tr.Names, err)
	}
	for _, key := range tr.keys {
		history := histories[key]
		if len(history) != 2 || history[1].Jobs != nil {
			tr.t.Fatalf("%s: %d revisions of %s, want that of the schedule and its removal", tr.Names, len(history), key)
		}
		tr.Ledger.Removed(key, history[1].Stored)
	}
}

// Finish removes the schedules if that was not done yet, waits until all that was
// due has ended, and checks the ledger.
func (tr *Trial) Finish(rules ledger.Rules) {
	tr.t.Helper()
	if tr.removed.IsZero() {
		tr.Remove()
	}
	tr.await(endLimit, tr.Ledger.Closed)
	tr.pause(time.Until(tr.removed.Add(contract.EffectDelay + tr.slowest)))
	tr.pause(quiet)
	if err := tr.poll(); err != nil {
		tr.t.Errorf("%s: %v", tr.Names, err)
	}
	findings := tr.Ledger.Check(0, rules)
	for i, finding := range findings {
		if i == shown {
			tr.t.Errorf("%s: %d more findings", tr.Names, len(findings)-i)
			break
		}
		tr.t.Errorf("%s: %s", tr.Names, finding)
	}
	tr.t.Logf("%s: ledger: %s; %d findings; %s", tr.Names, tr.Ledger.Totals(), len(findings), &tr.late)
}

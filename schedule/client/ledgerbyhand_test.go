package client

import (
	"context"
	"testing"

	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

// What is run by hand, or sent again after it died, is no part of what a schedule
// demands: neither unexpected nor a duplicate.
func TestLedgerLeavesOutWhatIsAskedFor(t *testing.T) {
	t.Parallel()
	run, again := final(0, 35), final(0, 30)
	run.ID = contract.ManualID("beta", "a", 0, "r")
	again.ID, again.Origin = "5f-1", "5f"
	l := newLedger(demandOf(rev(1, sec(0), every("@every 10s"))), sec(0), sec(100), sec(3600), func(occurrence) bool { return true })
	for _, r := range with(finals(10, 100), run, again, common.Result{Kind: contract.KindAttempt, ID: "5f-2", Scheduled: sec(40), Due: sec(40)}) {
		l.add(r)
	}
	report, err := l.close(context.Background())
	if got, want := told(report), "10: 10 run"; err != nil || got != want {
		t.Errorf("audit is %q, %v, want %q", got, err, want)
	}
}

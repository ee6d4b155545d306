//go:build unix

package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/weplanx/workflow/e2e/chaos-worker/internal/account"
	"github.com/weplanx/workflow/e2e/internal/drill"
	"github.com/weplanx/workflow/e2e/internal/fleet"
)

func (t *trial) report(v *account.Verdict) {
	ended := 0
	for _, n := range v.Outcomes {
		ended += n
	}
	missing, double := v.Count(account.Missing), v.Count(account.Double)
	var stops []time.Duration
	for _, h := range t.harmed.All() {
		if h.Kind == terminated {
			stops = append(stops, h.To.Sub(h.From))
		}
	}
	t.plan.Say(
		fmt.Sprintf("demanded %d, triggers seen %d, ended %d, missed %d; missing %d, double %d, other findings %d",
			v.Demanded, v.Seen, ended, v.Missed, missing, double, len(v.Findings)-missing-double),
		"ended with: "+fleet.Listed(v.Outcomes),
		fmt.Sprintf("calls %d, of %d occurrences, of which %d were accepted; retries %d", v.Calls, v.Called, v.Accepted, v.Retries),
		fmt.Sprintf("repeated although accepted %d, of which %d by workers that were not harmed; after the final record %d; accepted but no success %d",
			v.Repeats, v.Needless, v.Recalled, v.Ignored),
		fmt.Sprintf("left open %d; reports %d, taken %d, refused %d", v.Opened, v.Reports, v.Taken, v.Refused),
		"harm: "+t.harmed.String(),
		"first call after due: "+fleet.Quantiles(v.First),
		"next call after a kill: "+fleet.Quantiles(v.Abandoned),
		"stop on SIGTERM: "+fleet.Quantiles(stops),
		"next call after a stop cut one off: "+fleet.Quantiles(v.HandedOn),
		fmt.Sprintf("%d schedules, took %s", len(t.load.keys), time.Since(t.started).Round(time.Second)),
	)
}

// keepEvidence writes the findings and what is known of their occurrences.
func (t *trial) keepEvidence(v *account.Verdict, e *account.Evidence) {
	slices.SortStableFunc(v.Findings, func(a, b account.Finding) int { return a.Due.Compare(b.Due) })
	drill.Keep(&t.plan.Plan, t.folder, v.Findings, &t.harmed, func(w io.Writer, f account.Finding) {
		trace(w, f.ID, e)
		if f.Other != "" {
			fmt.Fprintf(w, "the other, %s:\n", f.Other)
			trace(w, f.Other, e)
		}
	})
}

// trace writes what is known of an occurrence.
func trace(w io.Writer, id string, e *account.Evidence) {
	for _, c := range e.Calls {
		if c.ID == id {
			fmt.Fprintf(w, "call: attempt %d by %s, %s to %s, status %d\n", c.Attempt, c.Worker, stamp(c.Arrived), stamp(c.Left), c.Status)
		}
	}
	for _, r := range e.Reports {
		if r.ID == id {
			fmt.Fprintf(w, "report: failed %t, %s to %s, taken %t, refused %t\n", r.Failed, stamp(r.Sent), stamp(r.Answered), r.Taken, r.Refused)
		}
	}
	for i := range e.Records {
		if r := &e.Records[i]; r.ID == id {
			fmt.Fprintf(w, "%s: attempt %d by %s, %s to %s, stored %s: %s, status %d %s %s %s\n", r.Kind, r.Attempt, r.Worker,
				stamp(r.Started), stamp(r.Finished), stamp(r.Stored), r.Outcome, r.Status, r.ErrorClass, r.Error, r.Reason)
		}
	}
	for i := range e.Dead {
		if d := &e.Dead[i]; d.ID == id {
			fmt.Fprintf(w, "dead letter: %s after %d attempts, died %s: %s\n", d.Outcome, d.Attempts, stamp(d.Died), d.Error)
		}
	}
}

func stamp(t time.Time) string { return t.UTC().Format("15:04:05.000") }

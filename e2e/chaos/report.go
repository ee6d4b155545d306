//go:build unix

package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/weplanx/workflow/e2e/internal/drill"
	"github.com/weplanx/workflow/e2e/internal/fleet"
	"github.com/weplanx/workflow/e2e/internal/oracle"
	"github.com/weplanx/workflow/shared/contract"
)

func (t *trial) report(v *oracle.Verdict, revisions int) {
	late := 0
	for _, d := range v.Lateness {
		if d > 0 {
			late++
		}
	}
	duplicates := v.Count(oracle.Duplicate)
	t.plan.Say(
		fmt.Sprintf("expected %d, stored %d, missed %d (in %d triggers), duplicates %d, unexplained %d",
			v.Expected, v.Stored, v.Missed, v.MissedTriggers, duplicates, len(v.Findings)-duplicates),
		"harm: "+t.harmed.String(),
		fmt.Sprintf("changes: %s, failed %d; %d revisions of %d keys; number of partitions %d times",
			fleet.Listed(t.load.counts), t.load.failed, revisions, len(t.load.keys), t.repartitioned),
		fmt.Sprintf("stored after due: %s; %d late", fleet.Quantiles(v.Lateness), late),
		"takeover in peace: "+t.peace.String(),
		"takeover under other harm too: "+t.took.String(),
		fmt.Sprintf("redelivered %d, took %s", t.queue.redelivered, time.Since(t.started).Round(time.Second)),
	)
}

const around = 3 * time.Second // of a finding

// keepEvidence writes the findings and what schedulers said around them.
func (t *trial) keepEvidence(v *oracle.Verdict) {
	slices.SortFunc(v.Findings, func(a, b oracle.Finding) int { return a.Due.Compare(b.Due) })
	partitions := max(t.partitions(), 1)
	drill.Keep(&t.plan.Plan, t.folder, v.Findings, &t.harmed, func(w io.Writer, f oracle.Finding) {
		partition := contract.Partition(f.Key, partitions)
		fmt.Fprintf(w, "commits of partition %d around it:\n", partition)
		for _, p := range t.schedulers {
			trace(w, &p.Process, partition, f.Due)
		}
	})
}

var (
	timeField = regexp.MustCompile(`time="?([^" ]+)`)
	dueField  = regexp.MustCompile(`due="?([^" ]+)`)
)

// trace copies the lines of a log that are about a partition at that time, and
// those that are about all of them.
func trace(w io.Writer, p *fleet.Process, partition int, due time.Time) {
	file, err := os.Open(p.Log)
	if err != nil {
		return
	}
	defer file.Close()
	this := fmt.Sprintf("partition=%d ", partition)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := lines.Text()
		if strings.Contains(line, "partition=") && !strings.Contains(line, this) {
			continue
		}
		if near(timeField, line, due) || near(dueField, line, due) {
			fmt.Fprintln(w, p.Name, line)
		}
	}
}

func near(field *regexp.Regexp, line string, due time.Time) bool {
	found := field.FindStringSubmatch(line)
	if found == nil {
		return false
	}
	at, err := time.Parse(time.RFC3339Nano, found[1])
	return err == nil && at.Sub(due).Abs() < around
}

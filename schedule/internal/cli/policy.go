package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/common"
)

// timeFlags are what a job says of its times beside its spec.
type timeFlags struct {
	start, end string
	gap, fold  string
}

// timeFlagNames are the flags that timeFlags.register makes.
var timeFlagNames = []string{"start", "end", "gap", "fold"}

func (f *timeFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.start, "start", "", "first time the job may run, for example 2026-12-24T18:00:00+01:00")
	flags.StringVar(&f.end, "end", "", "last time the job may run")
	flags.StringVar(&f.gap, "gap", "", "times left out when the clock jumps ahead: after or skip (default after; skip where minute or hour is a wildcard)")
	flags.StringVar(&f.fold, "fold", "", "times that occur twice when the clock falls back: first or both (default first; both where minute or hour is a wildcard)")
}

// apply sets the fields of a job.
func (f *timeFlags) apply(job *common.Job) (err error) {
	job.DST = common.DST{Gap: f.gap, Fold: f.fold}
	if job.Start, err = instant("--start", f.start); err != nil {
		return err
	}
	job.End, err = instant("--end", f.end)
	return err
}

// instant reads a time; empty is the zero time.
func instant(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: want a time such as 2026-12-24T18:00:00+01:00", name)
	}
	return t, nil
}

// lateFlags are what a job says of delays.
type lateFlags struct {
	jitter string
	policy string
	limit  int
	window string
}

// lateFlagNames are the flags that lateFlags.register makes.
var lateFlagNames = []string{"jitter", "misfire", "misfire-limit", "misfire-window"}

func (f *lateFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.jitter, "jitter", "", "delay each occurrence by up to this, for example 30s")
	flags.StringVar(&f.policy, "misfire", "", "what to run of occurrences that an outage made late: once, all or skip (default once)")
	flags.IntVar(&f.limit, "misfire-limit", 0, "with --misfire all: at most as many (default 100)")
	flags.StringVar(&f.window, "misfire-window", "", "with --misfire all: none older than this (default 24h)")
}

func (f *lateFlags) apply(job *common.Job) error {
	job.Misfire = common.Misfire{Policy: f.policy, Limit: f.limit}
	if err := duration("--jitter", f.jitter, &job.Jitter); err != nil {
		return err
	}
	return duration("--misfire-window", f.window, &job.Misfire.Window)
}

// duration reads a duration; empty leaves the target as it is.
func duration(name, text string, target *common.Duration) error {
	if text == "" {
		return nil
	}
	if err := target.UnmarshalText([]byte(text)); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// policyFields are the names and values of a job's policies, empty where it
// has none.
func (s *session) policyFields(job *common.Job) []string {
	var start, end, jitter string
	if !job.Start.IsZero() {
		start = s.when(job.Start)
	}
	if !job.End.IsZero() {
		end = s.when(job.End)
	}
	if job.Jitter != 0 {
		jitter = "up to " + job.Jitter.String()
	}
	return []string{"start", start, "end", end, "jitter", jitter, "dst", dstText(job.DST), "misfire", misfireText(job.Misfire)}
}

func dstText(d common.DST) string {
	var parts []string
	if d.Gap != "" {
		parts = append(parts, "gap "+d.Gap)
	}
	if d.Fold != "" {
		parts = append(parts, "fold "+d.Fold)
	}
	return strings.Join(parts, ", ")
}

func misfireText(m common.Misfire) string {
	text := m.Policy
	if m.Limit > 0 {
		text += fmt.Sprintf(", at most %d", m.Limit)
	}
	if m.Window > 0 {
		text += ", within " + m.Window.String()
	}
	return text
}

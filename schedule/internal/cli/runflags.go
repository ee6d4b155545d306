package cli

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/common"
)

// runFlags are what a job says of how it is run.
type runFlags struct {
	attempts   int
	deadline   string
	overlap    string
	completion string
}

// runFlagNames are the flags that runFlags.register makes.
var runFlagNames = []string{"attempts", "deadline", "overlap", "completion"}

func (f *runFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&f.attempts, "attempts", 0, "how often it is tried before it is a dead letter, 1 to 100 (default 5)")
	flags.StringVar(&f.deadline, "deadline", "", "how long after it was due it may start (default 1h)")
	flags.StringVar(&f.overlap, "overlap", "", "while an earlier one runs: allow, skip or queue (default allow)")
	flags.StringVar(&f.completion, "completion", "", "how long a target may take that reports the end later (default 1h)")
	policies := []string{common.OverlapAllow, common.OverlapSkip, common.OverlapQueue}
	_ = cmd.RegisterFlagCompletionFunc("overlap", cobra.FixedCompletions(policies, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
}

// check refuses --attempts 0, which in a job stands for the default.
func (f *runFlags) check(cmd *cobra.Command) error {
	if cmd.Flags().Changed("attempts") && (f.attempts < 1 || f.attempts > common.MaxAttempts) {
		return misused(cmd, "--attempts is %d, want 1 to %d", f.attempts, common.MaxAttempts)
	}
	return nil
}

// apply sets the fields of a job.
func (f *runFlags) apply(job *common.Job) error {
	job.Attempts, job.Overlap = f.attempts, f.overlap
	if err := duration("--deadline", f.deadline, &job.Deadline); err != nil {
		return err
	}
	return duration("--completion", f.completion, &job.Completion)
}

// runFields are the names and values of what limits a job's runs, empty where it
// says nothing.
func runFields(job *common.Job) []string {
	attempts := ""
	if job.Attempts != 0 {
		attempts = strconv.Itoa(job.Attempts)
	}
	return []string{"attempts", attempts, "deadline", given(job.Deadline), "overlap", job.Overlap, "completion", given(job.Completion)}
}

func given(d common.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// runEntry is the same in a file.
type runEntry struct {
	Attempts   *int   `yaml:"attempts"`
	Deadline   string `yaml:"deadline"`
	Overlap    string `yaml:"overlap"`
	Completion string `yaml:"completion"`
}

func (e *runEntry) apply(job *common.Job) error {
	if job.Overlap = e.Overlap; e.Attempts != nil {
		if job.Attempts = *e.Attempts; job.Attempts == 0 {
			return fmt.Errorf("attempts: is 0, want 1 to %d", common.MaxAttempts)
		}
	}
	if err := duration("deadline", e.Deadline, &job.Deadline); err != nil {
		return err
	}
	return duration("completion", e.Completion, &job.Completion)
}

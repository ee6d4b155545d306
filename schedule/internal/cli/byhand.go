package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

func (s *session) run() *cobra.Command {
	var index int
	var wait bool
	cmd := &cobra.Command{
		Use:   "run KEY",
		Short: "Run the jobs of a schedule now",
		Long: `Run the jobs of a schedule now, by their options and policies, whatever their
times say and although the schedule is paused. It needs a scheduler that runs.

With --wait it shows each attempt that is tried again and how each job ends, as it
comes; the exit code is 1 unless all are a success.`,
		Example: `  schedulectl run report
  schedulectl run report --index 0 --wait`,
		Args:              exactly("KEY"),
		ValidArgsFunction: s.completeKeys(1),
	}
	cmd.Flags().IntVar(&index, "index", 0, "of the job (default all)")
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until what was run has ended")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var only []int
		if cmd.Flags().Changed("index") {
			only = []int{index}
		}
		return s.reading(func(ctx context.Context, schedule *client.Schedule, args []string) error {
			runs, err := schedule.RunContext(ctx, args[0], only...)
			if err != nil {
				return s.explainIndex(ctx, schedule, args[0], only, err)
			}
			if !wait {
				return s.showRuns(runs)
			}
			return s.await(ctx, schedule, args[0], runs)
		})(cmd, args)
	}
	return cmd
}

// explainIndex says which jobs a schedule has when err is about the index of
// another one.
func (s *session) explainIndex(ctx context.Context, schedule *client.Schedule, key string, only []int, err error) error {
	var field *client.FieldError
	if len(only) == 0 || !errors.As(err, &field) || field.Field != "index" {
		return err
	}
	if e, unknown := schedule.EntryContext(ctx, key); unknown == nil && !has(&e, only[0]) {
		return noJob(&e, only[0])
	}
	return err
}

func has(e *client.Entry, index int) bool { return index >= 0 && index < len(e.Jobs) }

// noJob says that a schedule has no job of that index.
func noJob(e *client.Entry, index int) error {
	jobs := "only job 0"
	if n := len(e.Jobs); n > 1 {
		jobs = fmt.Sprintf("jobs 0 to %d", n-1)
	}
	return &usageError{fmt.Errorf("--index is %d, but %q has %s", index, e.Key, jobs)}
}

func (s *session) showRuns(runs []common.RunID) error {
	if s.output == outputJSON {
		return s.document(map[string]any{"runs": runs})
	}
	rows := [][]string{{"JOB", "ID"}}
	for _, run := range runs {
		rows = append(rows, []string{strconv.Itoa(run.Index), run.ID})
	}
	return s.table(rows)
}

// clocks is by how much the clock of a scheduler and that of the server, which
// stamps the records, may differ.
const clocks = time.Minute

// await shows the failed attempts and the final records of runs as they come. It is an error when one of
// them is no success.
func (s *session) await(ctx context.Context, schedule *client.Schedule, key string, runs []common.RunID) error {
	w := resultWriter{session: s}
	var failed several
	query := client.ResultQuery{Kinds: []string{common.KindAttempt, common.KindFinal}, Since: runs[0].Scheduled.Add(-clocks), Follow: true}
	for result, err := range schedule.Results(ctx, key, query) {
		if errors.Is(err, contract.ErrMalformed) {
			continue // no worker has written it
		}
		if err != nil {
			return fmt.Errorf("%d of the runs had not ended yet: %w", len(runs), err)
		}
		i := slices.IndexFunc(runs, func(run common.RunID) bool { return run.ID == result.ID })
		if i < 0 || result.Kind == common.KindAttempt && result.Outcome != common.OutcomeRetry {
			continue // another's, or the last attempt: the final record says the same
		}
		if err := w.write(result); err != nil {
			return err
		}
		if result.Kind == common.KindAttempt {
			continue
		}
		runs = slices.Delete(runs, i, i+1)
		if result.Outcome != common.OutcomeSuccess {
			failed.errs = append(failed.errs, fmt.Errorf("job %d of %q has ended as %s: %s", result.Index, key, result.Outcome, detail(result)))
		}
		if len(runs) == 0 {
			break
		}
	}
	if err := w.finish(); err != nil {
		return err
	}
	if len(failed.errs) > 0 {
		return &failed
	}
	return nil
}

// split returns the errors of a call about several things, each to be reported
// by itself.
func split(err error) error {
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var all several
	for _, one := range many.Unwrap() {
		if inner := split(one); inner != nil {
			all.errs = append(all.errs, flatten(inner)...)
		}
	}
	return &all
}

package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
)

const maxNext = 1000

// nextFlags are the job whose times are shown.
type nextFlags struct {
	count int
	zone  string
	times timeFlags
	from  string
	key   string
	index int
}

func (s *session) next() *cobra.Command {
	var f nextFlags
	cmd := &cobra.Command{
		Use:   "next {SPEC | --key KEY}",
		Short: "Show when a spec fires next, without a server",
		Long: `Show the next times of a spec, as schedulers compute them, and how daylight
saving time moves them. "@every" counts from --from. No server is asked, unless
--key names a schedule that is stored.

Put the spec in quotes: the shell takes a bare * for the names of files.`,
		Example: `  schedulectl next "*/5 9-17 * * mon-fri" --timezone Europe/Berlin -n 10
  schedulectl next "30 2 * * *" --timezone Europe/Berlin --gap skip --from 2026-03-28T00:00:00Z
  schedulectl next --key report`,
		Args:              nextArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, args []string) error { return s.runNext(cmd, &f, args) },
	}
	flags := cmd.Flags()
	flags.IntVarP(&f.count, "number", "n", 5, "how many times")
	zoneFlag(cmd, &f.zone, "IANA zone of the spec (default UTC); the times are shown in it")
	f.times.register(cmd)
	flags.StringVar(&f.from, "from", "", "show the times after this one, for example 2026-12-24T18:00:00+01:00 (default now)")
	flags.StringVar(&f.key, "key", "", "of a schedule that is stored")
	flags.IntVar(&f.index, "index", 0, "with --key: of the job")
	_ = cmd.RegisterFlagCompletionFunc("key", s.completeKeys(0)) // the flag exists
	return cmd
}

// nextArgs wants a spec or a key.
func nextArgs(cmd *cobra.Command, args []string) error {
	key := cmd.Flags().Changed("key")
	switch {
	case len(args) > 1:
		return misused(cmd, `want one SPEC, got %d arguments: put it in quotes, "*/5 * * * *"`, len(args))
	case key && len(args) > 0:
		return misused(cmd, "--key cannot be used with a SPEC")
	case key:
		for _, name := range slices.Concat(zoneFlagNames, timeFlagNames) {
			if cmd.Flags().Changed(name) {
				return misused(cmd, "--%s cannot be used with --key", name)
			}
		}
		return nil
	case cmd.Flags().Changed("index"):
		return misused(cmd, "--index cannot be used without --key")
	}
	return exactly("SPEC")(cmd, args)
}

func (s *session) runNext(cmd *cobra.Command, f *nextFlags, args []string) error {
	if f.count < 1 || f.count > maxNext {
		return misused(cmd, "--number is %d, want 1 to %d", f.count, maxNext)
	}
	from, err := instant("--from", f.from)
	if err != nil {
		return &usageError{err}
	}
	if from.IsZero() {
		from = s.Now()
	}
	if f.key != "" {
		return s.reading(func(ctx context.Context, schedule *client.Schedule, _ []string) error {
			return s.nextOf(ctx, schedule, f, from)
		})(cmd, args)
	}
	job := common.Job{Spec: args[0], Timezone: f.zone}
	if err := f.times.apply(&job); err != nil {
		return &usageError{err}
	}
	times, err := client.Preview(job, f.count, from, time.Time{})
	if err != nil {
		return err
	}
	return s.showNext(&job, times, "no more times")
}

// nextOf shows the times of a job that is stored.
func (s *session) nextOf(ctx context.Context, schedule *client.Schedule, f *nextFlags, from time.Time) error {
	e, err := schedule.EntryContext(ctx, f.key)
	if err != nil {
		return err
	}
	if !has(&e, f.index) {
		return noJob(&e, f.index)
	}
	job := &e.Jobs[f.index]
	if e.Paused {
		return s.showNext(job, nil, "no times while the schedule is paused")
	}
	times, err := client.Preview(*job, f.count, from, e.Anchor)
	if err != nil {
		return err
	}
	return s.showNext(job, times, "no more times")
}

// showNext writes times; people are told why there are none.
func (s *session) showNext(job *common.Job, times []common.PreviewTime, none string) error {
	zone := job.Timezone
	if s.output == outputJSON {
		if times == nil {
			times = []common.PreviewTime{}
		}
		return s.document(map[string]any{"spec": job.Spec, "timezone": zone, "times": times})
	}
	if len(times) == 0 {
		_, err := fmt.Fprintln(s.Err, none)
		return err
	}
	in := *s
	if zone != "" {
		location, err := time.LoadLocation(zone)
		if err != nil {
			return err
		}
		app := *s.App
		app.Location, in.App = location, &app
	}
	rows := [][]string{{"NEXT", "IN"}}
	shifted := slices.ContainsFunc(times, func(p common.PreviewTime) bool { return p.Shift != "" })
	if shifted {
		rows[0] = append(rows[0], "NOTE")
	}
	for _, p := range times {
		row := []string{in.stamp(p.Time), strings.TrimPrefix(distance(p.Time.Sub(s.Now())), "in ")}
		if shifted {
			row = append(row, note(p.Shift))
		}
		rows = append(rows, row)
	}
	return s.table(rows)
}

// note explains a shift by daylight saving time.
func note(shift string) string {
	switch shift {
	case client.ShiftGap:
		return "clock jumps ahead: runs right after the gap"
	case client.ShiftFirst:
		return "occurs twice: first"
	case client.ShiftSecond:
		return "occurs twice: second"
	}
	return "-"
}

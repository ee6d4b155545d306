package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
)

// differencesError makes the exit code of an audit that found some.
type differencesError struct{ total int64 }

func (e *differencesError) Error() string { return counted(e.total, "difference") }

func (s *session) audit() *cobra.Command {
	var since, until string
	cmd := &cobra.Command{
		Use:   "audit KEY",
		Short: "Compare what a schedule demanded with what became of it",
		Long: `Compare the occurrences that a schedule demanded, computed anew from its
history, with the log stream, and show each difference. Every occurrence is to
have exactly one end, or to be recorded as missed. Without a difference the exit
code is 0, with some it is 1.

The history reaches back 64 revisions, the log stream 7 days unless it was made
otherwise; the audit says where it has to begin later.`,
		Example:           `  schedulectl audit report --since 24h`,
		Args:              exactly("KEY"),
		ValidArgsFunction: s.completeKeys(1),
	}
	cmd.Flags().StringVar(&since, "since", "24h", "what was due after this: "+momentExample)
	cmd.Flags().StringVar(&until, "until", "", "leave out what was due after this: "+momentExample+" (default now)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		begin, err := moment(cmd, "--since", since, s.Now())
		if err != nil {
			return err
		}
		end, err := moment(cmd, "--until", until, s.Now())
		if err != nil {
			return err
		}
		return s.reading(func(ctx context.Context, schedule *client.Schedule, args []string) error {
			report, err := schedule.Audit(ctx, args[0], begin, end)
			if err != nil {
				return err
			}
			return s.showAudit(&report)
		})(cmd, args)
	}
	return cmd
}

func (s *session) showAudit(a *client.Audit) error {
	if err := s.writeAudit(a); err != nil {
		return err
	}
	if a.Total > 0 {
		return &differencesError{a.Total}
	}
	return nil
}

func (s *session) writeAudit(a *client.Audit) error {
	if s.output == outputJSON {
		return s.document(a)
	}
	if len(a.Differences) > 0 {
		rows := [][]string{{"SCHEDULED", "JOB", "DUE", "REVISION", "DIFFERENCE", "DETAIL"}}
		for _, d := range a.Differences {
			revision := "-"
			if d.Revision > 0 {
				revision = strconv.FormatUint(d.Revision, 10)
			}
			rows = append(rows, []string{s.exact(d.Scheduled), strconv.Itoa(d.Index), s.exact(d.Due), revision, d.Kind, d.Detail})
		}
		if err := s.table(rows); err != nil {
			return err
		}
		if more := a.Total - int64(len(a.Differences)); more > 0 {
			if _, err := fmt.Fprintf(s.Out, "and %d more\n", more); err != nil {
				return err
			}
		}
		if _, err := fmt.Fprintln(s.Out); err != nil {
			return err
		}
	}
	for _, limit := range a.Limits {
		if _, err := fmt.Fprintln(s.Out, plain(limit)); err != nil {
			return err
		}
	}
	return s.summary(s.Out, a)
}

// summary is one line.
func (s *session) summary(w io.Writer, a *client.Audit) error {
	parts := []string{ended(a)}
	if a.Missed > 0 {
		var reasons []string
		for _, reason := range slices.Sorted(maps.Keys(a.Reasons)) {
			reasons = append(reasons, fmt.Sprintf("%d %s", a.Reasons[reason], reason))
		}
		parts = append(parts, fmt.Sprintf("%d missed (%s)", a.Missed, strings.Join(reasons, ", ")))
	}
	if a.Open > 0 {
		parts = append(parts, fmt.Sprintf("%d open", a.Open))
	}
	if a.Pending > 0 {
		parts = append(parts, fmt.Sprintf("%d pending", a.Pending))
	}
	parts = append(parts, counted(a.Total, "difference"))
	_, err := fmt.Fprintf(w, "audited %s of %q from %s to %s: %s\n", counted(a.Demanded, "occurrence"), a.Key,
		s.stamp(a.Since), s.stamp(a.Until), plain(strings.Join(parts, "; ")))
	return err
}

// ended is how many occurrences have an end, and which: success first.
func ended(a *client.Audit) string {
	text := fmt.Sprintf("%d ended", a.Run)
	var parts []string
	add := func(outcome string) {
		if n := a.Outcomes[outcome]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, cmp.Or(outcome, "without an outcome")))
		}
	}
	add(common.OutcomeSuccess)
	for _, outcome := range slices.Sorted(maps.Keys(a.Outcomes)) {
		if outcome != common.OutcomeSuccess {
			add(outcome)
		}
	}
	if len(parts) == 0 {
		return text
	}
	return text + ": " + strings.Join(parts, ", ")
}

func counted(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// exact shows a time with its fraction of a second.
func (s *session) exact(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(s.Location).Format(time.RFC3339Nano)
}

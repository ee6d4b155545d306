package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/shared/contract"
)

func (s *session) results() *cobra.Command {
	var follow bool
	var limit int
	cmd := &cobra.Command{
		Use:   "results KEY",
		Short: "Show what happened to the occurrences of a schedule",
		Long: `Show the newest records of the log stream: every attempt, the end of every
occurrence, and what was not run. ORIGIN tells what no schedule planned: "by hand"
(run KEY), "again" (dead resend) or "event". With -f new ones are shown as they come, until
Ctrl-C; as JSON each is then one line.`,
		Args:              exactly("KEY"),
		ValidArgsFunction: s.completeKeys(1),
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "wait for new records")
	cmd.Flags().IntVarP(&limit, "number", "n", 20, "at most as many of those that are stored; 0: all")
	var choose resultFlags
	choose.register(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if limit < 0 {
			return misused(cmd, "--number must not be negative")
		}
		query := client.ResultQuery{Limit: limit, Follow: follow}
		if err := choose.apply(cmd, &query, s.Now()); err != nil {
			return err
		}
		return s.reading(func(ctx context.Context, schedule *client.Schedule, args []string) error {
			return s.showResults(ctx, schedule, args[0], query)
		})(cmd, args)
	}
	return cmd
}

// showResults writes records as they come. One that cannot be read is reported
// at the end.
func (s *session) showResults(ctx context.Context, schedule *client.Schedule, key string, query client.ResultQuery) error {
	w := resultWriter{session: s, stream: query.Follow}
	var odd error
	for result, err := range schedule.Results(ctx, key, query) {
		switch {
		case err != nil && query.Follow && ctx.Err() != nil:
			return nil // Ctrl-C is how following ends
		case unreadable(err):
			odd = err
			continue
		case err != nil:
			return err
		}
		if err := w.write(result); err != nil {
			return err
		}
	}
	if !w.any && odd == nil && !query.Follow {
		if err := s.known(ctx, schedule, key); err != nil {
			return err
		}
		s.nothing()
	}
	return errors.Join(w.finish(), odd)
}

// unreadable reports whether an error is about a record that is there.
func unreadable(err error) bool {
	return errors.Is(err, contract.ErrMalformed) || errors.Is(err, contract.ErrNewer)
}

// known returns an error for a key that has neither a schedule, good or bad, nor
// any record: it is probably mistyped.
func (s *session) known(ctx context.Context, schedule *client.Schedule, key string) error {
	_, err := schedule.EntryContext(ctx, key)
	if errors.Is(err, client.ErrBadEntry) {
		return nil
	}
	if !errors.Is(err, client.ErrNotFound) {
		return err
	}
	for _, failed := range schedule.Results(ctx, key, client.ResultQuery{Limit: 1}) {
		if unreadable(failed) {
			return nil
		}
		return failed
	}
	return err
}

type resultWriter struct {
	*session
	stream  bool
	headed  bool
	any     bool // something was written
	results []common.Result
}

func (w *resultWriter) write(r common.Result) error {
	w.any = true
	switch {
	case w.output == outputJSON && w.stream:
		return json.NewEncoder(w.Out).Encode(r)
	case w.output == outputJSON:
		w.results = append(w.results, r)
		return nil
	}
	if err := w.head(); err != nil {
		return err
	}
	return w.row(w.fine(r.Scheduled), w.fine(r.Finished), strconv.Itoa(r.Index), r.Kind, origin(r), attempt(r), r.Outcome, status(r), took(r), detail(r))
}

func (w *resultWriter) head() error {
	if w.headed {
		return nil
	}
	w.headed = true
	return w.row("SCHEDULED", "ENDED", "JOB", "KIND", "ORIGIN", "ATTEMPT", "OUTCOME", "STATUS", "TOOK", "DETAIL")
}

// row is of fixed widths, because more may follow.
func (w *resultWriter) row(cells ...any) error {
	for i, cell := range cells {
		if text, ok := cell.(string); ok {
			cells[i] = plain(text)
		}
	}
	_, err := fmt.Fprintf(w.Out, "%-29s  %-29s  %-3s  %-9s  %-7s  %-7s  %-8s  %-6s  %-8s  %s\n", cells...)
	return err
}

func (w *resultWriter) finish() error {
	switch {
	case w.output == outputJSON && w.stream:
		return nil
	case w.output == outputJSON:
		if w.results == nil {
			w.results = []common.Result{}
		}
		return w.document(map[string]any{"results": w.results})
	}
	return w.head()
}

// origin is who wanted the run, "-" for the schedule.
func origin(r common.Result) string {
	switch {
	case r.Origin != "":
		return "again"
	case strings.HasPrefix(r.ID, contract.EventPrefix):
		return "event"
	case r.ByHand():
		return "by hand"
	}
	return "-"
}

func attempt(r common.Result) string {
	if r.Attempt == 0 {
		return "-"
	}
	return strconv.Itoa(r.Attempt)
}

func status(r common.Result) string {
	if r.Status == 0 {
		return "-"
	}
	return strconv.Itoa(r.Status)
}

func took(r common.Result) string {
	if r.Started.IsZero() || r.Finished.IsZero() {
		return "-"
	}
	return r.Finished.Sub(r.Started).Round(time.Millisecond).String()
}

// detail is what is worth knowing beyond the columns.
func detail(r common.Result) string {
	text := r.Reason
	switch {
	case strings.HasPrefix(r.Error, r.ErrorClass):
		text = cmp.Or(r.Error, r.Reason)
	case r.ErrorClass != "" && r.Error != "":
		text = r.ErrorClass + ": " + r.Error
	case r.ErrorClass != "" || r.Error != "":
		text = r.ErrorClass + r.Error
	}
	if r.Count > 0 {
		text = fmt.Sprintf("%d from %s to %s: %s", r.Count, r.From.Format(milliseconds), r.To.Format(milliseconds), text)
	}
	if text == "" {
		return "-"
	}
	return text
}

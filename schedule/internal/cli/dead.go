package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
)

func (s *session) dead() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead",
		Short: "Look after dead letters: occurrences that ended without success",
		Long: `Look after dead letters: what is left of occurrences that ended without success.
Each has a sequence, by which it is named, and is kept for 30 days.`,
		SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknown(cmd, args[0])
		},
	}
	cmd.AddCommand(s.deadList(), s.deadShow(), s.deadResend(), s.deadDrop())
	return cmd
}

func (s *session) deadList() *cobra.Command {
	var f deadFlags
	var limit int
	cmd := &cobra.Command{
		Use:               "list [KEY]",
		Aliases:           []string{"ls"},
		Short:             "List dead letters, newest first",
		ValidArgsFunction: s.completeKeys(1),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return misused(cmd, "want one KEY or none, got %d arguments", len(args))
			}
			return nil
		},
	}
	f.register(cmd)
	cmd.Flags().IntVarP(&limit, "number", "n", 20, "at most as many; 0: all")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		query, err := f.query(cmd, s.Now())
		if err != nil {
			return err
		}
		if query.Limit = limit; limit < 0 {
			return misused(cmd, "--number must not be negative")
		}
		return s.reading(func(ctx context.Context, schedule *client.Schedule, args []string) error {
			letters, err := schedule.DeadLettersContext(ctx, first(args), query)
			if err != nil {
				return err
			}
			return s.showLetters(letters)
		})(cmd, args)
	}
	return cmd
}

// first is the first argument, empty for none.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func (s *session) deadShow() *cobra.Command {
	var secrets bool
	cmd := &cobra.Command{
		Use:               "show SEQUENCE",
		Short:             "Show a dead letter, and what it would run",
		Args:              exactly("SEQUENCE"),
		ValidArgsFunction: s.completeLetters(1),
	}
	cmd.Flags().BoolVar(&secrets, "show-secrets", false, "show the values of headers such as authorization, and what could not be read")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		sequences, err := parseSequences(cmd, args)
		if err != nil {
			return err
		}
		return s.reading(func(ctx context.Context, schedule *client.Schedule, _ []string) error {
			letter, err := schedule.DeadLetterContext(ctx, sequences[0])
			if err != nil {
				return err
			}
			return s.showLetter(&letter, s.lastExcerpt(ctx, schedule, &letter), secrets)
		})(cmd, args)
	}
	return cmd
}

// lastExcerpt is the first line of the target's last answer, empty when the log
// stream has none.
func (s *session) lastExcerpt(ctx context.Context, schedule *client.Schedule, l *client.DeadLetter) (line string) {
	if l.Bad != nil || l.ID == "" || s.output == outputJSON {
		return ""
	}
	query := client.ResultQuery{ID: l.ID, Since: l.Stored.Add(-clocks), Until: l.Stored.Add(clocks)}
	for result, err := range schedule.Results(ctx, l.Key, query) {
		if err == nil && result.Excerpt != "" {
			line, _, _ = strings.Cut(strings.TrimSpace(result.Excerpt), "\n")
		}
	}
	return line
}

func (s *session) deadResend() *cobra.Command {
	var f chosenLetters
	cmd := &cobra.Command{
		Use:   "resend {SEQUENCE... | --all}",
		Short: "Run dead letters again",
		Long: `Run dead letters again, now, as often as their jobs are tried. A letter is gone
once its trigger is stored; what dies again becomes a new one. The target gets the
webhook-id of the first occurrence. It needs a scheduler that runs.`,
		Example: `  schedulectl dead resend 12 15
  schedulectl dead resend --all --key report --since 24h --class timeout`,
	}
	s.registerChosen(cmd, &f)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		sequences, query, err := f.read(cmd, args, s.Now())
		if err != nil {
			return err
		}
		return s.reading(func(ctx context.Context, schedule *client.Schedule, _ []string) error {
			var sent []common.Resent
			if f.all {
				sent, err = schedule.ResendAll(ctx, f.key, query)
			} else {
				sent, err = schedule.ResendContext(ctx, f.key, sequences...)
			}
			return both(s.showSent(sent), err)
		})(cmd, args)
	}
	return cmd
}

func (s *session) deadDrop() *cobra.Command {
	var f chosenLetters
	var yes bool
	cmd := &cobra.Command{
		Use:     "drop {SEQUENCE... | --all --yes}",
		Aliases: []string{"rm"},
		Short:   "Remove dead letters for good",
		Example: `  schedulectl dead drop 12 15
  schedulectl dead drop --all --yes --key report --until 2026-12-24T00:00:00Z`,
	}
	s.registerChosen(cmd, &f)
	cmd.Flags().BoolVar(&yes, "yes", false, "with --all: it is meant")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		sequences, query, err := f.read(cmd, args, s.Now())
		if err != nil {
			return err
		}
		if f.all && !yes {
			return misused(cmd, "--all removes every letter that is chosen, want --yes beside it")
		}
		return s.reading(func(ctx context.Context, schedule *client.Schedule, _ []string) error {
			return s.drop(ctx, schedule, &f, sequences, query)
		})(cmd, args)
	}
	return cmd
}

func (s *session) drop(ctx context.Context, schedule *client.Schedule, f *chosenLetters, sequences []uint64, query client.DeadQuery) (err error) {
	var dropped []uint64
	if f.all {
		dropped, err = schedule.DropAll(ctx, f.key, query)
	} else {
		err = schedule.DropContext(ctx, f.key, sequences...)
		dropped = without(sequences, err)
	}
	return both(s.showDropped(dropped), err)
}

// without are the sequences that no error is about.
func without(sequences []uint64, err error) []uint64 {
	var failed client.LetterErrors
	errors.As(err, &failed)
	left := []uint64{}
	for _, sequence := range sequences {
		bad := false
		for _, f := range failed {
			bad = bad || f.Sequence == sequence
		}
		if !bad {
			left = append(left, sequence)
		}
	}
	return left
}

// both returns the errors of writing and of what was written about, each to be
// reported by itself.
func both(written, err error) error {
	if written != nil {
		return written
	}
	if err == nil {
		return nil
	}
	return split(err)
}

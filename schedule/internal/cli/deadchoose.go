package cli

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
)

// deadFlags choose dead letters.
type deadFlags struct {
	since   string
	until   string
	outcome string
	class   string
}

// deadFlagNames are the flags that deadFlags.register makes.
var deadFlagNames = []string{"since", "until", "outcome", "class"}

func (f *deadFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.since, "since", "", "only those stored after this: "+momentExample)
	flags.StringVar(&f.until, "until", "", "only those stored until this: "+momentExample)
	flags.StringVar(&f.outcome, "outcome", "", "only with this outcome: dead, failed, lost")
	flags.StringVar(&f.class, "class", "", "only with this class of error, for example timeout")
	completeOutcomes(cmd)
}

func (f *deadFlags) query(cmd *cobra.Command, now time.Time) (query client.DeadQuery, err error) {
	query.Outcome, query.ErrorClass = f.outcome, f.class
	if query.Since, err = moment(cmd, "--since", f.since, now); err != nil {
		return query, err
	}
	query.Until, err = moment(cmd, "--until", f.until, now)
	return query, err
}

// chosenLetters are the arguments of a command about some letters or all.
type chosenLetters struct {
	deadFlags
	all bool
	key string
}

func (s *session) registerChosen(cmd *cobra.Command, f *chosenLetters) {
	f.register(cmd)
	cmd.Flags().BoolVar(&f.all, "all", false, "all letters, or those that --key and the other flags choose")
	cmd.Flags().StringVar(&f.key, "key", "", "only letters of this schedule")
	_ = cmd.RegisterFlagCompletionFunc("key", s.completeKeys(0)) // the flag exists
	cmd.ValidArgsFunction = s.completeLetters(0)
}

// read returns the sequences, or the query that chooses the letters.
func (f *chosenLetters) read(cmd *cobra.Command, args []string, now time.Time) (sequences []uint64, query client.DeadQuery, err error) {
	switch {
	case f.all && len(args) > 0:
		return nil, query, misused(cmd, "--all cannot be used with a SEQUENCE")
	case f.all:
		query, err = f.query(cmd, now)
		return nil, query, err
	case len(args) == 0:
		return nil, query, misused(cmd, "want at least one SEQUENCE, or --all")
	}
	for _, name := range deadFlagNames {
		if cmd.Flags().Changed(name) {
			return nil, query, misused(cmd, "--%s cannot be used without --all", name)
		}
	}
	sequences, err = parseSequences(cmd, args)
	return sequences, query, err
}

func parseSequences(cmd *cobra.Command, args []string) ([]uint64, error) {
	sequences := make([]uint64, len(args))
	for i, arg := range args {
		n, err := strconv.ParseUint(arg, 10, 64)
		if err != nil || n == 0 {
			return nil, misused(cmd, "SEQUENCE is %.40q, want a number from 1, as \"dead list\" shows it", arg)
		}
		sequences[i] = n
	}
	return sequences, nil
}

// completeLetters offers the newest dead letters, for up to as many arguments as
// limit (0: any number of them).
func (s *session) completeLetters(limit int) cobra.CompletionFunc {
	const newest = 50
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if limit > 0 && len(args) >= limit {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second)
		defer cancel()
		schedule, done, err := s.open(ctx, client.WithoutCreating())
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		defer done()
		letters, err := schedule.DeadLettersContext(ctx, "", client.DeadQuery{Limit: newest})
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		offers := make([]string, len(letters))
		for i := range letters {
			l := &letters[i]
			offers[i] = fmt.Sprintf("%d\t%s, %s", l.Sequence, l.Key, plain(cmp.Or(l.Outcome, "unreadable")))
		}
		return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

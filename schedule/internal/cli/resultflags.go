package cli

import (
	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
)

// resultFlags choose records by what they say.
type resultFlags struct {
	outcomes []string
	kinds    []string
	until    string
}

func (f *resultFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&f.outcomes, "outcome", nil, "only with one of these outcomes, for example failed,dead")
	flags.StringSliceVar(&f.kinds, "kind", nil, "only of one of these kinds: attempt, final, missed, bad_entry")
	flags.StringVar(&f.until, "until", "", "only those stored until then, for example 2026-12-24T18:00:00+01:00")
	completeOutcomes(cmd)
	kinds := []string{common.KindAttempt, common.KindFinal, common.KindMissed, common.KindBadEntry}
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
}

// completeOutcomes offers the outcomes of a record for the flag "outcome".
func completeOutcomes(cmd *cobra.Command) {
	outcomes := []string{
		common.OutcomeSuccess, common.OutcomeRetry, common.OutcomeFailed, common.OutcomeDead,
		common.OutcomeExpired, common.OutcomeSkipped, common.OutcomeLost, common.OutcomeMissed,
	}
	_ = cmd.RegisterFlagCompletionFunc("outcome", cobra.FixedCompletions(outcomes, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
}

// apply sets the fields of a query.
func (f *resultFlags) apply(query *client.ResultQuery) (err error) {
	query.Outcomes, query.Kinds = f.outcomes, f.kinds
	if query.Until, err = instant("--until", f.until); err != nil {
		return &usageError{err}
	}
	return nil
}

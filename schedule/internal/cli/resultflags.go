package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
)

// resultFlags choose records by what they say.
type resultFlags struct {
	outcomes []string
	kinds    []string
	since    string
	until    string
}

func (f *resultFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVar(&f.outcomes, "outcome", nil, "only with one of these outcomes, for example failed,dead")
	flags.StringSliceVar(&f.kinds, "kind", nil, "only of one of these kinds: attempt, final, missed, bad_entry")
	flags.StringVar(&f.since, "since", "", "only those stored after this: "+momentExample)
	flags.StringVar(&f.until, "until", "", "only those stored until this: "+momentExample)
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
func (f *resultFlags) apply(cmd *cobra.Command, query *client.ResultQuery, now time.Time) (err error) {
	query.Outcomes, query.Kinds = f.outcomes, f.kinds
	if query.Since, err = moment(cmd, "--since", f.since, now); err != nil {
		return err
	}
	query.Until, err = moment(cmd, "--until", f.until, now)
	return err
}

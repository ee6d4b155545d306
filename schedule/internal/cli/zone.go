package cli

import "github.com/spf13/cobra"

// zoneFlagNames are the names of the flag with a time zone: the documented one
// and a short one, which every command that has the flag takes as well.
var zoneFlagNames = []string{"timezone", "tz"}

func zoneFlag(cmd *cobra.Command, zone *string, usage string) {
	for _, name := range zoneFlagNames {
		cmd.Flags().StringVar(zone, name, "", usage)
	}
	_ = cmd.Flags().MarkHidden(zoneFlagNames[1]) // the flag exists
}

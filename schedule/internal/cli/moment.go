package cli

import (
	"time"

	"github.com/spf13/cobra"
)

// momentExample is how flags with a moment describe their value.
const momentExample = "24h (ago) or 2026-12-24T18:00:00+01:00, for example"

// moment reads a time, or how long ago it was; zero for an empty text.
func moment(cmd *cobra.Command, flag, text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil {
		if ago <= 0 {
			return time.Time{}, misused(cmd, "%s is %s, want more than 0s", flag, text)
		}
		return now.Add(-ago), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, misused(cmd, "%s is %.40q, want how long ago, such as 24h, or a time such as 2026-12-24T18:00:00+01:00", flag, text)
	}
	return t, nil
}

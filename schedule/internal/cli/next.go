package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
)

const maxNext = 1000

func (s *session) next() *cobra.Command {
	var count int
	var zone string
	cmd := &cobra.Command{
		Use:   "next SPEC",
		Short: "Show when a spec fires next, without a server",
		Long: `Show the next times of a spec. "@every" counts from now. No server is asked.

Put the spec in quotes: the shell takes a bare * for the names of files.`,
		Example: `  schedulectl next "*/5 9-17 * * mon-fri" --tz Europe/Berlin -n 10`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return misused(cmd, `want one SPEC, got %d arguments: put it in quotes, "*/5 * * * *"`, len(args))
			}
			return exactly("SPEC")(cmd, args)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			if count < 1 || count > maxNext {
				return misused(cmd, "--number is %d, want 1 to %d", count, maxNext)
			}
			times, err := client.Preview(args[0], zone, s.Now(), count)
			if err != nil {
				return err
			}
			return s.showNext(args[0], zone, times)
		},
	}
	cmd.Flags().IntVarP(&count, "number", "n", 5, "how many times")
	cmd.Flags().StringVar(&zone, "tz", "", "IANA zone of the spec (default UTC); the times are shown in it")
	return cmd
}

func (s *session) showNext(spec, zone string, times []time.Time) error {
	if s.output == outputJSON {
		if times == nil {
			times = []time.Time{}
		}
		return s.document(map[string]any{"spec": spec, "timezone": zone, "times": times})
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
	for _, t := range times {
		rows = append(rows, []string{in.stamp(t), span(t.Sub(s.Now()))})
	}
	return s.table(rows)
}

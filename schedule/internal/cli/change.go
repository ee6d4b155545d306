package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
)

func (s *session) remove() *cobra.Command {
	return s.each("rm KEY...", "Remove schedules", "removed", (*client.Schedule).RemoveContext)
}

func (s *session) pause() *cobra.Command {
	return s.each("pause KEY...", "Stop schedules until they are resumed", "paused", (*client.Schedule).PauseContext)
}

func (s *session) resume() *cobra.Command {
	return s.each("resume KEY...", "Let paused schedules go on", "resumed", (*client.Schedule).ResumeContext)
}

// each is a command that does one thing to every key. A key that fails does
// not hinder the others.
func (s *session) each(use, short, done string, do func(*client.Schedule, context.Context, string) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: some("KEY"), ValidArgsFunction: s.completeKeys(0),
		RunE: s.reading(func(ctx context.Context, schedule *client.Schedule, keys []string) error {
			var failed several
			changed := []string{}
			for _, key := range keys {
				if err := do(schedule, ctx, key); err != nil {
					failed.errs = append(failed.errs, err)
					continue
				}
				changed = append(changed, key)
			}
			if err := s.showChanged(done, changed); err != nil {
				return err
			}
			if len(failed.errs) > 0 {
				return &failed
			}
			return nil
		}),
	}
}

func (s *session) showChanged(done string, keys []string) error {
	if s.output == outputJSON {
		return s.document(map[string]any{done: keys})
	}
	for _, key := range keys {
		if _, err := fmt.Fprintf(s.Out, "%s %s\n", done, key); err != nil {
			return err
		}
	}
	return nil
}

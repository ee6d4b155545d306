package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
)

func (s *session) nodes() *cobra.Command {
	return &cobra.Command{
		Use:   "nodes",
		Short: "Show what every scheduler says of itself",
		Long: `Ask all schedulers of the namespace for their state and show the answers.

PUBLISHED UNTIL is up to when a node has published whatever is due in the
partitions it owns. CLOCK is how far the server's clock is ahead of the node's.`,
		Args: none,
		RunE: s.reading(func(ctx context.Context, schedule *client.Schedule, _ []string) error {
			states, err := schedule.Nodes(ctx)
			if err != nil {
				return err
			}
			return s.showNodes(states)
		}),
	}
}

func (s *session) showNodes(states []common.NodeState) error {
	if s.output == outputJSON {
		if states == nil {
			states = []common.NodeState{}
		}
		return s.document(map[string]any{"schedulers": states})
	}
	if len(states) == 0 {
		_, err := fmt.Fprintln(s.Out, "no scheduler answers: nothing fires")
		return err
	}
	rows := [][]string{{"NODE", "READY", "STARTED", "PARTITIONS", "PUBLISHED UNTIL", "CLOCK", "SCHEDULES"}}
	for i := range states {
		n := &states[i]
		ready := "yes"
		if !n.Ready {
			ready = "no: " + n.Reason
		}
		rows = append(rows, []string{
			n.Node, ready, s.when(n.Started), owned(n), s.when(published(n)),
			fmt.Sprintf("%+.1fms", float64(n.ClockOffset)/float64(time.Millisecond)), strconv.Itoa(n.Schedules),
		})
	}
	return s.table(rows)
}

// owned lists the partitions of a node, "3 of 8: 0,4,5".
func owned(n *common.NodeState) string {
	text := fmt.Sprintf("%d of %d", len(n.Owned), n.Partitions)
	if len(n.Owned) == 0 || len(n.Owned) == n.Partitions {
		return text
	}
	list := make([]string, len(n.Owned))
	for i, p := range n.Owned {
		list[i] = strconv.Itoa(p.Partition)
	}
	return text + ": " + strings.Join(list, ",")
}

// published is the earliest cursor of a node's partitions.
func published(n *common.NodeState) (due time.Time) {
	for _, p := range n.Owned {
		if due.IsZero() || p.Due.Before(due) {
			due = p.Due
		}
	}
	return due
}

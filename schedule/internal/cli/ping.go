package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
)

type pinged struct {
	Namespace  string       `json:"namespace"`
	Server     string       `json:"server"`
	Version    string       `json:"version"`
	RTT        string       `json:"rtt"`
	JetStream  bool         `json:"jetstream"`
	Schedulers []pingedNode `json:"schedulers"`
}

type pingedNode struct {
	Name    string    `json:"name"`
	Started time.Time `json:"started"`
	Seen    time.Time `json:"seen"`
}

func (s *session) ping() *cobra.Command {
	return &cobra.Command{
		Use:   "ping",
		Short: "Try the connection and show which schedulers are alive",
		Args:  none,
		RunE: s.reading(func(ctx context.Context, schedule *client.Schedule, _ []string) error {
			status, err := schedule.Ping(ctx)
			if err != nil {
				return err
			}
			return s.showPing(schedule.Namespace(), status)
		}),
	}
}

func (s *session) showPing(namespace string, status client.Status) error {
	rtt := status.RTT.Round(time.Microsecond).String()
	p := pinged{namespace, status.Server, status.Version, rtt, true, []pingedNode{}}
	rows := [][]string{{"SCHEDULER", "STARTED", "SEEN"}}
	for _, n := range status.Nodes {
		p.Schedulers = append(p.Schedulers, pingedNode(n))
		rows = append(rows, []string{n.Name, s.when(n.Started), s.when(n.Seen)})
	}
	if s.output == outputJSON {
		return s.document(p)
	}
	err := fields(s.Out, "", "namespace", namespace, "server", status.Server, "version", status.Version, "round trip", rtt, "jetstream", "ok")
	if len(status.Nodes) == 0 {
		_, none := fmt.Fprintln(s.Out, "\n"+nobodyFires)
		return errors.Join(err, none)
	}
	_, line := fmt.Fprintln(s.Out)
	return errors.Join(err, line, s.table(rows))
}

// nobodyFires is said where no scheduler is alive.
const nobodyFires = "no scheduler is alive: nothing fires"

// aliveWait is how long looking for schedulers may delay what was asked for.
const aliveWait = 300 * time.Millisecond

// warnDead says on Err when no scheduler is alive, if that is known in time. It
// is no error, for a schedule may be stored before the first scheduler runs.
func (s *session) warnDead(ctx context.Context, schedule *client.Schedule) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(s.aliveWait, aliveWait))
	defer cancel()
	if status, err := schedule.Ping(ctx); err == nil && len(status.Nodes) == 0 {
		_, _ = fmt.Fprintln(s.Err, nobodyFires) // what was asked for is done
	}
}

func (s *session) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the version",
		Args:  none,
		RunE: func(*cobra.Command, []string) error {
			if s.output == outputJSON {
				return s.document(map[string]string{"version": s.Version})
			}
			_, err := fmt.Fprintln(s.Out, program, s.Version)
			return err
		},
	}
}

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/setting"
	"github.com/weplanx/workflow/shared/topology"
)

// prepareLimit is how long JetStream may not be available.
const prepareLimit = 30 * time.Second

// prepareFlags are those of init.
type prepareFlags struct {
	replicas int
	dry      bool
}

func (s *session) initialize() *cobra.Command {
	var f prepareFlags
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make what a namespace needs, where services may not",
		Long: `Make what a namespace needs on NATS: the bucket of its schedules and the streams of
its triggers, results, dead letters and states of runs. Services do so themselves at
their start; this is for clusters where their credential may not. Settings that differ
from what is needed are changed where the server lets them be; what cannot be made
right is refused, with nothing done. Limits that are an operator's to choose, such as
how long results are kept, stay as they are. Doing it again changes nothing.

It takes the credential of an administrator: with natsconf NATS_NKEY is the seed of
{namespace}.admin and NATS_INBOX is _INBOX.admin. The consumer of the workers is not
made here: it belongs to the workers, whose credential may make it.`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.replicas < 0 || f.replicas > 5 || cmd.Flags().Changed("replicas") && f.replicas == 0 {
				return misused(cmd, "--replicas is %d, want 1 to 5", f.replicas)
			}
			return s.prepareNamespace(cmd.Context(), f)
		},
	}
	cmd.Flags().IntVar(&f.replicas, "replicas", 0, "of what is made and of what exists (default: $NATS_REPLICAS, or as many as the cluster allows, at most 3, of what is made)")
	cmd.Flags().BoolVar(&f.dry, "dry-run", false, "say what would be done, and do nothing")
	return cmd
}

func (s *session) prepareNamespace(ctx context.Context, f prepareFlags) error {
	c, err := s.load()
	if err != nil {
		return err
	}
	nc, err := dial(ctx, c)
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return err
	}
	steps, err := f.run(ctx, js, c)
	return errors.Join(s.showSteps(c.Namespace, steps, f.dry, err == nil), err)
}

func (f *prepareFlags) run(ctx context.Context, js jetstream.JetStream, c settings) ([]topology.Step, error) {
	last := errors.New("it did not answer")
	options := []topology.Option{topology.OnWait(func(err error) { last = err })}
	if f.dry {
		options = append(options, topology.DryRun())
	}
	replicas := c.NATS.Replicas
	if f.replicas > 0 {
		replicas, options = f.replicas, append(options, topology.ChangeReplicas())
	}
	limited, cancel := context.WithTimeout(ctx, prepareLimit)
	defer cancel()
	steps, err := topology.Prepare(limited, js, contract.Names(c.Namespace), replicas, options...)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = fmt.Errorf("JetStream is not available within %s: %w", prepareLimit, last)
	}
	return steps, f.named(err)
}

// named gives an error about the number of replicas the name of the flag.
func (f *prepareFlags) named(err error) error {
	var wrong *setting.Error
	if f.replicas > 0 && errors.As(err, &wrong) && wrong.Name == "NATS_REPLICAS" {
		return &setting.Error{Name: "--replicas", Problem: wrong.Problem}
	}
	return err
}

type shownStep struct {
	Stream   string          `json:"stream"`
	Action   topology.Action `json:"action"`
	Replicas int             `json:"replicas,omitempty"`
	Changes  []string        `json:"changes,omitempty"`
}

// showSteps says what was done. What was done before a failure matters, too; a
// list of nothing does not.
func (s *session) showSteps(namespace string, steps []topology.Step, dry, whole bool) error {
	if !whole && len(steps) == 0 {
		return nil
	}
	all := make([]shownStep, len(steps))
	rows := [][]string{{"STREAM", "STATE", "REPLICAS", "CHANGES"}}
	for i, step := range steps {
		all[i] = shownStep(step)
		replicas := "-"
		if step.Replicas > 0 {
			replicas = strconv.Itoa(step.Replicas)
		}
		changes := cmp.Or(strings.Join(step.Changes, ", "), "-")
		rows = append(rows, []string{step.Stream, stateOfStep(step.Action, dry), replicas, changes})
	}
	if s.output == outputJSON {
		return s.document(map[string]any{"namespace": namespace, "dry_run": dry, "streams": all})
	}
	return s.table(rows)
}

func stateOfStep(action topology.Action, dry bool) string {
	if dry && action != topology.Unchanged {
		return "would be " + string(action)
	}
	return string(action)
}

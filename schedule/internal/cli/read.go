package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
)

// States of a schedule.
const (
	stateActive = "active"
	statePaused = "paused"
	stateBad    = "bad entry"
)

func stateOf(e *client.Entry) string {
	switch {
	case e.Bad != nil:
		return stateBad
	case e.Paused:
		return statePaused
	}
	return stateActive
}

// reasonOf is why an entry is bad, without its key and revision.
func reasonOf(e *client.Entry) string {
	var bad *client.BadEntryError
	if errors.As(e.Bad, &bad) {
		return bad.Reason.Error()
	}
	return ""
}

// listed is a schedule in the output of list.
type listed struct {
	Key      string    `json:"key"`
	Revision uint64    `json:"revision"`
	Stored   time.Time `json:"stored"`
	State    string    `json:"state"`
	Jobs     int       `json:"jobs"`
	Next     time.Time `json:"next,omitzero"`
	Prev     time.Time `json:"prev,omitzero"`
	Reason   string    `json:"reason,omitempty"`
}

func (s *session) list() *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the schedules",
		Args:    none,
		RunE: s.reading(func(ctx context.Context, schedule *client.Schedule, _ []string) error {
			entries, err := schedule.Entries(ctx)
			if err != nil {
				return err
			}
			return s.showList(entries)
		}),
	}
}

func (s *session) showList(entries []client.Entry) error {
	all := make([]listed, len(entries))
	rows := [][]string{{"KEY", "JOBS", "STATE", "NEXT", "PREV"}}
	for i := range entries {
		e := &entries[i]
		next, prev := soonest(e.Jobs), latest(e.Jobs)
		all[i] = listed{e.Key, e.Revision, e.Stored, stateOf(e), len(e.Jobs), next, prev, reasonOf(e)}
		jobs := strconv.Itoa(len(e.Jobs))
		if e.Bad != nil {
			jobs = "-"
		}
		rows = append(rows, []string{e.Key, jobs, stateOf(e), s.when(next), s.when(prev)})
	}
	if s.output == outputJSON {
		return s.document(map[string]any{"schedules": all})
	}
	return s.table(rows)
}

func soonest(jobs []common.Job) (next time.Time) {
	for i := range jobs {
		if t := jobs[i].State.Next; next.IsZero() || !t.IsZero() && t.Before(next) {
			next = t
		}
	}
	return next
}

func latest(jobs []common.Job) (prev time.Time) {
	for i := range jobs {
		if t := jobs[i].State.Prev; t.After(prev) {
			prev = t
		}
	}
	return prev
}

// shownEntry is a schedule in the output of get and set.
type shownEntry struct {
	Key      string       `json:"key"`
	Revision uint64       `json:"revision"`
	Stored   time.Time    `json:"stored"`
	State    string       `json:"state"`
	Reason   string       `json:"reason,omitempty"`
	Jobs     []common.Job `json:"jobs,omitempty"`
}

func (s *session) get() *cobra.Command {
	var secrets bool
	cmd := &cobra.Command{
		Use:               "get KEY",
		Short:             "Show a schedule and when its jobs fire",
		Args:              exactly("KEY"),
		ValidArgsFunction: s.completeKeys(1),
		RunE: s.reading(func(ctx context.Context, schedule *client.Schedule, args []string) error {
			e, err := schedule.EntryContext(ctx, args[0])
			if err != nil && !errors.Is(err, client.ErrBadEntry) {
				return err
			}
			return errors.Join(s.showEntry(&e, secrets), err)
		}),
	}
	cmd.Flags().BoolVar(&secrets, "show-secrets", false, "show the values of headers such as authorization")
	return cmd
}

// showEntry writes a schedule. Values of headers that look like secrets are
// hidden unless secrets is set.
func (s *session) showEntry(e *client.Entry, secrets bool) error {
	if !secrets {
		for i := range e.Jobs {
			hide(&e.Jobs[i])
		}
	}
	if s.output == outputJSON {
		return s.document(shownEntry{e.Key, e.Revision, e.Stored, stateOf(e), reasonOf(e), e.Jobs})
	}
	err := fields(s.Out, "", "key", e.Key, "revision", strconv.FormatUint(e.Revision, 10),
		"stored", s.when(e.Stored), "state", stateOf(e), "reason", reasonOf(e))
	for i := range e.Jobs {
		err = errors.Join(err, s.showJob(i, &e.Jobs[i]))
	}
	return err
}

func (s *session) showJob(index int, job *common.Job) error {
	option, err := optionFields(job)
	if err != nil {
		return err
	}
	timeout := time.Duration(job.Timeout)
	if timeout == 0 {
		timeout = common.DefaultTimeout
	}
	if _, err := fmt.Fprintf(s.Out, "\njob %d\n", index); err != nil {
		return err
	}
	pairs := slices.Concat([]string{"spec", job.Spec, "timezone", job.Timezone}, s.policyFields(job),
		[]string{"timeout", timeout.String()}, runFields(job), option,
		[]string{"next", s.when(job.State.Next), "prev", s.when(job.State.Prev)})
	return fields(s.Out, "  ", pairs...)
}

// bodyText is the start of a body.
func bodyText(body any) string {
	const limit = 200
	if body == nil {
		return ""
	}
	var w strings.Builder
	encoder := json.NewEncoder(&w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return "" // it was JSON
	}
	text := []rune(strings.TrimSpace(w.String()))
	if len(text) > limit {
		return string(text[:limit]) + "…"
	}
	return string(text)
}

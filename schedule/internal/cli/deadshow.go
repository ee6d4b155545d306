package cli

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
)

// shownLetter is a dead letter in JSON.
type shownLetter struct {
	client.DeadLetter
	Unreadable string `json:"unreadable,omitempty"`
}

// showable hides what looks like a secret: values of headers, and what could not
// be read, which may hold anything.
func showable(l client.DeadLetter, secrets bool) shownLetter {
	out := shownLetter{DeadLetter: l}
	if l.Bad != nil {
		out.Unreadable = l.Bad.Error()
	}
	if secrets {
		return out
	}
	out.Data = nil
	if l.Trigger != nil {
		trigger := *l.Trigger
		trigger.Option = hideOption(trigger.Option)
		out.Trigger = &trigger
	}
	return out
}

func (s *session) showLetters(letters []client.DeadLetter) error {
	all := make([]shownLetter, len(letters))
	rows := [][]string{{"SEQUENCE", "KEY", "JOB", "SCHEDULED", "STORED", "OUTCOME", "ATTEMPTS", "DETAIL"}}
	for i := range letters {
		l := &letters[i]
		all[i] = showable(*l, false)
		if l.Bad != nil {
			rows = append(rows, []string{strconv.FormatUint(l.Sequence, 10), l.Key, "-", "-", s.when(l.Stored), "-", "-", l.Bad.Error()})
			continue
		}
		rows = append(rows, []string{
			strconv.FormatUint(l.Sequence, 10), l.Key, strconv.Itoa(l.Index), s.stamp(l.Scheduled), s.when(l.Stored),
			l.Outcome, strconv.Itoa(l.Attempts), deadDetail(&l.Dead),
		})
	}
	if s.output == outputJSON {
		return s.document(map[string]any{"dead": all})
	}
	if len(letters) == 0 {
		s.nothing()
	}
	return s.table(rows)
}

// deadDetail is why it died.
func deadDetail(d *common.Dead) string {
	return detail(common.Result{Reason: d.Reason, ErrorClass: d.ErrorClass, Error: d.Error})
}

func (s *session) showLetter(l *client.DeadLetter, excerpt string, secrets bool) error {
	out := showable(*l, secrets)
	if s.output == outputJSON {
		return s.document(out)
	}
	pairs := []string{"sequence", strconv.FormatUint(l.Sequence, 10), "key", l.Key, "stored", s.when(l.Stored), "unreadable", out.Unreadable}
	if l.Bad == nil {
		pairs = append(pairs, s.deathFields(&l.Dead)...)
		pairs = append(pairs, "answer", excerpt)
	}
	if len(l.Data) > 0 {
		pairs = append(pairs, "data", fmt.Sprintf("%d bytes", len(l.Data)))
	}
	if secrets {
		pairs = append(pairs, "text", string(l.Data))
	}
	if err := fields(s.Out, "", pairs...); err != nil || out.Trigger == nil {
		return err
	}
	return s.showTrigger(&common.Job{
		Mode: out.Trigger.Mode, Timeout: out.Trigger.Timeout, Attempts: out.Trigger.Attempts, Deadline: out.Trigger.Deadline,
		Overlap: out.Trigger.Overlap, Completion: out.Trigger.Completion, Option: out.Trigger.Option,
	})
}

// deathFields are the names and values of how an occurrence ended.
func (s *session) deathFields(d *common.Dead) []string {
	status, attempts, origin := "", "", ""
	if d.Status != 0 {
		status = strconv.Itoa(d.Status)
	}
	if d.Attempts != 0 {
		attempts = strconv.Itoa(d.Attempts)
	}
	if d.Trigger != nil {
		origin = d.Trigger.Origin
	}
	scheduled := ""
	if !d.Scheduled.IsZero() {
		scheduled = s.when(d.Scheduled)
	}
	return []string{
		"job", strconv.Itoa(d.Index), "id", d.ID, "repeats", origin, "scheduled", scheduled, "died", s.when(d.Died),
		"outcome", d.Outcome, "reason", d.Reason, "attempts", attempts, "status", status,
		"error class", d.ErrorClass, "error", d.Error, "worker", d.Worker,
	}
}

// showTrigger writes what would be run again.
func (s *session) showTrigger(job *common.Job) error {
	option, err := optionFields(job)
	if err != nil {
		option = []string{"option", string(job.Option)} // of another mode, or wrong
	}
	if _, err := fmt.Fprintln(s.Out, "\nwhat it runs"); err != nil {
		return err
	}
	timeout := time.Duration(cmp.Or(job.Timeout, common.Duration(common.DefaultTimeout)))
	pairs := append([]string{"mode", job.Mode, "timeout", timeout.String()}, runFields(job)...)
	return fields(s.Out, "  ", append(pairs, option...)...)
}

func (s *session) showSent(sent []common.Resent) error {
	if s.output == outputJSON {
		if sent == nil {
			sent = []common.Resent{}
		}
		return s.document(map[string]any{"sent": sent})
	}
	for _, again := range sent {
		if _, err := fmt.Fprintf(s.Out, "sent %d again: %s of %s is now %s\n", again.Sequence, plain(again.Dead), again.Key, again.ID); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) showDropped(dropped []uint64) error {
	if s.output == outputJSON {
		if dropped == nil {
			dropped = []uint64{}
		}
		return s.document(map[string]any{"dropped": dropped})
	}
	for _, sequence := range dropped {
		if _, err := fmt.Fprintf(s.Out, "dropped %d\n", sequence); err != nil {
			return err
		}
	}
	return nil
}

package client

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Pause stops all jobs of a schedule until Resume. What would have fired
// meanwhile is not made up. Pausing a paused schedule changes nothing. The
// error is ErrNotFound or ErrBadEntry when there is nothing to pause.
func (s *Schedule) Pause(key string) error {
	ctx, cancel := s.plain()
	defer cancel()
	return s.PauseContext(ctx, key)
}

// PauseContext is Pause with a context.
func (s *Schedule) PauseContext(ctx context.Context, key string) error {
	return s.setPaused(ctx, key, true)
}

// Resume lets the jobs of a paused schedule go on. "@every" keeps its instants,
// as if there had been no pause. Resuming a schedule that is not paused
// changes nothing. The error is ErrNotFound or ErrBadEntry.
func (s *Schedule) Resume(key string) error {
	ctx, cancel := s.plain()
	defer cancel()
	return s.ResumeContext(ctx, key)
}

// ResumeContext is Resume with a context.
func (s *Schedule) ResumeContext(ctx context.Context, key string) error {
	return s.setPaused(ctx, key, false)
}

func (s *Schedule) setPaused(ctx context.Context, key string, paused bool) error {
	return s.update(ctx, key, func(v *stored) ([]byte, error) {
		switch {
		case !v.exists():
			return nil, notFound(key)
		case v.bad != nil:
			return nil, v.bad
		case v.schedule.Paused == paused:
			return nil, nil
		}
		return v.rewrite(paused)
	})
}

// rewrite returns the value with another state of pause. Everything it does
// not know is kept: a newer version may have stored it.
func (v *stored) rewrite(paused bool) ([]byte, error) {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(v.data, &fields); err != nil {
		return nil, fmt.Errorf("rewrite schedule %q: %w", v.key, err) // it was decoded, so this cannot be
	}
	anchor := v.schedule.AnchorOr(v.time)
	gaps := closeGap(v.schedule.Gaps, v.time)
	if !paused {
		gaps = append(gaps, contract.Gap{From: v.time})
	}
	if len(gaps) > contract.MaxGaps {
		gaps = gaps[len(gaps)-contract.MaxGaps:]
	}
	for name, value := range map[string]any{"paused": paused, "anchor": anchor, "gaps": gaps} {
		if err := setField(fields, name, value); err != nil {
			return nil, fmt.Errorf("rewrite schedule %q: %w", v.key, err)
		}
	}
	if !paused {
		delete(fields, "paused")
	}
	if len(gaps) == 0 {
		delete(fields, "gaps")
	}
	return json.Marshal(fields)
}

// closeGap gives the last gap the end that its revision stood for: the
// revision that is being rewritten, which was stored at that time.
func closeGap(gaps []contract.Gap, stored time.Time) []contract.Gap {
	gaps = append([]contract.Gap(nil), gaps...)
	if n := len(gaps); n > 0 && gaps[n-1].To.IsZero() {
		gaps[n-1].To = stored
	}
	return gaps
}

// setField replaces a field however its name is written: readers of JSON in Go
// take "Paused" for "paused".
func setField(fields map[string]json.RawMessage, name string, value any) error {
	for other := range fields {
		if strings.EqualFold(other, name) {
			delete(fields, other)
		}
	}
	raw, err := json.Marshal(value)
	fields[name] = raw
	return err
}

package client_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
)

func TestPreview(t *testing.T) {
	t.Parallel()
	spring := time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC) // the day before the clock jumps ahead in Berlin
	autumn := time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		job    common.Job
		after  time.Time
		anchor time.Time
		n      int
		want   string
	}{
		"gap":           {common.Job{Spec: "30 2 * * *", Timezone: "Europe/Berlin"}, spring, time.Time{}, 2, "03-29T01:00:00 gap, 03-30T00:30:00"},
		"gap skipped":   {common.Job{Spec: "30 2 * * *", Timezone: "Europe/Berlin", DST: common.DST{Gap: common.GapSkip}}, spring, time.Time{}, 1, "03-30T00:30:00"},
		"fold":          {common.Job{Spec: "30 2 * * *", Timezone: "Europe/Berlin"}, autumn, time.Time{}, 2, "10-25T00:30:00 first, 10-26T01:30:00"},
		"fold both":     {common.Job{Spec: "30 2 * * *", Timezone: "Europe/Berlin", DST: common.DST{Fold: common.FoldBoth}}, autumn, time.Time{}, 2, "10-25T00:30:00 first, 10-25T01:30:00 second"},
		"every":         {common.Job{Spec: "@every 15s"}, spring, time.Time{}, 2, "03-28T12:00:15, 03-28T12:00:30"},
		"every, stored": {common.Job{Spec: "@every 15s"}, spring, spring.Add(-10 * time.Second), 2, "03-28T12:00:05, 03-28T12:00:20"},
		"bounds":        {common.Job{Spec: "@hourly", Start: spring.Add(2 * time.Hour), End: spring.Add(3 * time.Hour)}, spring, time.Time{}, 5, "03-28T14:00:00, 03-28T15:00:00"},
		"jitter":        {common.Job{Spec: "@hourly", Jitter: common.Duration(time.Minute)}, spring, time.Time{}, 1, "03-28T13:00:00"},
		"none":          {common.Job{Spec: "@at 2026-03-01T00:00:00Z"}, spring, time.Time{}, 5, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			times, err := client.Preview(c.job, c.n, c.after, c.anchor)
			noError(t, err)
			var got []string
			for _, p := range times {
				got = append(got, strings.TrimSpace(p.Time.Format("01-02T15:04:05")+" "+p.Shift))
			}
			if text := strings.Join(got, ", "); text != c.want {
				t.Errorf("times are %q, want %q", text, c.want)
			}
		})
	}
}

func TestPreviewRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		job  common.Job
		n    int
		want string
	}{
		"spec":     {common.Job{Spec: "x"}, 1, "spec"},
		"timezone": {common.Job{Spec: "@hourly", Timezone: "Nowhere"}, 1, "timezone"},
		"dst":      {common.Job{Spec: "@hourly", DST: common.DST{Gap: "x"}}, 1, "dst.gap"},
		"number":   {common.Job{Spec: "@hourly"}, 1001, "n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := client.Preview(c.job, c.n, time.Now(), time.Time{})
			var field *client.FieldError
			if !errors.Is(err, client.ErrInvalid) || !errors.As(err, &field) || field.Field != c.want {
				t.Errorf("error is %v, want one about %s", err, c.want)
			}
		})
	}
}

//go:build unix

package drill_test

import (
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/e2e/internal/drill"
	"github.com/weplanx/workflow/e2e/internal/fleet"
)

func TestEnough(t *testing.T) {
	t.Parallel()
	floors := []drill.Floor{
		{Kinds: []string{"killed"}, Every: 20 * time.Second},
		{Kinds: []string{"server killed", "server stalled"}, Every: 40 * time.Second},
	}
	for _, c := range []struct {
		name     string
		duration time.Duration
		done     []string
		want     string // in the error; empty: none
	}{
		{"as much as asked for", time.Minute, []string{"killed", "killed", "killed", "server killed", "server stalled"}, ""},
		{"more than asked for", 20 * time.Second, []string{"killed", "killed", "server killed", "server killed"}, ""},
		{"none of one kind", 20 * time.Second, []string{"killed"}, "harm was too little: server killed or server stalled 0, want 1 or more within 20s"},
		{"too few", time.Minute, []string{"killed", "killed", "server killed", "server killed"}, "harm was too little: killed 2, want 3 or more within 1m0s"},
		{"other harm does not count", 20 * time.Second, []string{"stepdown", "server killed"}, "killed 0"},
		{"too short a time for any", 9 * time.Second, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var harmed fleet.HarmLog
			for _, kind := range c.done {
				harmed.Begin(kind, "")()
			}
			plan := drill.Plan{Duration: c.duration}
			err := plan.Enough(&harmed, floors...)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

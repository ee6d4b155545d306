package bootstrap

import (
	"maps"
	"slices"
	"testing"

	"github.com/weplanx/workflow/shared/contract"
)

// A mode that a job may be stored with can be run, and there are no others.
func TestEachModeHasAnExecutor(t *testing.T) {
	t.Parallel()
	got := slices.Sorted(maps.Keys(executors(nil, nil, nil, "beta", nil)))
	if want := slices.Sorted(slices.Values(contract.Modes())); !slices.Equal(got, want) {
		t.Errorf("there are executors for %q, want %q", got, want)
	}
}

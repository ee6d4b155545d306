package bootstrap

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/shared/config"
	"github.com/weplanx/workflow/shared/logging"
)

func quietly() Config {
	c := Config{Config: config.Defaults(DefaultHTTPAddr)}
	c.Log = logging.Discard()
	return c
}

// A stream without a leader, met while a node starts or begins anew after the
// number of partitions was changed, must not end it.
func TestAssemblingSurvivesWhatPasses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		made, err := insist(t.Context(), quietly(), func() (int, error) {
			if tries++; tries < 4 {
				return 0, away(errors.New("JetStream system temporarily unavailable (10008)"))
			}
			return 7, away(nil)
		})
		if made != 7 || err != nil || tries != 4 {
			t.Errorf("made %d, %v in %d tries, want 7 at the fourth", made, err, tries)
		}
	})
}

func TestAssemblingReportsWhatStays(t *testing.T) {
	t.Parallel()
	wrong := errors.New("wrong")
	tries := 0
	_, err := insist(t.Context(), quietly(), func() (int, error) { tries++; return 0, wrong })
	if !errors.Is(err, wrong) || tries != 1 {
		t.Errorf("%v in %d tries, want the error at once", err, tries)
	}
}

func TestAssemblingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := insist(ctx, quietly(), func() (int, error) { return 0, away(errors.New("no leader")) })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the end of the context", err)
		}
	})
}

package natskv_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/schedule/internal/core/porttest"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
)

func TestSchedulesConform(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	namespaces := make(chan contract.Names, 26)
	for c := 'a'; c <= 'z'; c++ {
		namespaces <- contract.Names(c)
	}
	porttest.Schedules(t, func(t *testing.T) (core.Schedules, porttest.Bucket) {
		b := open(t, server, <-namespaces)
		s, ok := b.Store.(core.Schedules)
		if !ok {
			t.Fatalf("%T is no core.Schedules", b.Store)
		}
		return s, b
	})
}

// While no server answers it is not said that there is no schedule.
func TestLatestWithoutServer(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	b := open(t, server, "ns")
	b.Put("a", []byte("x"))
	server.Stop()
	s, ok := b.Store.(core.Schedules)
	if !ok {
		t.Fatalf("%T is no core.Schedules", b.Store)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := s.Latest(ctx, "a"); err == nil || errors.Is(err, core.ErrNoSchedule) {
		t.Errorf("Latest = %v, want an error that leaves it open", err)
	}
}

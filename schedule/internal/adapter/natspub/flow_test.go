package natspub

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// entering has batches of the given sizes enter at a time of their own, and
// returns how many got in.
func entering(t *testing.T, f *flow, sizes ...int) (in func() int, leave []func()) {
	t.Helper()
	var count atomic.Int64
	leave = make([]func(), len(sizes))
	for i, size := range sizes {
		go func() {
			l, err := f.enter(t.Context(), size)
			if err == nil {
				leave[i] = l
				count.Add(1)
			}
		}()
		synctest.Wait()
	}
	return func() int { synctest.Wait(); return int(count.Load()) }, leave
}

func TestFlowBoundsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		size  int
		count int // that fit
	}{
		{"cursors alone", 1, 16},
		{"small", flowUnit, 16},
		{"half full", 251, 4},
		{"full", 501, 2},
		{"more than there is room for", 5000, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f, sizes := newFlow(), make([]int, test.count+3)
				for i := range sizes {
					sizes[i] = test.size
				}
				in, leave := entering(t, f, sizes...)
				for i := range sizes {
					if got, want := in(), min(test.count+i, len(sizes)); got != want {
						t.Fatalf("%d got in after %d left, want %d", got, i, want)
					}
					leave[i]()
				}
			})
		})
	}
}

func TestFlowServesInTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFlow()
		in, leave := entering(t, f, 501, 1, 501, 1)
		if in() != 2 || leave[2] != nil || leave[3] != nil {
			t.Fatal("a small batch overtook a large one that waits")
		}
		leave[0]()
		if in() != 4 {
			t.Errorf("%d got in, want all", in())
		}
	})
}

func TestFlowGivesBackWhatItTookWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFlow()
		leave, err := f.enter(t.Context(), 501)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for range 2 { // the second one does not even come to its turn
			if _, err := f.enter(ctx, 2000); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("enter = %v, want that the time is over", err)
			}
		}
		leave()
		if len(f.room) != 0 || len(f.turn) != 0 {
			t.Errorf("%d units and %d turns are still taken", len(f.room), len(f.turn))
		}
	})
}

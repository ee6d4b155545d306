package core_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weplanx/workflow/schedule/internal/core"
)

func TestFiguresOfANodeThatWorks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(20, every("@every 1s"))
		a, stopA := c.start("a")
		defer stopA()
		b, stopB := c.start("b")
		time.Sleep(30 * time.Second)
		f, g := a.Figures(), b.Figures()
		want := core.Figures{Ready: true, Schedulers: 2, Partitions: partitions, Owned: f.Owned, Schedules: 20}
		if f != want || f.Owned+g.Owned != partitions {
			t.Errorf("got %+v and %+v, want them to share %d partitions and to be up to date", f, g, partitions)
		}
		stopB()
		time.Sleep(5 * time.Second)
		if f := a.Figures(); f.Schedulers != 1 || f.Owned != partitions {
			t.Errorf("alone it has %+v", f)
		}
	})
}

// Whatever keeps a node from publishing, what waits for it grows older, also
// between two attempts.
func TestOverdueGrowsWhileNothingCanBePublished(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{"full": core.ErrFull, "unknown outcome": errors.New("timeout"), "another is faster": core.ErrFenced} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := newCluster(t)
				var fails atomic.Bool
				c.pub.OnCommit(func(int, core.Step) (error, error) {
					if fails.Load() {
						return failure, nil
					}
					return nil, nil
				})
				c.fill(20, every("@every 1s"))
				e, stop := c.start("a")
				defer stop()
				time.Sleep(10 * time.Second)
				fails.Store(true)
				for age := 2 * time.Second; age < time.Minute; age += 777 * time.Millisecond {
					time.Sleep(777 * time.Millisecond)
					// The last trigger was stored core.Ahead before it was due.
					got, want := e.Figures(), time.Since(c.began.Add(11*time.Second))
					if got.Overdue < want-time.Second || got.Overdue > want+time.Second {
						t.Fatalf("overdue %s, want about %s", got.Overdue, want)
					}
					if want > 10*time.Second && got.Full != errors.Is(failure, core.ErrFull) {
						t.Fatalf("full %v", got.Full)
					}
				}
				fails.Store(false)
				time.Sleep(10 * time.Second)
				if f := e.Figures(); f.Overdue != 0 || f.Full || f.CatchingUp != 0 {
					t.Errorf("afterwards it has %+v", f)
				}
			})
		})
	}
}

func TestOverdueWithoutACursor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(20, every("@every 1h"))
		c.pub.Lose(1)
		e, stop := c.start("a")
		defer stop()
		time.Sleep(time.Minute)
		if got := e.Figures().Overdue; got < 50*time.Second || got > time.Minute {
			t.Errorf("overdue %s after a minute without a cursor", got)
		}
	})
}

// A node that does not hear of itself owns nothing; that it is not ready tells it.
func TestFiguresOfANodeThatIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(20, every("@every 1s"))
		e, stop := c.start("a")
		defer stop()
		time.Sleep(10 * time.Second)
		c.store.SetDeaf(true)
		time.Sleep(time.Minute)
		if f, want := e.Figures(), (core.Figures{Partitions: partitions, Schedules: 20}); f != want {
			t.Errorf("got %+v, want %+v", f, want)
		}
	})
}

// A catch-up that takes several commits is seen between them.
func TestCatchingUpIsSeen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(partitions*core.DefaultLimits.Triggers, every("@every 1s"))
		time.Sleep(time.Hour)
		var node atomic.Pointer[core.Engine]
		var during atomic.Pointer[core.Figures]
		c.pub.OnCommit(func(_ int, step core.Step) (error, error) {
			if step.Cursor.CatchUp != nil {
				f := node.Load().Figures()
				during.Store(&f)
			}
			return nil, nil
		})
		e, stop := c.start("a")
		node.Store(e)
		time.Sleep(10 * time.Second)
		defer stop()
		if f := during.Load(); f == nil || f.CatchingUp == 0 || f.Overdue < time.Hour-time.Minute {
			t.Errorf("while it caught up it had %+v", f)
		}
		if f := e.Figures(); f.CatchingUp != 0 || f.Overdue != 0 {
			t.Errorf("afterwards it has %+v", f)
		}
	})
}

func TestBadEntriesAreThoseThatAreStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t)
		c.fill(3, every("@every 1h"))
		c.store.Put("bad1", []byte("{"))
		e, stop := c.start("a")
		defer stop()
		check := func(what string, schedules, bad int) {
			t.Helper()
			time.Sleep(time.Second)
			if f := e.Figures(); f.Schedules != schedules || f.BadEntries != bad {
				t.Errorf("%s: %d schedules, %d of them bad, want %d and %d", what, f.Schedules, f.BadEntries, schedules, bad)
			}
		}
		check("from the beginning", 4, 1)
		c.store.Put("bad2", []byte("["))
		c.store.Put("bad2", []byte("]"))
		check("another, twice", 5, 2)
		c.store.Set("bad1", every("@every 1h"))
		check("mended", 5, 1)
		c.store.Delete("bad2")
		check("removed", 4, 0)
	})
}

package ledger

import "fmt"

// Complete reports how many of the first n occurrences of every key have ended,
// and how many there are.
func (l *Ledger) Complete(n int) (done, want int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.keys {
		done += a.ended(n)
	}
	return done, n * len(l.keys)
}

// Closed is Complete for everything that is due before the removals: both are 0
// for keys that have not been removed.
func (l *Ledger) Closed() (done, want int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range l.keys {
		done, want = done+a.ended(a.last), want+a.last
	}
	return done, want
}

// ended counts those of the first n that have.
func (a *account) ended(n int) (done int) {
	for i := 1; i <= n; i++ {
		if a.seen[i].ended() {
			done++
		}
	}
	return done
}

// Totals counts what was seen of all keys. Expected is 0 until they have been
// removed.
type Totals struct {
	Keys, Expected, Occurrences, Triggers, Calls, Again, Finals, Missed int
}

// Totals returns the sums of the books.
func (l *Ledger) Totals() Totals {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := Totals{Keys: len(l.keys)}
	for _, a := range l.keys {
		t.Expected += a.last
		t.Occurrences += len(a.seen)
		for _, e := range a.seen {
			t.Triggers += e.published
			t.Calls += len(e.called)
			t.Again += max(len(e.called)-1, 0)
			t.Finals += len(e.finals)
			t.Missed += len(e.missed)
		}
	}
	return t
}

// String is one line for a test's output.
func (t Totals) String() string {
	return fmt.Sprintf("%d keys, %d occurrences expected, %d seen: %d triggers, %d calls (%d of them again), %d final records, %d missed",
		t.Keys, t.Expected, t.Occurrences, t.Triggers, t.Calls, t.Again, t.Finals, t.Missed)
}

// Reached is how many occurrences have ended of the key that is behind most.
func (l *Ledger) Reached() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	reached := beyond
	for _, a := range l.keys {
		n := 0
		for a.seen[n+1].ended() {
			n++
		}
		reached = min(reached, n)
	}
	return reached
}

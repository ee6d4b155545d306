package fleet

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// HarmLog remembers what was done when. It is safe for concurrent use; the zero
// value is ready.
type HarmLog struct {
	mu   sync.Mutex
	done []*Harm
}

// Harm is something that was done to a process.
type Harm struct {
	Kind     string
	Name     string // of the process; empty: to none in particular
	From, To time.Time
}

// Begin notes a harm, which lasts until end is called.
func (l *HarmLog) Begin(kind, name string) (end func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := &Harm{Kind: kind, Name: name, From: time.Now()}
	l.done = append(l.done, h)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		h.To = time.Now()
	}
}

// All are the harms so far, in the order of their beginnings. To is zero for
// those that last.
func (l *HarmLog) All() []Harm {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([]Harm, len(l.done))
	for i, h := range l.done {
		all[i] = *h
	}
	return all
}

// String counts the harms by kind.
func (l *HarmLog) String() string {
	counts := map[string]int{}
	for _, h := range l.All() {
		counts[h.Kind]++
	}
	return Listed(counts)
}

// Write writes a line for each harm.
func (l *HarmLog) Write(w io.Writer) error {
	for _, h := range l.All() {
		_, err := fmt.Fprintf(w, "%s to %s: %s %s\n", h.From.UTC().Format(time.RFC3339Nano), h.To.UTC().Format(time.RFC3339Nano), h.Kind, h.Name)
		if err != nil {
			return err
		}
	}
	return nil
}

// Listed is counts as text, in alphabetical order.
func Listed(counts map[string]int) string {
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%s %d", kind, counts[kind]))
	}
	return strings.Join(parts, ", ")
}

// Quantiles of durations, as a line.
func Quantiles(all []time.Duration) string {
	if len(all) == 0 {
		return "none"
	}
	all = slices.Sorted(slices.Values(all))
	at := func(q float64) time.Duration {
		return all[int(q*float64(len(all)-1))].Round(time.Millisecond)
	}
	return fmt.Sprintf("p50 %s, p99 %s, max %s (%d)", at(0.5), at(0.99), at(1), len(all))
}

// Package leaktest looks for goroutines that tests leave behind.
package leaktest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long goroutines may take to end: far more than goleak's half a
// second, in which those of a busy machine may not even be scheduled.
const patience = 30 * time.Second

// Main is goleak.VerifyTestMain with more patience. It does not return.
func Main(m *testing.M, options ...goleak.Option) {
	code := m.Run()
	if code == 0 {
		if err := find(options); err != nil {
			_, _ = fmt.Fprintln(os.Stderr, "goroutines are left:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// find tells what is left after all.
func find(options []goleak.Option) error {
	limit := time.Now().Add(patience)
	for {
		err := goleak.Find(options...)
		if err == nil || time.Now().After(limit) {
			return err
		}
	}
}

// Package system is the clock and the chance of the machine.
package system

import (
	"context"
	crand "crypto/rand"
	"encoding/hex"
	"math/rand/v2"
	"time"
)

// Clock is core.Clock on the system's clock.
type Clock struct{}

// Now returns the current time.
func (Clock) Now() time.Time { return time.Now() }

// Sleep blocks for d, or until ctx ends, whose cause it then returns.
func (Clock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Random is core.Random on the system's source.
type Random struct{}

// Fraction is at least 0 and less than 1.
func (Random) Fraction() float64 { return rand.Float64() } //nolint:gosec // jitter, nothing to guess

// ID is 32 hexadecimal digits.
func (Random) ID() string {
	var b [16]byte
	_, _ = crand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

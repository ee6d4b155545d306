package client

import (
	"time"

	"github.com/weplanx/workflow/shared/spec"
)

// Preview returns up to n nominal times of a spec after an instant, in UTC.
// "@every" counts from that instant. It needs no server. The error is
// ErrInvalid, with a *FieldError that names "spec" or "timezone".
func Preview(text, timezone string, after time.Time, n int) ([]time.Time, error) {
	sp, err := spec.Parse(text, timezone)
	if err != nil {
		return nil, invalid(err)
	}
	var times []time.Time
	for at := after; len(times) < n; {
		next, ok := sp.Next(at, after)
		if !ok {
			break
		}
		times, at = append(times, next), next
	}
	return times, nil
}

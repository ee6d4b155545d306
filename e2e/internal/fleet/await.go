package fleet

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	pollEvery  = 50 * time.Millisecond
	getTimeout = 2 * time.Second
	shownBytes = 300 // of an answer
)

// Await calls done until it returns nil; what names it when it takes longer
// than limit.
func Await(ctx context.Context, limit time.Duration, what string, done func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := done()
		if err == nil {
			return nil
		}
		if !Pause(ctx, pollEvery) {
			return fmt.Errorf("waited %s for %s: %w", limit, what, err)
		}
	}
}

// Pause waits; false: ctx ended before.
func Pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Random is a whole number of milliseconds between low and high.
func Random(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(high-low)/1e6+1))*time.Millisecond
}

// Get returns nil when the answer is 200, and otherwise an error that tells how it
// begins.
func Get(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, getTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, shownBytes)) // what is there will do
		return fmt.Errorf("%s answers %s: %s", url, response.Status, text)
	}
	return nil
}

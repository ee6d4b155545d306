//go:build race

package core_test

// checks is how often rapid runs a property under the race detector, which has
// nothing to find in them: each is a single goroutine, and ten times as slow.
const checks = "100"

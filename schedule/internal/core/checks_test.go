//go:build !race

package core_test

// checks is how often rapid runs a property: the model's rarest paths need more
// than its 100 runs, and they are cheap.
const checks = "3000"

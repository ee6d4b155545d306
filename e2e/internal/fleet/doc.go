// Package fleet is what trials by processes share: programs that can be killed,
// stalled and started again, a cluster of NATS servers made of them, and the
// book of what was done to them.
package fleet

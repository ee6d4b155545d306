// Package inprocess tests schedulers and workers together through their public
// packages, on a NATS server in the test's own process. It needs no Docker; the
// same questions are asked of real containers in package container.
package inprocess

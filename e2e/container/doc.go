// Package container tests the product from outside, in containers: a NATS
// server with NKEY authentication, schedulers that read the documents'
// config.yml and workers that read the documents' environment.
//
// The tests need a Docker engine, 20.10 or newer, and have the build tag e2e,
// so that without one they are left out visibly instead of being skipped. They
// pull nothing: every image is made FROM scratch out of a static program that
// is compiled here. Names are unique to a run, and containers, networks and
// images are removed at its end.
package container

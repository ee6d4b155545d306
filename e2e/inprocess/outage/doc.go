// Package outage tests what outages of minutes and days leave behind, within
// seconds: schedulers, a worker and a NATS server of their own live in a bubble
// of testing/synctest, whose clock goes on as soon as all of them wait. They are
// the real ones; only their connections are pipes, since a bubble cannot wait
// for a socket.
//
// It is a package by itself because nats.go keeps timers for use by whoever
// comes next, and those of a bubble must not get out of it.
package outage

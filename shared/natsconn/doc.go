// Package natsconn connects a service to NATS.
//
// What can be waited for is waited for: a server that is down, not resolvable
// or unreachable. What cannot change by waiting is an error that names the
// setting: a credential that a server refuses, a certificate that does not
// fit, a file that cannot be read.
//
// A connection outlives its servers: it reconnects for as long as it takes, and
// leaves a server that is up but has lost the other ones (see [Stay]).
package natsconn

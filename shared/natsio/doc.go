// Package natsio does on a connection to NATS what nats.go does not do, or not as
// the services need it: it reads a message from the leader of a stream ([Get]),
// passes on what comes on a subject until the very end ([Receive]), and tells who
// has published what the server refuses ([Refusals]).
package natsio

// Package natsjobs is the queue of triggers: a durable pull consumer on the
// namespace's trigger stream, shared by all workers.
//
// Pull requests are written here instead of with the Consume, Messages or
// Fetch of nats.go. Those read ahead, so that triggers would wait in a worker
// that cannot run them while another could; they drop what is on its way when
// they are stopped, which would delay those triggers by the ack wait; and they
// take an empty message with a Status header for the server's, so that one such
// trigger would end every pull.
package natsjobs

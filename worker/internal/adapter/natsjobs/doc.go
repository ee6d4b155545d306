// Package natsjobs is the queue of triggers: a durable pull consumer on the
// namespace's trigger stream, shared by all workers.
//
// Pull requests are written here instead of with the Consume, Messages or
// Fetch of nats.go. Those read ahead, so that triggers would wait in a worker
// that cannot run them while another could; they drop what is on its way when
// they are stopped, which would delay those triggers by the ack wait; and they
// take an empty message with a Status header for the server's, so that one such
// trigger would end every pull.
//
// # What waits counts
//
// A trigger that was handed back with a delay stays pending at the server: for
// its next attempt, for a target that is busy, for its turn among the occurrences
// of its job, for a completion. At maxAckPending the server delivers nothing new,
// of whatever schedule. With the default start deadline of an hour one target that
// hangs for so long gets there with 83 triggers a second, all targets and long
// jobs together; what is beyond waits in the stream, in order, and expires by its
// own deadline. Nothing is lost, but others wait until the first of them have
// ended.
//
// The limit is not higher because the server looks through all that is pending
// whenever one is handed back. Measured on two busy cores, three servers, R3, with
// triggers that are stored and delivered meanwhile, p50 and p99: none pending 0.7
// and 15 ms, 90,000 pending 0.7 and 79 ms, 300,000 pending 11 and 650 ms; on one
// server 1,000,000 pending 33 and 440 ms. How often they come again matters more:
// 4,000 a second 0.7 and 91 ms, 18,000 a second 1.5 s and 9.4 s. Therefore the core
// lets a trigger wait the longer the longer it has waited.
package natsjobs

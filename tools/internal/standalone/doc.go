// Package standalone runs everything in one process: nats-server with
// JetStream, a scheduler and a worker, with the data in a folder. It is for
// trying the product out and for small sites that need no failover.
//
// What can be wrong with the machine (the folder, the ports, a second copy) is
// found out before anything is started, so that a mistake costs one line.
package standalone

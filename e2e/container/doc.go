// Package container tests the product from outside, in containers: three NATS
// servers as natsconf configures them (NKEY, TLS, least privilege), schedulers and
// workers from the Dockerfiles and manifests of deploy/, and targets in the test's
// process. Every scenario in which schedules fire ends with the ledger: what they
// demand, computed apart from the engine, against the triggers that were stored, the
// final records and the webhook-ids that arrived. The other tests are about the
// images, credentials that are refused, and the logs that are kept.
//
// The tests need a Docker engine, 20.10 or newer, on this machine, and have the
// build tag e2e, so that without one they are left out visibly instead of being
// skipped. They pull nothing but what a registry in the test's process offers,
// unless E2E_NATS_IMAGE names another image of NATS: every image is made FROM
// scratch out of a static program that is compiled here. E2E_PREVIOUS names the
// commit from which updates start.
//
// # Clusters
//
// Three clusters are started when they are first asked for and shared by the
// scenarios, each of which has a namespace of its own:
//
//   - mainCluster: all in one network.
//   - plainCluster: the same, but clients need no TLS, as in the documents.
//   - splitCluster: a network between the servers, and one from each of them to
//     the services, so that they can be cut apart one by one.
//
// The scenario of deploy/compose has a server of its own. Tests that harm shared
// servers, and the one that takes times, run first, one after the other; the others
// run side by side.
//
// # What is left
//
// A label that is unique to a run is on everything that it makes. Containers,
// networks, volumes and images are removed at its end, also when it is interrupted
// (SIGINT, SIGTERM) or takes too long; a run at whose end anything else was left
// removes that, too, and fails. When a test fails the logs of its containers, and of
// the servers, are in its folder of artifacts, and when a run is broken off those of
// all containers are in one.
package container

// Package natsconf writes the configuration of NATS servers under which
// namespaces cannot see each other and each program may do what it needs.
//
// # Why accounts
//
// A server's permissions say which subjects a user may name as the subject of a
// message. They do not say which subjects it may name as the place for an
// answer: whoever may send one request of the JetStream API can have the server
// publish to any subject of the account, with the server's authority. A direct
// get with the reply subject "other.cursors.0" stores what the asker has written
// before, headers and all, in another namespace's stream; with "Nats-Rollup: all"
// among them it wipes that stream. No list of subjects prevents that. A wall
// between accounts does: what crosses it by a service import is answered to a
// subject that the server makes up, on the importing side of the wall.
//
// So a namespace has two accounts of its own:
//
//   - {ns}.engine holds the streams, the schedulers, the workers and the admin.
//   - {ns}.client has no JetStream. Applications are in it, and what they need
//     of the engine is imported, subject by subject.
//
// Between two namespaces nothing is imported, so they cannot see each other,
// whatever a user of one sends. An application cannot reach its own namespace's
// triggers and cursors either, by no reply subject and no deliver_subject: the
// accounts' wall holds where permissions would not.
//
// Workers share the schedulers' account. Across accounts the server does not
// notice that a worker that asked for triggers has gone, when the stream is led
// by another server, and goes on to send to it: in a cluster of three those
// triggers came to the next worker after the ack wait, 20 s, instead of at once. Workers, schedulers and the admin are run by the same
// people; permissions keep them to what they need, but a worker that was taken
// over could disturb its own namespace's schedulers.
//
// # What crosses
//
// The table of permissions (see [Roles]) is the only source. A [Grant] of the
// client's whose Via says so becomes an export of the engine, an import of the
// client's account, and the user's permission, so these cannot differ.
package natsconf

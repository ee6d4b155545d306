// Package contract is the wire contract of the product: the messages that
// applications, schedulers and workers exchange over NATS, the names of the
// buckets, streams and subjects they travel on, and the HTTP headers of a
// callback.
//
// All messages are JSON in UTF-8 and carry a version field "v". Adding an
// optional field does not change the version: readers ignore fields they do
// not know. A change that an older reader would misunderstand raises
// [Version]; a reader refuses a message with a version above its own
// ([ErrNewer]) instead of guessing. Golden files under testdata pin every
// message byte for byte.
//
// The package imports the standard library only, so a program that embeds the
// client does not inherit dependencies from it.
package contract

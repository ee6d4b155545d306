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
// # Where the messages are
//
//	{ns}_schedules  bucket  {key}                       Schedule, and Heartbeat under NodePrefix
//	{ns}_triggers   stream  {ns}.triggers.{mode}.{key}  Trigger, until it is acknowledged
//	                        {ns}.cursors.{partition}    Cursor
//	{ns}_results    stream  {ns}.results.{key}          Result
//	{ns}_dead       stream  {ns}.dead.{key}             Dead, until it is sent again or dropped
//	{ns}_runs       stream  {ns}.runs.{name}            states of workers, of no use to others
//	core NATS               {ns}.events.{key}           Event
//	                        {ns}.jobs.{subject}         what jobs of mode NATS publish
//	                        {ns}.complete.{token}       Completed
//	                        {ns}.schedule.{endpoint}    requests to the schedulers' micro service
//
// # Occurrences
//
// Whatever is run has an ID, the same in its trigger, its records, its dead
// letter and, as webhook-id, in its callbacks. A planned occurrence's follows from
// namespace, key, index and nominal time ([OccurrenceID]), that of a run by hand
// from the request ([ManualID]). A dead letter that is sent again becomes an
// occurrence of its own ([AgainID]), which carries the first one's ID as Origin:
// that is the webhook-id of its callbacks, so that a target that has seen it can
// tell.
//
// The package imports the standard library only, so a program that embeds the
// client does not inherit dependencies from it.
package contract

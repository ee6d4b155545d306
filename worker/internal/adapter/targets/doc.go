// Package targets shares out calls among the targets, so that one that hangs,
// fails or is slow leaves the others untouched. It is core.Targets in memory;
// every worker decides for itself.
//
// # The way in
//
// A call for a target is admitted when three things hold, looked at in this
// order: its breaker lets it, a place is free (Concurrency), and a token is
// there (Rate). Otherwise it waits in the target's room, first come first
// served, or it is refused with a time after which it is worth asking again.
// What is refused waits in the queue, where it takes nothing of the worker.
//
//	Enter ─▶ breaker ─▶ room (while the wait is short) ─▶ place ─▶ done
//	            └─ refused ─┴─ refused
//
// # How many places there are
//
// A target has Concurrency places, and fewer when the worker's own slots become
// scarce: beyond its first call it gets another only while it has no more than are
// free then. One target that hangs takes half of the slots at most, a second one
// half of what is left, and so on, and some stay free for those that answer. These
// are the dynamic thresholds by which switches share a buffer among their ports
// (Choudhury and Hahne, 1998). Nothing has to be known of a target for that, and no
// time to pass, so hosts that begin to hang together do no harm before it shows.
//
// # How long the room will take
//
// A call waits only while its expected wait is at most maxWait. A running call
// that is younger than a typical one is expected to end at the rate of one
// typical duration, an older one at the rate of one of its age: what has
// taken long will take long. The sum of these rates over the running calls is
// how many places become free a second, and the places ahead divided by it is
// the expected wait. So a host that hangs is noticed while its first calls
// still run, and one long call among many short ones changes little.
//
// The estimate is made anew while calls wait. When it has grown, those at the
// back whose wait would be too long are let go; nobody waits longer than
// maxWait in any case. 10,000 calls of 5 ms that come at once all flow through
// 32 places: they need 1.6 s.
//
// # When to ask again
//
// Calls that are refused are given times one after the other, at twice the pace
// at which the target is expected to take them and from when the room is half
// empty: they come back as places become free, not all at once, and soon enough
// when the target is faster than it seemed. Times lie within spread of the first
// one; calls beyond that are strewn over the later half of it. A herd that the
// room cannot hold is worked off as fast as its target can, each call being
// refused once or twice.
//
// # The breaker
//
// It opens after failures consecutive temporary failures and refuses all calls
// for openFor. Then it lets one through, the probe, and refuses the others until
// the probe has ended: an answer, even a permanent failure, closes it, another
// temporary failure opens it anew. A probe that takes longer than probePatience
// is passed over and the next call is a probe as well. Nothing is ever failed
// here: calls are put off. An answer with Retry-After has all calls of the
// target put off until then. With NoBreaker that is all that puts calls off for a
// failure.
//
// # Memory
//
// Whoever may store schedules chooses the targets. Those without calls are
// forgotten after idleFor, and the least recently used of them when there are
// more than maxIdle; those with calls are as many as the worker's calls.
package targets

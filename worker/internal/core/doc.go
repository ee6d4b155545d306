// Package core runs triggers: the hexagon of the worker. It knows time, calls
// and records, and nothing of NATS, HTTP, logging or the environment.
//
// # The life of a trigger
//
// A trigger is delivered by the [Queue] and stays in it until it is
// acknowledged. The worker takes it through these states:
//
//	delivered → held (until due) → waiting (for its target, for a slot) → called → recorded → acknowledged
//	                                                                             ↘ handed back (to be tried again later)
//
// Delivered: the bytes are read by [read], a pure function. What can never
// become a call (garbage, an unknown mode, missing fields) is kept as a dead
// letter, recorded as failed and acknowledged, so that it neither loops nor
// stalls others. A trigger written by a newer version of the product is handed
// back for a worker that understands it, for a day. One of mode MISSED is
// recorded, never called.
//
// Held: schedulers store triggers up to a second before they are due. Waiting
// for that takes no slot, so a held trigger never keeps a due one from being
// called. One that is due much later is handed back with a delay. One whose
// first attempt would start later than its job allows has expired.
//
// Waiting: [Targets] share out the calls among the hosts. A trigger waits about
// a second for a place at its target, holding no slot, and is handed back when
// there is none; so one that hangs or fails leaves the others untouched. Then it
// waits for a slot: at most Concurrency calls run at once. The worker asks the
// queue for no more than it can soon run ([gate]), those that wait for targets
// not counted; what it cannot take is left to others. In all it has at most
// MaxHeld that wait and twice Concurrency that do not. The keeper extends the
// deadlines of all.
//
// Called: a delivery that is not the first, or that starts suspiciously late,
// is looked up in the [ResultLog] first: when its occurrence has a final
// record already it only has to be acknowledged, and when its last attempt has
// been made only the end is missing. Then the [Executor] of its mode makes one
// attempt, limited by the job's timeout.
//
// Recorded: [Decide], a pure function, says what the answer means. The attempt
// is recorded, and, when it ends the occurrence, the final record as well. Before
// that a trigger that ended without success goes to the [DeadLetters].
//
// # Invariants
//
//   - A trigger is acknowledged only after the record that accounts for it is
//     stored. When that fails for [storePatience] the trigger is handed back;
//     when handing back fails too, the queue delivers it again by itself.
//   - Records carry an ID made of the occurrence's ([RecordID]); the log drops
//     a second one, so a repeated write changes nothing.
//   - The number of an attempt is one more than the highest in the log, so that
//     deliveries without a call use no attempt up. A call lost with its worker
//     left no record, and its number is used again; so is that of a call which
//     its worker cut off.
//   - Nothing is retried here without going through the queue, so a retry
//     survives the worker as well.
//
// A worker that dies between a call and its records has made a call that
// nobody knows of: another worker repeats it with the same ID. That is the
// "at least once" that callbacks are promised; the ID lets receivers make it
// exactly once.
//
// # Events
//
// An event is not persistent: it is called at once, never retried, and ends
// with an attempt and a final record under an ID of its own.
//
// # Stopping
//
// When Run's context ends the worker stops asking for triggers and hands back
// those that have not been called, but only once the queue delivers no more,
// lest it get them again. Calls under way have the grace period to finish;
// then they are cut off, recorded with error class "stopped", and handed back.
package core

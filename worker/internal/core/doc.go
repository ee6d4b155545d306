// Package core runs triggers: the hexagon of the worker. It knows time, calls
// and records, and nothing of NATS, HTTP, logging or the environment.
//
// # The life of a trigger
//
// A trigger is delivered by the [Queue] and stays in it until it is
// acknowledged. The worker takes each delivery through these stages, any of which
// may end it: by the end of the occurrence, or by handing it back, to be
// delivered again to any worker after a while.
//
//	delivered → held → looked up → in turn → at its target → in a slot → called → recorded → acknowledged
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
// called. One that is due much later is handed back.
//
// Looked up: of anything but a first delivery that was stored a moment ago the
// [ResultLog] is asked how far its occurrence has come; before that, of one that
// comes again after a while, [States] whether it waits for a completion. With a
// final record it only has to be acknowledged; when its last attempt has been made, and its worker died then,
// only the end is missing; otherwise the log says how many attempts there were.
// One whose first attempt would start later than its job allows has expired;
// that is looked at again when it has waited.
//
// In turn: of a job with the policy "skip" or "queue" one occurrence runs at a
// time; see below.
//
// At its target: [Targets] share out the calls among the hosts. A trigger waits
// up to two seconds for a place, holding no slot, and is handed back when there is
// none, so that a target that hangs or fails leaves the others untouched.
//
// In a slot: at most Concurrency calls run at once. The worker asks the queue
// for no more than it can soon run ([gate]): those that are held do not count, up to
// MaxHeld of them, nor do some that wait for their target. What it cannot take is left
// to others. The keeper extends the deadlines of all that it has.
//
// Called: the [Executor] of the trigger's mode makes one attempt, limited by the
// job's timeout.
//
// Recorded: [Decide], a pure function, says what the answer means. In this order:
// the attempt is recorded; if it was the last and no success, the trigger is kept
// as one of the [DeadLetters]; the final record is stored; the turn is given up;
// the trigger is acknowledged. The two records of an attempt that ends the
// occurrence without a dead letter are stored with those of others ([recorder]): see
// ADR 6.
//
// # Invariants
//
// A trigger is acknowledged only after what accounts for it is stored. Storing is
// tried for [storePatience], because the call would have to be repeated otherwise;
// then the trigger is handed back; when handing back fails too, the queue delivers
// it again by itself.
//
// There is one final record. Records are named by [RecordID], and the log drops a
// second one of the same name for two minutes. A worker may come later than that
// with a second one, when it stalled or was cut off, so that the queue gave the
// trigger to another. Therefore the log is asked before the call, before the first
// record and before the end whenever the trigger was stored, or the log was asked,
// longer than [fresh] ago; fresh and all patience together are shorter than the two
// minutes. What is left is a worker that stalls for minutes between two of its own
// instructions there.
//
// The number of an attempt is one more than the highest in the log, so that
// deliveries without a call use no attempt up: see ADR 1. The record of an attempt
// decides what follows from it, before any of that happens, so a worker that dies
// in the middle of it changes nothing. A call lost with its worker left no record,
// and its number is used again; so is that of a call which its worker cut off
// (error class "stopped").
//
// Nothing goes round for ever. Attempts are limited; the first of them must
// start before the deadline, which also ends a trigger that kills every worker
// that calls it; each further one within [maxPause], however busy its target is; a
// completion has a deadline. Only a store that stays away keeps triggers in the
// queue.
//
// Nothing is retried here without going through the queue, so a retry survives the
// worker as well.
//
// A worker that dies between a call and its records has made a call that nobody
// knows of: another worker repeats it with the same ID. That is the "at least
// once" that callbacks are promised; the ID lets receivers make it exactly once.
//
// # Overlap
//
// Which occurrence of a job has its turn, and who waits, is one state ([job],
// whose transitions are pure functions), kept in [States] and changed by
// compare-and-set: see ADR 3. A turn belongs to an occurrence, lasts for Turn and
// is prolonged while a worker has the trigger. When that is handed back the turn is
// left to whoever gets it next, for the delay and a minute. With "skip" all others
// end meanwhile, recorded as skipped; with "queue" they are handed back, and of
// those who have asked within the last Turn the first by due time gets the next
// one. One that was tried already is never skipped: it waits.
//
// A change whose outcome is not known may have been made, or be made later. The
// state is read again then, and each transition accepts that it was made before.
// Made later it fails, since it names the revision that it came from.
//
// Two occurrences can run at once only when the turn of one ended before its call:
// its worker stalled, or could not reach the store, for all of Turn. A worker that
// dies costs the job Turn at most, mostly less: its trigger comes to another worker,
// which goes on with the turn. A final record whose turn could not be given up is
// followed by no acknowledgement: the next delivery gives it up.
//
// # Completions
//
// A target may accept a call and report its end later. The attempt is recorded as a
// success that waits ([contract.ReasonOpen]); then the state of the completion is
// stored:
//
//	absent → open → closed → done
//
// Closed by [Worker.Complete] as the target reports, or by the delivery of the
// trigger after the deadline as lost; compare-and-set lets one of them. The dead
// letter, the final record, the end of the turn and "done" follow from what is
// stored, and whoever finds a closed state goes on with them: the one who closed
// it, at once, or the next delivery of the trigger. That comes every [MaxBackoff]
// as long as the completion is open, and stays in the queue until the final record
// is there. The delivery goes by the state: what the log has stored of a busy key
// during a long job may be more than can be read at once. Only of a closed one the
// log is asked whether the end has been recorded, and then from the time on when it
// was closed. States outlive deadlines, and ends, by a week, in which no worker may
// run; once the trigger has come a done one is kept for some minutes, for the
// reports that come twice. A state that is missing although the attempt waits is stored anew: its
// worker died before it did so. Since the record of the attempt comes before the
// state, no report can end an occurrence whose attempt is not in the log.
//
// All attempts at an occurrence carry one token: see ADR 4.
//
// # Events
//
// An event is not persistent: it is called at once, never retried, and ends with
// an attempt and a final record under an ID of its own. It cannot be completed
// later. One whose target is busy for more than two seconds fails.
//
// # Stopping
//
// When Run's context ends the worker stops asking for triggers and hands back
// those that have not been called, but only once the queue delivers no more,
// lest it get them again. Calls under way have the grace period to finish;
// then they are cut off, recorded with error class "stopped", and handed back.
package core

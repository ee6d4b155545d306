// Package core is the scheduler without its surroundings: what is due when,
// who tries to publish it, and what is done when something fails. It knows
// nothing of NATS, HTTP, logging or the environment; those are behind the ports
// in ports.go.
//
// # What it promises
//
// Every occurrence of every job is published exactly once, or accounted for by
// exactly one missed record, whatever happens to schedulers, their connections
// and the servers.
//
// # Partitions and cursors
//
// Every key belongs to one of a fixed number of partitions. A partition's
// occurrences have one order: due time, key, index, nominal time. Its cursor is
// a position in that order: everything up to it has been published or accounted
// for. A commit stores triggers and the cursor behind them in one atomic batch,
// under the condition that the cursor is still the one that was read (the
// fence). So a trigger is stored if and only if the cursor moved past it, and
// of two nodes that both believe they own a partition one wins and the other
// stores nothing. Nothing else decides correctness: there is no election, no
// lease and no window of duplicates.
//
// Ownership only decides who tries. Nodes store heartbeats; a partition falls
// to the living node with the highest hash (members.go). Two nodes that
// disagree for a moment cost a refused commit.
//
// # Why planning is deterministic
//
// A node that takes a partition over continues at the cursor. It must arrive at
// the same occurrences as the node before it, so they depend on stored facts
// only: the revisions of a schedule and the server's timestamps of them.
//
//   - A revision stored at S takes effect at E = S + EffectDelay; the one before
//     it holds until then. Its occurrences have nominal times after S and are
//     due at max(nominal, E).
//
//   - What a revision would do between S and E and the one before it does
//     anyway (same index, same nominal time) is not done again: a schedule that
//     is stored again does not repeat an occurrence.
//
//   - "@every" counts from the schedule's anchor, so that pausing and resuming
//     shift nothing. A paused or removed schedule has no occurrences; those of
//     the time in between are not made up.
//
//   - Jitter is a hash of the occurrence, less than the time to the job's next
//     one, so a job's occurrences are due in the order of their nominal times.
//     One that jitter had delayed when its schedule was changed is run by the new
//     revision if that has the nominal time too (revision.pending).
//
// A node that starts knows only the newest revision of a key. Where that takes
// effect after the cursor, or did so less than EffectDelay before it, the
// revisions before it still matter and their history is read first
// (Planner.Incomplete, prepare), that of one key after the other or, where it is
// shorter, that of all keys in one go (recall.go). What no longer matters is
// freed: behind the cursor in partitions that this node publishes for, and some
// time back in the others. A cursor that stands further back than that has the
// watch begun anew (Planner.Servable).
//
// # Why a stale job list does no harm
//
// A cursor does not prove that the list of jobs was up to date. Heartbeats
// travel through the same stream as the schedules: whoever has seen a message
// stored at B has seen every revision stored before B. What is stored later
// takes effect after B + EffectDelay, so a node publishes only what is due
// before that (Engine.horizon). B is the server's timestamp: the node's own
// clock plays no part in it.
//
// # Herds
//
// Many occurrences may be due at one instant. What follows from the schedules
// alone, their order, IDs and encoding, is done in the second before (draw.go):
// up to that same bound nothing that is yet to come can change it. Once they are
// due only their commits are left. What was drawn is no promise: a planner that
// leaves its cursor forgets it.
//
// # The number of partitions
//
// It can be changed while schedulers run (former.go): one batch replaces every
// cursor by one that stands at the earliest position of all and carries the
// former ones, from which keys start. A scheduler that finds another number in
// its cursor than its own begins anew. Until it has found it, it and those that
// know better each take all partitions for theirs, by their own numbers, so that
// none is left to a node that does not know of it; what the former commits is
// refused, and tells it.
//
// # A wrong clock
//
// A node compares its clock with the server's by its own heartbeats (clock.go).
// Beyond a second it resigns until the clock is right: it would fire early or
// late, though never twice. Schedules take effect by the server's clock; the
// servers' clocks must agree to well within the delay of 2.5 s.
//
// # What can fail
//
// A commit whose outcome is not known is never sent again. Whatever the error,
// the planner leaves its position, the cursor is read from the stream's leader
// and the step is planned anew: if the batch was stored, the cursor is behind
// it. A full stream leaves the cursor where it is. A cursor that is missing
// stops its partition, loudly: nobody but an operator can say what has been
// published.
//
// # Late occurrences
//
// What is late by up to Grace is published like any other, in order. What is
// later is caught up (catchup.go): the cursor fixes a limit and then advances
// job by job instead of by due time, so that one commit accounts for all late
// occurrences of a job: its misfire policy says which of them are run, and the
// others, counted and not gone through, become one missed record. The missed record travels as a trigger of mode MISSED in the same
// batch, so it is as exact as a trigger; a worker writes it to the log.
package core

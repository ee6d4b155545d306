// Package oracle computes the occurrences that stored schedules demand, and
// judges what was stored against them. It shares no arithmetic with the engine:
// "@every" is multiplication from the anchor, a cron spec is asked for every
// second of the wall clock whether it matches. Only the amount of jitter, a
// hash that is part of the contract, is taken from package spec.
//
// # The rules, from facts only
//
// A revision stored at S holds from E = S + contract.EffectDelay to the E of the
// next one. It asks for the nominal times after S of each of its jobs, due at
// nominal + jitter, but not before E. It does not get those that are due when it
// no longer holds, nor those that a revision before it has run. A nominal time
// before S that the revision right before was still delaying by jitter passes
// to it, when it has that nominal time too. A paused or removed schedule asks
// for nothing.
//
// Every occurrence is to be stored once, or to lie in the range of one missed
// trigger. That one is allowed only for occurrences late by more than 30 s, and
// what is run beside it has to be what the job's policy says.
package oracle

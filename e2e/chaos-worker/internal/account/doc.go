// Package account decides whether every trigger ended exactly once. It compares
// what schedules demanded, what targets were asked and answered, and what the
// log stream and the dead letters hold; it knows nothing of how workers work.
//
// # The rules
//
// Every occurrence that was demanded has one final record, or lies in the range
// of a missed record. Nothing else has one.
//
// Its outcome is borne out by what the targets saw: success by a 2xx to that
// attempt; failed by a status that says for good that it cannot succeed; dead by
// as many attempts as the job has, and one dead letter; expired by the time that
// had passed; skipped by an earlier occurrence of the same job that had not
// ended. Only what expired or was skipped may never have reached its target.
//
// Where the target answered that it will report the end, its report decides: the
// outcome is what a report said that was sent before, and within the job's time;
// one that was taken is how the occurrence ended, and no other is taken. Lost is
// only what nobody has reported within that time. Until then it counts as being at
// its target, and is not called again. What ended as failed, dead or lost has one
// dead letter.
//
// Of a job that must not overlap, no two occurrences are at a target at once,
// nor is one called again after the next was, for retries belong to a run. Where
// the policy is to queue, they begin in the order of their due times. Excused is
// what a worker does that was killed or stalled in the middle, and whoever goes
// on in its place, also right after it has come back.
//
// Callbacks are promised at least once, so repetitions are counted and not
// judged.
package account

// Package client stores, reads and watches schedules of one namespace. It
// needs a NATS server with JetStream and nothing else: no scheduler has to be
// up while schedules are stored.
//
//	nc, err := nats.Connect(nats.DefaultURL)
//	js, err := nc.JetStream()
//	schedule, err := client.New("beta", nc, js)
//	err = schedule.Set("report", common.HttpJob("@every 15s", common.HttpOption{Url: "https://example.com/report"}))
//	jobs, err := schedule.Get("report")
//
// # Calls
//
// Every call has a variant with a context, which it honours in full. The plain
// one gives up after 10 s ([WithTimeout]). A call that timed out while it
// wrote may have been carried out or not; all of them can be repeated safely.
// Everything goes through the JetStream context that New was given, so its
// domain or API prefix is used throughout.
//
// # Writes
//
// A schedule is one value with a revision that grows with every change. Each
// write is a compare-and-set on the revision that was read: two programs that
// write at once never mix or undo each other unseen. Set, Pause, Resume and
// Remove read again and retry; SetRevision and RemoveRevision leave the
// decision to the caller.
//
// A change takes effect on all schedulers at the same instant, 2.5 s after it
// was stored. "@every 15s" counts from when its jobs were stored: storing the
// same jobs again changes nothing, so an application may Set at every start.
//
// # State
//
// State.Next is the first nominal time from now on, within the job's bounds.
// State.Prev is the last nominal time since the jobs were set that is due,
// jitter included, and that the schedulers have dealt with, as their cursor in
// JetStream tells: it does not depend on which node did, nor on restarts. After
// an outage it may name an occurrence that the misfire policy has recorded as
// missed instead of running it; the log stream ([Schedule.Results]) tells. Both
// use this machine's clock to know what "now" is.
//
// # By hand
//
// [Schedule.Run] runs jobs now, [Schedule.Resend] sends dead letters again: what is
// left of occurrences that ended without success ([Schedule.DeadLetters]). Both
// need a scheduler that runs, since nobody else may publish triggers; neither does
// a job twice when it is asked again because an answer was lost. [Schedule.Drop]
// removes dead letters for good.
//
// # Proof
//
// [Schedule.Audit] compares what a schedule demanded with what became of it:
// every occurrence was run, or is recorded as missed with the reason. There are
// no differences, or something is wrong.
package client

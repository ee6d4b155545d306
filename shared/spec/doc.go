// Package spec turns the text of a schedule's spec into instants. It is pure
// arithmetic: the time enters as an argument, nothing sleeps, nothing is read
// but the time zone database, which is embedded where the system has none.
//
// # Text
//
//	30 9 * * mon-fri                five fields: minute hour day-of-month month day-of-week
//	*/15 30 9 * * *                 six fields: the second comes first
//	@yearly @annually @monthly @weekly @daily @midnight @hourly
//	@every 15s                      anchor + n·15s, from 100ms to 10 years
//	@at 2026-12-24T18:00:00+01:00   once
//
// A field is a list of members joined by commas: a value, a range "a-b", "*"
// or "?" (the same thing), each with an optional step "/n"; "a/n" means from a
// to the field's end. Months and days of week may be named by three letters.
// Sunday is 0 or 7, and "5-7" or "fri-sun" may end with it. A step is at most
// the number of values the field has, because "*/90" minutes would not mean
// what it says. When both the day of month and the day of week are restricted
// a day matches that matches either; a field is unrestricted when it has a
// member "*", "?", "*/1" or "?/1" (robfig/cron's reading, which Kubernetes
// shares: "*/2" is a restriction). A spec that can never fire is refused.
//
// The time zone is that of a prefix "TZ=Zone " or "CRON_TZ=Zone ", or the
// timezone argument, or UTC. Zones that mean something else on every machine
// ("Local", "localtime") are refused. "@every" and "@at" do not depend on it.
//
// robfig/cron makes the bit sets of the fields. It is handed digits only, of
// values that were checked before, and is contained: it panics on "TZ=0", reads
// "1,,2" and "*-5" and "+3", and gives up after five years of search.
//
// # Nominal times
//
// A spec stands for a set of instants, its nominal times. [Spec.Next] returns
// the first strictly after an instant, [Spec.Prev] the last at or before it,
// and both are exact for every instant: Prev(Next(t)) is Next(t), and nothing
// lies between t and Next(t). Nominal times lie in the years 1970 to 2261,
// where nanoseconds since the epoch fit into 64 bits; outside there are none.
//
// # When the clock is moved
//
// Let L(u) be what the wall clock of the zone shows at the instant u, and H(u)
// its high-water mark, the latest time it has shown up to and including u. L
// jumps ahead when daylight saving time begins (the gap: wall times that are
// never shown) and falls back when it ends (the fold: wall times that are
// shown twice). H follows L but never falls back. A wall time is a match when
// the fields say so. Then there are two kinds of spec:
//
//   - A fixed time fires when the high-water mark reaches or passes a match:
//     at u when a match lies above H(u-1s) and not above H(u). So a match in
//     the gap fires at the first instant after it; several such matches, and
//     one at the gap's end, fire once, because they are one instant. A match
//     in the fold fires when it is shown first, and not again.
//   - A wildcard, whose minute or hour field has a member that begins with "*"
//     or "?", follows the clock: it fires at u when L(u) is a match. So
//     "*/10 * * * *" goes on through the fold in step with real time and makes
//     nothing up for the gap, and so does "*/20 2 * * *": one star in either
//     field is enough.
//
// The rule and the distinction are Vixie cron's. Its cron(8) gives jobs at a
// specific time the special treatment and leaves those that run more often to
// the clock; its cron.c tells them apart by the flags MIN_STAR and HR_STAR, of
// which one makes a wildcard job. Three things differ: cron sets a flag only
// when the whole field begins with a star, where here any member does; cron
// runs each match of the gap, where here they are one instant and fire once;
// and cron takes a move of three hours or more for a correction of the clock
// and makes nothing up, where here the zone database tells what a move is, so
// the day that Pacific/Apia left out in 2011 is a gap like any other.
//
// A job may choose otherwise ([Spec.WithDST]), and the two choices are apart:
//
//	gap   after   right after the gap, as a fixed time    skip   not at all
//	fold  first   the first time, as a fixed time         both   each time
//
// A fixed time is (after, first), a wildcard (skip, both). All four are one
// rule: a match in the part that H jumped over counts under after, and a match
// that L shows while it is not above H(u-1s) counts under both. [Spec.Shift]
// marks what a move has touched: a nominal time whose wall time is no match
// came out of a gap; one whose wall time is also shown before is a fold's
// second, after it a fold's first. The marks do not depend on the policy.
//
// # Search
//
// The calendar knows nothing of zones: it finds the first match at or after a
// wall time, and the last at or before one, field by field: the time of day
// from three bit sets, else the next day from a month's 31-bit mask made of
// the day-of-month set and the rotated day-of-week set, else the next month
// that is in the month set. Because a day set that matches at all does so
// within 8 years (29 February around 2100), that is at most 97 months.
//
// The clock walks the segments between two moves, in each of which L is a
// straight line. In a segment it asks the calendar for a match from the wall
// time at its begin (from H on, for a fixed time), and takes it if the segment
// reaches so far; at the segment's first instant it looks whether the gap
// before it holds a match. When the match lies far ahead it leaps there, a day
// short of it: no zone is a day away from UTC, so nothing in between can show
// a matching time. Every step ends later than it began, and the years end in
// 2261, so the walk ends too.
//
// # Counting
//
// [Spec.Count] says how many calls of Next a range would take without making
// them: an outage of a day has 86,400 times of "* * * * * *", and each is to be
// accounted for. It walks the same segments. In each, wall times from one to
// another count as the days of each month (ones in the month's mask) times the
// matches of a day (ones in three sets, multiplied), less what lies before the
// begin and behind the end in the first day and the last; a gap adds one where
// Next would stop at its end for its own sake. So the work grows with the
// months and moves in the range. "@every" is a division.
//
// # Timetables
//
// A [Timetable] is what a job makes of its spec: zone and policy, bounds, and
// jitter. The bounds choose among the spec's nominal times, both included, and
// move none: "@every" counts from its anchor, whatever the start. All who need
// the times of a job (the scheduler, the client's state, previews, an audit)
// ask a timetable, so there is one answer.
//
// Jitter is no part of a nominal time. The nominal time names the occurrence;
// [Timetable.Due] says when it runs: nominal + h mod span, where h is the first
// 64 bits of the occurrence's ID, a hash of namespace, key, index and nominal
// time, and span the smaller of the job's jitter and the distance to the
// spec's next nominal time. No node has to tell another, and a restart or a
// preview finds the same.
//
// Let n be a nominal time and n' the next. Then n <= Due(n) < n + span <= n'
// <= Due(n'). So due times of a job keep the order of nominal times, strictly,
// and never meet, also when the jitter is larger than the interval: what was
// stored up to some due time has a latest nominal time, and that alone says
// where to go on.
package spec

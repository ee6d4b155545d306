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
//     nothing up for the gap. (The rule and the distinction are Vixie cron's.)
//
// Both are settings of one [policy]: what the gap does (fire after it, or
// skip) and what the fold does (first, or both). A fixed time is (after,
// first), a wildcard (skip, both); the other two need no new arithmetic. The
// same rule covers any other move of the clock, such as the day that
// Pacific/Apia left out in 2011.
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
package spec

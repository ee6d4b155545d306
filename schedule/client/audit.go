package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
)

// MaxDifferences is how many differences an Audit lists at most.
const MaxDifferences = 1000

// Audit compares the occurrences that a schedule demands with what the log
// stream holds. Occurrences are counted by when they are due.
type Audit struct {
	Key string `json:"key"`

	// Since and Until are the range that was audited: due after Since and not
	// after Until. It is smaller than the one asked for where Limits says so.
	// Limits also says how many triggers wait where occurrences are missing.
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"`
	Limits []string  `json:"limits,omitempty"`

	// Demanded occurrences are Run, Missed, Pending or Open, or are among the
	// differences.
	Demanded int64 `json:"demanded"`
	Run      int64 `json:"run"`     // have a final record
	Missed   int64 `json:"missed"`  // are covered by a record that says why
	Pending  int64 `json:"pending"` // have no record, and were due within the last minute
	Open     int64 `json:"open"`    // were attempted within the last day, and go on

	Outcomes map[string]int64 `json:"outcomes"` // of those that were run
	Reasons  map[string]int64 `json:"reasons"`  // of those that were missed

	// Differences are the earliest MaxDifferences of Total, in the order in
	// which they were due. None is what is normal.
	Total       int64        `json:"total"`
	Differences []Difference `json:"differences"`
}

// setupGrace is how long after it made its streams the first scheduler of a
// namespace may take to set its position, before which it publishes nothing.
const setupGrace = 5 * time.Second

// skew is how far the clocks of machines may be apart.
const skew = time.Minute

// Kinds of a Difference.
const (
	DiffMissing     = "missing"     // published, but without a record
	DiffUnpublished = "unpublished" // due, but no scheduler has published it yet
	DiffUnfinished  = "unfinished"  // attempted more than a day ago, without an end
	DiffDuplicate   = "duplicate"   // a second final record
	DiffUnexpected  = "unexpected"  // a record of what no revision demands
	DiffOverlap     = "overlap"     // recorded as missed, but there is another record of it
	DiffCount       = "count"       // a record of missed occurrences counts too few
)

// Difference is an occurrence whose records are not what they should be.
type Difference struct {
	Kind      string    `json:"kind"`
	Index     int       `json:"index"` // of the job
	Scheduled time.Time `json:"scheduled"`
	Due       time.Time `json:"due,omitzero"`
	Revision  uint64    `json:"revision,omitempty"` // that demands it
	Detail    string    `json:"detail"`
}

func (a *Audit) limit(format string, args ...any) {
	a.Limits = append(a.Limits, fmt.Sprintf(format, args...))
}

// Audit compares what a schedule demanded from since to until with what became
// of it. A zero since means as early as possible, a zero until, or one that is
// yet to come, now.
//
// What is demanded is computed anew from the history of the key, with this
// machine's clock. It reaches back as far as the bucket and the log
// stream do, 64 revisions and 7 days unless they were made otherwise. Differences are no error. The error is
// ErrNotFound for a key that has no history, ErrInvalid for since after until.
func (s *Schedule) Audit(ctx context.Context, key string, since, until time.Time) (Audit, error) {
	now := s.now()
	if until.IsZero() || until.After(now) {
		until = now
	}
	if !since.Before(until) {
		return Audit{}, refuse("since", "is not before the end of the audit")
	}
	a := auditor{s: s, key: key, report: Audit{Since: since.UTC(), Until: until.UTC()}}
	if err := a.prepare(ctx); err != nil {
		return Audit{}, err
	}
	l := newLedger(&a.demand, a.report.Since, a.report.Until, now, a.published)
	l.report.Limits = a.report.Limits
	if err := a.read(ctx, l); err != nil {
		return Audit{}, err
	}
	report, err := l.close(ctx)
	if err != nil {
		return report, err
	}
	err = a.queued(ctx, &report)
	return report, err
}

// auditor gathers what an audit needs.
type auditor struct {
	s      *Schedule
	key    string
	demand demand
	cursor *contract.Cursor
	first  time.Time // nothing was demanded before; zero: something may have been
	report Audit
}

// prepare reads the history and finds out how far back everything reaches.
func (a *auditor) prepare(ctx context.Context) error {
	history, err := a.s.history(ctx, a.key)
	if err != nil {
		return err
	}
	if len(history) == 0 {
		return notFound(a.key)
	}
	a.demand = demand{namespace: a.s.Namespace(), key: a.key}
	for _, v := range history {
		a.demand.add(v)
	}
	if err := a.reach(ctx, history[0]); err != nil {
		return err
	}
	a.cursor, err = a.s.cursor(ctx, a.key)
	return err
}

// reach moves the beginning of the audit to where everything is known.
func (a *auditor) reach(ctx context.Context, oldest *stored) error {
	bucket, err := a.s.bucketInfo(ctx)
	if err != nil {
		return err
	}
	first := a.demand.revisions[0]
	if a.report.Since.IsZero() {
		a.report.Since = first.stored
	}
	if oldest.deleted || int64(len(a.demand.revisions)) >= bucket.Config.MaxMsgsPerSubject {
		a.since(first.effect.Add(first.jitter), "older revisions of the schedule are not kept")
	} else {
		a.first = first.effect
	}
	triggers, err := a.s.optionalStream(ctx, a.s.names.TriggerStream())
	if err != nil {
		return err
	}
	if triggers == nil {
		a.since(a.report.Until, "no scheduler has run in the namespace")
		return nil
	}
	a.since(triggers.Created.Add(setupGrace), "no scheduler had run in the namespace before")
	log, err := a.s.optionalStream(ctx, a.s.names.ResultStream())
	switch {
	case err != nil || log == nil:
		return err
	case log.State.FirstSeq > 1 && log.State.Msgs > 0:
		a.since(log.State.FirstTime, "older records of the log stream are not kept")
	case log.State.FirstSeq > 1:
		a.since(log.State.LastTime, "older records of the log stream are not kept")
	default:
		a.since(log.Created, "the log stream did not exist before")
	}
	return nil
}

// since lets the audit begin at t, where something may have been demanded
// before that.
func (a *auditor) since(t time.Time, why string) {
	if t.After(a.report.Until) {
		t = a.report.Until
	}
	if !t.After(a.report.Since) || !t.After(a.first) {
		return
	}
	a.report.Since = t
	a.report.limit("%s: the audit begins at %s", why, t.UTC().Format(time.RFC3339))
}

// published reports whether schedulers have passed an occurrence.
func (a *auditor) published(o occurrence) bool {
	if a.cursor == nil {
		return false
	}
	limit := limitOf(a.cursor, a.key, o.index)
	return limit.covers(o.due, a.key, o.index, o.nominal)
}

// read gives the ledger the records that may be about what is audited.
func (a *auditor) read(ctx context.Context, l *ledger) error {
	reader := resultReader{
		s: a.s, subject: a.s.names.Result(a.key), query: ResultQuery{Since: l.report.Since.Add(-skew)},
		what: fmt.Sprintf("read results of %q", a.key),
	}
	unreadable := 0
	err := reader.run(ctx, func(msg *nats.Msg) bool {
		if r, err := contract.Decode[contract.Result](msg.Data); err != nil {
			unreadable++
		} else {
			l.add(r)
		}
		return true
	})
	if unreadable > 0 {
		l.report.limit("%d records cannot be read and are left out", unreadable)
	}
	return err
}

// optionalStream returns nil for a stream that does not exist.
func (s *Schedule) optionalStream(ctx context.Context, name string) (*nats.StreamInfo, error) {
	info, err := s.streamInfo(ctx, "look up stream "+name, name)
	if errors.Is(err, nats.ErrStreamNotFound) {
		return nil, nil
	}
	return info, err
}

// history returns the revisions of a key that the bucket keeps, oldest first.
func (s *Schedule) history(ctx context.Context, key string) ([]*stored, error) {
	if err := contract.CheckKey(key); err != nil {
		return nil, invalid(err)
	}
	what := fmt.Sprintf("read history of %q", key)
	return query(ctx, s, what, s.names.BucketStream(), func(ctx context.Context) (history []*stored, err error) {
		watcher, err := s.kv.Watch(key, nats.IncludeHistory(), nats.Context(ctx))
		if err != nil {
			return nil, err
		}
		defer stopWatch(watcher)
		for entry := range watcher.Updates() {
			if entry == nil {
				return history, watchError(watcher)
			}
			v := value(entry)
			v.decode()
			history = append(history, v)
		}
		return nil, errWatchEnded
	})
}

package client

import (
	"context"
	"slices"

	"github.com/nats-io/nats.go"
)

// queued tells how many triggers wait where something is missing. Which ones is
// not known: a client may not read them.
func (a *auditor) queued(ctx context.Context, report *Audit) error {
	if !slices.ContainsFunc(report.Differences, func(d Difference) bool { return d.Kind == DiffMissing }) {
		return nil
	}
	stream := a.s.names.TriggerStream()
	info, err := query(ctx, a.s, "look up waiting triggers", "STREAM.INFO."+stream, func(ctx context.Context) (*nats.StreamInfo, error) {
		return a.s.js.StreamInfo(stream, &nats.StreamInfoRequest{SubjectsFilter: a.s.names.Trigger("*", a.key)}, nats.Context(ctx))
	})
	if err != nil {
		return err
	}
	var n uint64
	for _, waiting := range info.State.Subjects {
		n += waiting
	}
	if n > 0 {
		report.limit("the work queue holds triggers of the schedule, %d: what is missing may be among them", n)
	}
	return nil
}

package core

import "github.com/weplanx/workflow/shared/contract"

// Limits bound what one commit stores. All that belongs to one job's catch-up,
// and at least one trigger, is stored whatever they say.
type Limits struct {
	Triggers int
	Bytes    int // of the encoded triggers, estimated
}

// DefaultLimits stay well below the 1,000 messages that a server takes in a
// batch, and keep the round trip of a commit short.
var DefaultLimits = Limits{Triggers: 500, Bytes: 256 << 10}

// triggerOverhead is what a trigger takes beside its option, in bytes.
const triggerOverhead = 512

// batch collects triggers up to the limits of a commit.
type batch struct {
	limits   Limits
	triggers []contract.Trigger
	encoded  [][]byte
	bytes    int
}

// add reports whether the triggers still fit; all of them are added or none.
// The first ones always fit.
func (b *batch) add(ts ...ready) bool {
	size := 0
	for i := range ts {
		size += len(ts[i].trigger.Option) + triggerOverhead
	}
	if len(b.triggers) > 0 && (len(b.triggers)+len(ts) > b.limits.Triggers || b.bytes+size > b.limits.Bytes) {
		return false
	}
	for i := range ts {
		b.triggers = append(b.triggers, ts[i].trigger)
		b.encoded = append(b.encoded, ts[i].encoded)
	}
	b.bytes += size
	return true
}

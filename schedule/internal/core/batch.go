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
	bytes    int
}

// add reports whether the triggers still fit; all of them are added or none.
// The first ones always fit.
func (b *batch) add(ts ...contract.Trigger) bool {
	size := 0
	for _, t := range ts {
		size += len(t.Option) + triggerOverhead
	}
	if len(b.triggers) > 0 && (len(b.triggers)+len(ts) > b.limits.Triggers || b.bytes+size > b.limits.Bytes) {
		return false
	}
	b.triggers, b.bytes = append(b.triggers, ts...), b.bytes+size
	return true
}

// agenda is a heap of the next occurrence of every job (container/heap).
type agenda []occurrence

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].position().compare(a[j].position()) < 0 }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)        { *a = append(*a, x.(occurrence)) } //nolint:forcetypeassert // container/heap hands back what enter pushed
func (a *agenda) Pop() any {
	last := len(*a) - 1
	o := (*a)[last]
	(*a)[last] = occurrence{}
	*a = (*a)[:last]
	return o
}

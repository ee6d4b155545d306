package topology

import (
	"fmt"
	"maps"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
)

// repair is one setting of a stream that is made right.
type repair struct {
	config  *jetstream.StreamConfig
	changes []string
}

// set changes a setting and writes down how.
func set[T comparable](r *repair, name string, setting *T, want T) {
	if *setting != want {
		r.changes = append(r.changes, fmt.Sprintf("%s: %v to %v", name, *setting, want))
		*setting = want
	}
}

// repaired returns a copy of a stream's settings in which those are right that
// correctness rests on and a server lets be changed, and what was changed. What
// says whose stream it is, its subjects and its retention, is left as it is.
// replicas is what it shall have.
func repaired(names contract.Names, want *jetstream.StreamConfig, has *jetstream.StreamInfo, replicas int) (jetstream.StreamConfig, []string) {
	config := has.Config
	config.Metadata = maps.Clone(config.Metadata)
	r := &repair{config: &config}
	switch want.Name {
	case names.BucketStream():
		r.bucket()
	case names.TriggerStream():
		r.triggers(want, has.State.LastSeq == 0)
	case names.ResultStream():
		set(r, "allow_batched", &config.AllowBatchPublish, want.AllowBatchPublish)
	case names.RunStream():
		set(r, "allow_msg_ttl", &config.AllowMsgTTL, true)
		set(r, "max_msgs_per_subject", &config.MaxMsgsPerSubject, want.MaxMsgsPerSubject)
	}
	set(r, "replicas", &config.Replicas, replicas)
	return config, r.changes
}

func (r *repair) bucket() {
	c := r.config
	set(r, "allow_msg_ttl", &c.AllowMsgTTL, true)
	if c.MaxMsgsPerSubject != -1 && c.MaxMsgsPerSubject < contract.BucketHistory {
		set(r, "max_msgs_per_subject (history)", &c.MaxMsgsPerSubject, contract.BucketHistory)
	}
	set(r, "max_msgs", &c.MaxMsgs, -1)
	set(r, "max_age", &c.MaxAge, 0)
	if c.MaxMsgSize > 0 && c.MaxMsgSize < contract.MaxScheduleBytes {
		set(r, "max_msg_size", &c.MaxMsgSize, maxValueSize)
	}
}

// triggers makes the trigger stream right. A number of partitions is only written
// down for one that is empty: in any other the cursors know it, and it is unknown here.
func (r *repair) triggers(want *jetstream.StreamConfig, empty bool) {
	c := r.config
	set(r, "discard", &c.Discard, want.Discard)
	set(r, "allow_atomic", &c.AllowAtomicPublish, true)
	set(r, "allow_rollup_hdrs", &c.AllowRollup, true)
	set(r, "allow_msg_ttl", &c.AllowMsgTTL, true)
	set(r, "max_age", &c.MaxAge, want.MaxAge)
	if c.MaxMsgSize >= 0 && c.MaxMsgSize < maxTrigger {
		set(r, "max_msg_size", &c.MaxMsgSize, -1)
	}
	set(r, "max_msgs", &c.MaxMsgs, -1)
	set(r, "max_msgs_per_subject", &c.MaxMsgsPerSubject, -1)
	if _, known := c.Metadata[partitionsKey]; !known && empty {
		c.Metadata = maps.Clone(c.Metadata)
		if c.Metadata == nil {
			c.Metadata = map[string]string{}
		}
		c.Metadata[partitionsKey] = strconv.Itoa(DefaultPartitions)
		r.changes = append(r.changes, "metadata "+partitionsKey+": nothing to "+strconv.Itoa(DefaultPartitions))
	}
}

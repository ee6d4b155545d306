// Package topology makes the bucket and the streams of a namespace and refuses
// those that exist with settings under which the product would lose or repeat
// occurrences.
package topology

import (
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
)

// MinServer is the oldest version of nats-server that can be used: atomic
// batches are sound from there on.
const MinServer = "2.14.4"

// DefaultPartitions is how many partitions a new namespace gets. A namespace keeps
// its number until it is told another one (schedule -partitions).
const DefaultPartitions = 8

const (
	maxPartitions = 1024
	partitionsKey = "partitions" // in the metadata of the trigger stream

	maxValueSize    = 256 << 10 // bytes of a value in the bucket
	triggerBytes    = 1 << 30   // of the trigger stream
	bucketDuplicate = 2 * time.Minute
	resultAge       = 7 * 24 * time.Hour
	resultDuplicate = 2 * time.Minute
	deadAge         = 30 * 24 * time.Hour
	deadDuplicate   = time.Hour // they are few, and a worker may repeat one much later
)

// Info is what Ensure found.
type Info struct {
	Partitions int  // from 1
	Replicas   int  // of the trigger stream
	Fresh      bool // the trigger stream never held a message: cursors are to be set up

	// Began is the server's time of the oldest message in the bucket, or of the
	// bucket's making when it is empty.
	Began time.Time
}

// wanted are the bucket and the streams of a namespace, the triggers last: once
// they are there, everything is.
func wanted(names contract.Names) []jetstream.StreamConfig {
	return []jetstream.StreamConfig{
		bucketConfig(names), resultConfig(names), deadConfig(names), runConfig(names),
		triggerConfig(names, strconv.Itoa(DefaultPartitions)),
	}
}

// bucketConfig is what nats.go's key-value API would make of such a bucket, and
// lets heartbeats expire, which that cannot set.
func bucketConfig(names contract.Names) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              names.BucketStream(),
		Description:       "schedules and their history",
		Subjects:          []string{names.BucketSubject(">")},
		Retention:         jetstream.LimitsPolicy,
		Discard:           jetstream.DiscardNew,
		MaxMsgsPerSubject: contract.BucketHistory,
		MaxMsgs:           -1,
		MaxBytes:          -1,
		MaxMsgSize:        maxValueSize,
		MaxConsumers:      -1,
		Storage:           jetstream.FileStorage,
		Duplicates:        bucketDuplicate,
		AllowRollup:       true,
		AllowMsgTTL:       true,
		AllowDirect:       true,
		DenyDelete:        true,
	}
}

// triggerConfig: under a retention other than WorkQueue, or when old messages
// may be discarded, a cursor could vanish and a stale fence be accepted.
func triggerConfig(names contract.Names, partitions string) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:               names.TriggerStream(),
		Description:        "triggers (work queue) and cursors",
		Subjects:           []string{names.Triggers(), names.Cursors()},
		Retention:          jetstream.WorkQueuePolicy,
		Discard:            jetstream.DiscardNew,
		MaxBytes:           triggerBytes,
		Storage:            jetstream.FileStorage,
		AllowAtomicPublish: true,
		AllowRollup:        true,
		AllowMsgTTL:        true,
		AllowDirect:        true,
		DenyDelete:         true,
		Metadata:           map[string]string{partitionsKey: partitions},
	}
}

func deadConfig(names contract.Names) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        names.DeadStream(),
		Description: "dead letters",
		Subjects:    []string{names.Deads()},
		Retention:   jetstream.LimitsPolicy,
		Discard:     jetstream.DiscardOld,
		MaxAge:      deadAge,
		Storage:     jetstream.FileStorage,
		Compression: jetstream.S2Compression,
		Duplicates:  deadDuplicate,
		AllowDirect: true,
	}
}

// runConfig: states are read from the leader, never directly from a follower
// that may be behind, and each has a time to live of its own.
func runConfig(names contract.Names) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              names.RunStream(),
		Description:       "states of runs: overlap and completions",
		Subjects:          []string{names.Runs()},
		Retention:         jetstream.LimitsPolicy,
		Discard:           jetstream.DiscardOld,
		MaxMsgsPerSubject: 1,
		Storage:           jetstream.FileStorage,
		AllowMsgTTL:       true,
	}
}

func resultConfig(names contract.Names) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:              names.ResultStream(),
		Description:       "results of occurrences",
		Subjects:          []string{names.Results()},
		Retention:         jetstream.LimitsPolicy,
		Discard:           jetstream.DiscardOld,
		MaxAge:            resultAge,
		Storage:           jetstream.FileStorage,
		Compression:       jetstream.S2Compression,
		Duplicates:        resultDuplicate,
		AllowDirect:       true,
		AllowBatchPublish: true,
	}
}

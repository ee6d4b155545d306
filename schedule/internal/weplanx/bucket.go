package weplanx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Kind is how a bucket keeps its values.
type Kind string

// Kinds of buckets.
const (
	KV     Kind = "kv"
	Object Kind = "object"
)

// Bucket is one in which the predecessor may have kept schedules.
type Bucket struct {
	Name string
	Kind Kind
}

// streamPrefix is put before a bucket's name (ADR-8, ADR-20).
var streamPrefix = map[Kind]string{KV: "KV_", Object: "OBJ_"}

// Stream is the stream under a bucket.
func (b Bucket) Stream() string { return streamPrefix[b.Kind] + b.Name }

// Entry is a value of a bucket.
type Entry struct {
	Key      string
	Revision uint64 // of a KV
	Data     []byte
	Err      error // why there is no Data
}

// limits of what is asked for and read.
const (
	callTimeout = 5 * time.Second
	readTimeout = time.Minute
	maxEntry    = 1 << 20 // bytes; a schedule may have 64 KiB as JSON
)

// Find returns the buckets that from may stand for: a bucket by its name, and
// those of a namespace or node of that name (see the package comment). kind
// leaves out others; empty: none.
//
// Where streams may not be listed, only buckets whose whole name follows from
// from are found.
func Find(ctx context.Context, js jetstream.JetStream, from string, kind Kind) ([]Bucket, error) {
	candidates := []Bucket{{from, KV}, {from + "_schedules", KV}, {"schedules_" + from, KV}, {from, Object}, {from + "_schedules", Object}}
	for _, name := range list(ctx, js) {
		if bucket, ok := strings.CutPrefix(name, streamPrefix[KV]+from+"_schedules_"); ok && bucket != "" {
			candidates = append(candidates, Bucket{strings.TrimPrefix(name, streamPrefix[KV]), KV})
		}
	}
	var found []Bucket
	for _, b := range candidates {
		if kind != "" && b.Kind != kind {
			continue
		}
		there, err := exists(ctx, js, b)
		if err != nil {
			return nil, fmt.Errorf("look up bucket %s: %w", b.Name, err)
		}
		if there {
			found = append(found, b)
		}
	}
	return found, nil
}

// exists looks a bucket up. A server does not answer what a credential may not ask.
func exists(ctx context.Context, js jetstream.JetStream, b Bucket) (bool, error) {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := js.Stream(call, b.Stream())
	switch {
	case err == nil:
		return true, nil
	case missing(err):
		return false, nil
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		return false, fmt.Errorf("no answer within %s; the credential must be one that may look at stream %s", callTimeout, b.Stream())
	}
	return false, err
}

// missing: a stream of such a name is not there, or cannot be.
func missing(err error) bool {
	return errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, jetstream.ErrInvalidStreamName)
}

// list returns the names of all streams, or none where that is not permitted.
func list(ctx context.Context, js jetstream.JetStream) []string {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	lister := js.StreamNames(ctx)
	var names []string
	for name := range lister.Name() {
		names = append(names, name)
	}
	if lister.Err() != nil {
		return nil
	}
	return names
}

// Read returns what a bucket holds, by key.
func Read(ctx context.Context, js jetstream.JetStream, b Bucket) ([]Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	read := readKV
	if b.Kind == Object {
		read = readObjects
	}
	entries, err := read(ctx, js, b)
	if err != nil {
		return nil, fmt.Errorf("read bucket %s: %w", b.Name, err)
	}
	slices.SortFunc(entries, func(x, y Entry) int { return strings.Compare(x.Key, y.Key) })
	return entries, nil
}

func readKV(ctx context.Context, js jetstream.JetStream, b Bucket) ([]Entry, error) {
	var entries []Entry
	err := follow(ctx, js, b, "$KV."+b.Name+".>", func(m jetstream.Msg, revision uint64) {
		if operation := m.Headers().Get("KV-Operation"); operation != "" { // deleted or purged
			return
		}
		e := Entry{Key: strings.TrimPrefix(m.Subject(), "$KV."+b.Name+"."), Revision: revision, Data: m.Data()}
		if len(e.Data) > maxEntry {
			e.Data, e.Err = nil, fmt.Errorf("has %d bytes, want at most %d", len(m.Data()), maxEntry)
		}
		entries = append(entries, e)
	})
	return entries, err
}

// follow calls each with the last message of each subject that filter matches.
func follow(ctx context.Context, js jetstream.JetStream, b Bucket, filter string, each func(m jetstream.Msg, sequence uint64)) error {
	consumer, err := js.OrderedConsumer(ctx, b.Stream(), jetstream.OrderedConsumerConfig{
		FilterSubjects: []string{filter}, DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy,
	})
	if err != nil {
		return err
	}
	info, err := consumer.Info(ctx)
	if err != nil {
		return err
	}
	if info.NumPending == 0 {
		return nil
	}
	messages, err := consumer.Messages()
	if err != nil {
		return err
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		each(m, meta.Sequence.Stream)
		if meta.NumPending == 0 {
			return nil
		}
	}
}

package topology

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
)

const (
	callTimeout = 5 * time.Second // of one request
	firstWait   = 100 * time.Millisecond
	maxWait     = 2 * time.Second
	warnAgain   = 30 * time.Second // after which it is said again that a stream is missing
)

// Option changes how Ensure works.
type Option func(*ensurer)

type ensurer struct {
	js       jetstream.JetStream
	names    contract.Names
	replicas int
	onWait   func(error)
	started  time.Time

	administers bool // Prepare
	dry         bool // Prepare looks only
	scales      bool // Prepare changes the number of replicas
	patient     bool // waits for others where it may not create streams
	mayNot      bool // that is so
	warned      time.Time
}

// Ensure looks up the namespace's bucket and streams, creates what is missing,
// and refuses what exists with settings that would break the product. Several
// may do so at once. replicas is for what it creates; 0 means as many as the
// cluster allows, at most 3.
//
// It blocks, retrying, while JetStream is not available, until ctx ends. A
// server that cannot be used, a permission that is missing and a setting that
// does not fit are errors of one line; where a setting of the program is the
// cause the error is a *setting.Error.
func Ensure(ctx context.Context, js jetstream.JetStream, names contract.Names, replicas int, options ...Option) (Info, error) {
	e := newEnsurer(js, names, replicas, options)
	var info Info
	err := e.insist(ctx, func() (err error) {
		info, err = e.once(ctx)
		return err
	})
	if err != nil {
		return Info{}, err
	}
	return info, nil
}

func newEnsurer(js jetstream.JetStream, names contract.Names, replicas int, options []Option) *ensurer {
	e := &ensurer{js: js, names: names, replicas: replicas, onWait: func(error) {}, started: time.Now()}
	for _, option := range options {
		option(e)
	}
	return e
}

func (e *ensurer) once(ctx context.Context) (Info, error) {
	if err := e.server(); err != nil {
		return Info{}, err
	}
	found := map[string]*jetstream.StreamInfo{}
	for _, config := range wanted(e.names) {
		info, err := e.stream(ctx, config)
		if err != nil {
			return Info{}, err
		}
		found[config.Name] = info
	}
	return describe(found[e.names.TriggerStream()], found[e.names.BucketStream()])
}

// server refuses servers that cannot be used.
func (e *ensurer) server() error {
	if err := checkVersion(e.js.Conn().ConnectedServerVersion()); err != nil {
		return err
	}
	return checkPayload(e.js.Conn().MaxPayload())
}

// SetPartitions writes the number of partitions down for those who do not read
// cursors. The cursors decide; see the schedulers.
func SetPartitions(ctx context.Context, js jetstream.JetStream, names contract.Names, count int) error {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	stream, err := js.Stream(call, names.TriggerStream())
	if err != nil {
		return during(lookUp, names.TriggerStream(), err)
	}
	want := stream.CachedInfo().Config
	if want.Metadata[partitionsKey] == strconv.Itoa(count) {
		return nil
	}
	want.Metadata = maps.Clone(want.Metadata)
	want.Metadata[partitionsKey] = strconv.Itoa(count)
	_, err = js.UpdateStream(call, want)
	return during(update, names.TriggerStream(), err)
}

func describe(triggers, bucket *jetstream.StreamInfo) (Info, error) {
	partitions, err := partitionsOf(&triggers.Config)
	if err != nil {
		return Info{}, err
	}
	began := bucket.Created
	if bucket.State.Msgs > 0 {
		began = bucket.State.FirstTime
	}
	return Info{
		Partitions: partitions,
		Replicas:   triggers.Config.Replicas,
		Fresh:      triggers.State.LastSeq == 0,
		Began:      began,
	}, nil
}

// stream looks up or creates a stream and checks what it found.
func (e *ensurer) stream(ctx context.Context, want jetstream.StreamConfig) (*jetstream.StreamInfo, error) {
	info, err := e.lookup(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if err := e.create(ctx, want); err != nil {
			return nil, err
		}
		info, err = e.lookup(ctx, want.Name)
	}
	if err != nil {
		return nil, err
	}
	if want.Name == e.names.BucketStream() {
		e.amend(ctx, &info.Config)
	}
	e.allowBatches(ctx, &want, &info.Config)
	return info, check(e.names, &want, &info.Config)
}

// partitionsOf reads what is written down of the number of partitions.
func partitionsOf(triggers *jetstream.StreamConfig) (int, error) {
	text := triggers.Metadata[partitionsKey]
	partitions, err := strconv.Atoi(text)
	if err != nil || partitions < 1 || partitions > maxPartitions {
		return 0, &mismatch{triggers.Name, "metadata " + partitionsKey, text, "1 to 1024, as when it was created"}
	}
	return partitions, nil
}

// create makes a stream. It is fine when another makes it meanwhile.
func (e *ensurer) create(ctx context.Context, want jetstream.StreamConfig) error {
	if e.mayNot {
		return &missingError{want.Name}
	}
	err := e.replicated(func(replicas int) error {
		call, cancel := context.WithTimeout(ctx, callTimeout)
		defer cancel()
		want.Replicas = replicas
		_, err := e.js.CreateStream(call, want)
		return during(create, want.Name, err)
	})
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return nil
	}
	return err
}

// amend sets what neither nats.go's key-value API nor `nats kv add` sets by
// itself: heartbeats expire (where they cannot, one small message of every
// scheduler that ever was stays: no reason to fail), and enough history is kept.
func (e *ensurer) amend(ctx context.Context, config *jetstream.StreamConfig) {
	want := *config
	want.AllowMsgTTL = true
	want.MaxMsgsPerSubject = max(want.MaxMsgsPerSubject, contract.BucketHistory)
	if want.AllowMsgTTL == config.AllowMsgTTL && want.MaxMsgsPerSubject == config.MaxMsgsPerSubject {
		return
	}
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if _, err := e.js.UpdateStream(call, want); err == nil {
		*config = want
	}
}

// allowBatches sets what a stream that is older than this product's batches
// lacks. Where that cannot be done records are stored one by one.
func (e *ensurer) allowBatches(ctx context.Context, want, has *jetstream.StreamConfig) {
	if !want.AllowBatchPublish || has.AllowBatchPublish {
		return
	}
	amended := *has
	amended.AllowBatchPublish = true
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if _, err := e.js.UpdateStream(call, amended); err == nil {
		*has = amended
	}
}

func (e *ensurer) lookup(ctx context.Context, name string) (*jetstream.StreamInfo, error) {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	stream, err := e.js.Stream(call, name)
	if err != nil {
		return nil, during(lookUp, name, err)
	}
	return stream.CachedInfo(), nil
}

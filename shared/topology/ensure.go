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
)

// Option changes how Ensure works.
type Option func(*ensurer)

// OnWait gets every error that Ensure waits out, before it tries again.
func OnWait(f func(err error)) Option { return func(e *ensurer) { e.onWait = f } }

type ensurer struct {
	js       jetstream.JetStream
	names    contract.Names
	replicas int
	onWait   func(error)
	started  time.Time
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
	e := &ensurer{js: js, names: names, replicas: replicas, onWait: func(error) {}, started: time.Now()}
	for _, option := range options {
		option(e)
	}
	wait := firstWait
	for {
		info, err := e.once(ctx)
		if err == nil {
			return info, nil
		}
		if ctx.Err() != nil {
			return Info{}, context.Cause(ctx)
		}
		if !e.transient(err) {
			return Info{}, e.explain(err)
		}
		e.onWait(err)
		pause(ctx, wait)
		wait = min(2*wait, maxWait)
	}
}

func (e *ensurer) once(ctx context.Context) (Info, error) {
	if err := checkVersion(e.js.Conn().ConnectedServerVersion()); err != nil {
		return Info{}, err
	}
	if err := checkPayload(e.js.Conn().MaxPayload()); err != nil {
		return Info{}, err
	}
	bucket, err := e.bucket(ctx)
	if err != nil {
		return Info{}, err
	}
	for _, config := range []jetstream.StreamConfig{resultConfig(e.names, 0), deadConfig(e.names, 0), runConfig(e.names, 0)} {
		if _, err := e.stream(ctx, config); err != nil {
			return Info{}, err
		}
	}
	triggers, err := e.stream(ctx, triggerConfig(e.names, strconv.Itoa(DefaultPartitions), 0))
	if err != nil {
		return Info{}, err
	}
	return describe(triggers, bucket)
}

// SetPartitions writes the number of partitions down for those who do not read
// cursors. The cursors decide; see the schedulers.
func SetPartitions(ctx context.Context, js jetstream.JetStream, names contract.Names, count int) error {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	stream, err := js.Stream(call, names.TriggerStream())
	if err != nil {
		return during("look up", names.TriggerStream(), err)
	}
	want := stream.CachedInfo().Config
	if want.Metadata[partitionsKey] == strconv.Itoa(count) {
		return nil
	}
	want.Metadata = maps.Clone(want.Metadata)
	want.Metadata[partitionsKey] = strconv.Itoa(count)
	_, err = js.UpdateStream(call, want)
	return during("update", names.TriggerStream(), err)
}

func describe(triggers, bucket *jetstream.StreamInfo) (Info, error) {
	text := triggers.Config.Metadata[partitionsKey]
	partitions, err := strconv.Atoi(text)
	if err != nil || partitions < 1 || partitions > maxPartitions {
		return Info{}, &mismatch{triggers.Config.Name, "metadata " + partitionsKey, text, "1 to 1024, as when it was created"}
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

// bucket looks up or creates the KV bucket.
func (e *ensurer) bucket(ctx context.Context) (*jetstream.StreamInfo, error) {
	name := e.names.BucketStream()
	info, err := e.lookup(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		err = e.replicated(func(replicas int) error {
			call, cancel := context.WithTimeout(ctx, callTimeout)
			defer cancel()
			_, err := e.js.CreateKeyValue(call, bucketConfig(e.names, replicas))
			return during("create", name, err)
		})
		if errors.Is(err, jetstream.ErrBucketExists) {
			err = nil // another created it meanwhile
		}
		if err != nil {
			return nil, err
		}
		info, err = e.lookup(ctx, name)
	}
	if err != nil {
		return nil, err
	}
	e.amend(ctx, &info.Config)
	return info, checkBucket(e.names, &info.Config)
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

// stream looks up or creates a stream and checks what it found.
func (e *ensurer) stream(ctx context.Context, want jetstream.StreamConfig) (*jetstream.StreamInfo, error) {
	info, err := e.lookup(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		err = e.replicated(func(replicas int) error {
			call, cancel := context.WithTimeout(ctx, callTimeout)
			defer cancel()
			want.Replicas = replicas
			_, err := e.js.CreateStream(call, want)
			return during("create", want.Name, err)
		})
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			err = nil // another created it meanwhile
		}
		if err != nil {
			return nil, err
		}
		info, err = e.lookup(ctx, want.Name)
	}
	if err != nil {
		return nil, err
	}
	return info, checkStream(&want, &info.Config)
}

func (e *ensurer) lookup(ctx context.Context, name string) (*jetstream.StreamInfo, error) {
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	stream, err := e.js.Stream(call, name)
	if err != nil {
		return nil, during("look up", name, err)
	}
	return stream.CachedInfo(), nil
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

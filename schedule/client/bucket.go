package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
)

const (
	maxValueSize = 256 << 10 // bytes of a value in the bucket

	// peersWait is how long "too few servers" is taken for a cluster that is
	// starting: a bucket that is made with one replica keeps it.
	peersWait  = 3 * time.Second
	peersRetry = 250 * time.Millisecond
)

// Error codes of the server that nats.go does not name.
const (
	codeNoPeers             nats.ErrorCode = 10005 // too few servers fit
	codeInsufficient        nats.ErrorCode = 10023
	codeReplicasUnsupported nats.ErrorCode = 10074 // not clustered
)

// open binds to the bucket, which it creates when it is missing.
func (s *Schedule) open(ctx context.Context) error {
	stream := s.names.BucketStream()
	info, err := s.bucketInfo(ctx)
	if errors.Is(err, nats.ErrStreamNotFound) {
		if s.bindOnly {
			return fmt.Errorf("%w: %s", ErrNoNamespace, s.names)
		}
		info, err = s.create(ctx)
	}
	if err != nil {
		return err
	}
	if err := s.usable(&info.Config); err != nil {
		return err
	}
	s.kv, err = query(ctx, s, "open bucket "+s.names.Bucket(), "STREAM.INFO."+stream, func(context.Context) (nats.KeyValue, error) {
		return s.js.KeyValue(s.names.Bucket())
	})
	return err
}

func (s *Schedule) bucketInfo(ctx context.Context) (*nats.StreamInfo, error) {
	return s.streamInfo(ctx, "look up bucket "+s.names.Bucket(), s.names.BucketStream())
}

func (s *Schedule) streamInfo(ctx context.Context, what, stream string) (*nats.StreamInfo, error) {
	return query(ctx, s, what, "STREAM.INFO."+stream, func(ctx context.Context) (*nats.StreamInfo, error) {
		return s.js.StreamInfo(stream, nats.Context(ctx))
	})
}

// create makes the bucket. It is fine when another makes it meanwhile.
func (s *Schedule) create(ctx context.Context) (*nats.StreamInfo, error) {
	replicas := s.replicas
	if replicas == 0 {
		replicas = 3
	}
	began := s.now()
	for {
		info, err := s.createWith(ctx, replicas)
		if errors.Is(err, nats.ErrStreamNameAlreadyInUse) {
			return s.bucketInfo(ctx)
		}
		if s.replicas != 0 || replicas == 1 {
			return info, err
		}
		switch code(err) {
		case codeReplicasUnsupported:
			replicas = 1
		case codeNoPeers, codeInsufficient:
			if s.now().Sub(began) >= peersWait {
				replicas = 1
			} else if !pause(ctx, peersRetry) {
				return nil, err
			}
		default:
			return info, err
		}
	}
}

// createWith makes the stream as nats.go's CreateKeyValue would, with a context.
func (s *Schedule) createWith(ctx context.Context, replicas int) (*nats.StreamInfo, error) {
	stream := s.names.BucketStream()
	return query(ctx, s, "create bucket "+s.names.Bucket(), "STREAM.CREATE."+stream, func(ctx context.Context) (*nats.StreamInfo, error) {
		return s.js.AddStream(&nats.StreamConfig{
			Name:              stream,
			Description:       "schedules and their history",
			Subjects:          []string{s.names.BucketSubject(">")},
			MaxMsgsPerSubject: contract.BucketHistory,
			MaxMsgSize:        maxValueSize,
			MaxBytes:          -1,
			MaxMsgs:           -1,
			MaxConsumers:      -1,
			Storage:           nats.FileStorage,
			Discard:           nats.DiscardNew,
			Duplicates:        2 * time.Minute,
			Replicas:          replicas,
			AllowRollup:       true,
			DenyDelete:        true,
			AllowDirect:       true,
		}, nats.Context(ctx))
	})
}

// usable refuses a bucket in which schedules would get lost.
func (s *Schedule) usable(c *nats.StreamConfig) error {
	const want = "bucket %s cannot hold schedules: %s"
	switch subject := s.names.BucketSubject(">"); {
	case len(c.Subjects) != 1 || c.Subjects[0] != subject:
		return fmt.Errorf(want, s.names.Bucket(), "its subject must be "+subject)
	case c.MaxMsgsPerSubject < 1:
		return fmt.Errorf(want, s.names.Bucket(), "it keeps no history, want at least 1")
	case c.MaxAge != 0:
		return fmt.Errorf(want, s.names.Bucket(), "it lets values expire, want no TTL")
	case c.MaxMsgSize > 0 && c.MaxMsgSize < contract.MaxScheduleBytes:
		return fmt.Errorf(want, s.names.Bucket(), "it has no room for a value of 64 KiB")
	}
	return nil
}

func code(err error) nats.ErrorCode {
	var api *nats.APIError
	if errors.As(err, &api) {
		return api.ErrorCode
	}
	return 0
}

// pause waits for d; it returns false when ctx ends before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

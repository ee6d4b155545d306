// Package natsresult is the log stream of results on JetStream.
package natsresult

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Log is core.ResultLog on JetStream.
type Log struct {
	js    jetstream.JetStream
	names contract.Names

	mu     sync.Mutex // guards stream
	stream jetstream.Stream

	read histories
}

// New makes a log. It asks the server for nothing.
func New(js jetstream.JetStream, names contract.Names) *Log {
	return &Log{js: js, names: names}
}

// Append implements core.ResultLog: the record's ID is its Nats-Msg-Id, which
// the stream remembers for its duplicate window.
func (l *Log) Append(ctx context.Context, id string, record contract.Result) error {
	data, err := contract.Encode(record)
	if err != nil {
		return fmt.Errorf("encode record: %w", err)
	}
	_, err = l.js.Publish(ctx, l.names.Result(record.Key), data, jetstream.WithMsgID(id),
		jetstream.WithExpectStream(l.names.ResultStream()))
	if err != nil {
		return fmt.Errorf("publish to stream %s: %w", l.names.ResultStream(), err)
	}
	return nil
}

// Progress implements core.ResultLog. Mostly the key's last record decides,
// which is one cheap request: there is none, it is older than since, or it is
// one of the occurrence. Only otherwise are the records since then read through,
// as far as that was not done a short while ago.
//
// It is the stream's leader that is asked: a follower may be behind, and would
// have a call repeated that has been made.
func (l *Log) Progress(ctx context.Context, key, occurrence string, since time.Time) (core.Progress, error) {
	p, err := l.progress(ctx, l.names.Result(key), occurrence, since)
	if err != nil {
		l.forget() // it may have been made anew
		return p, fmt.Errorf("read stream %s: %w", l.names.ResultStream(), err)
	}
	return p, nil
}

func (l *Log) progress(ctx context.Context, subject, occurrence string, since time.Time) (p core.Progress, err error) {
	last, err := l.get(ctx, query{Subject: subject})
	if err != nil || last == nil || last.Time.Before(since) {
		return p, err
	}
	id, err := last.id()
	if err != nil {
		return p, err
	}
	found, ok := found{}.saw(id, occurrence, last.Sequence)
	if !ok {
		if found, err = l.read.find(ctx, l, subject, occurrence, since, last.Sequence); err != nil {
			return p, err
		}
	}
	if p.Ended = found.ended; p.Ended || found.attempt == 0 {
		return p, nil
	}
	if last.Sequence != found.sequence {
		if last, err = l.get(ctx, query{Sequence: found.sequence}); err == nil && last == nil {
			err = errors.New("a record has expired meanwhile")
		}
		if err != nil {
			return p, err
		}
	}
	p.Last, err = contract.Decode[contract.Result](last.Data)
	return p, err
}

// lookUp returns the stream's handle, which tells how messages are to be asked
// for.
func (l *Log) lookUp(ctx context.Context) (jetstream.Stream, error) {
	l.mu.Lock()
	stream := l.stream
	l.mu.Unlock()
	if stream != nil {
		return stream, nil
	}
	stream, err := l.js.Stream(ctx, l.names.ResultStream())
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stream = stream
	return stream, nil
}

func (l *Log) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stream = nil
	l.read.forget()
}

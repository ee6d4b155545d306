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
	"github.com/weplanx/workflow/shared/natsio"
	"github.com/weplanx/workflow/worker/internal/core"
)

// Log is core.ResultLog on JetStream.
type Log struct {
	js    jetstream.JetStream
	names contract.Names

	asking  chan struct{} // holds an element while the server is asked for the stream
	mu      sync.Mutex    // guards those that follow
	stream  jetstream.Stream
	created time.Time // when the stream was made of which histories tell

	read  histories
	write writer
}

// recordSize is as much as most records take, in bytes.
const recordSize = 448

// New makes a log on js, which should have a PublishAsyncTimeout. It asks the server for nothing; with its first record it
// subscribes to the answers to its batches, until the connection is closed.
func New(js jetstream.JetStream, names contract.Names) *Log {
	return &Log{
		js: js, names: names, asking: make(chan struct{}, 1),
		write: writer{js: js, stream: names.ResultStream(), patience: batchTimeout},
	}
}

// Append implements core.ResultLog: a record's name is its Nats-Msg-Id, which
// the stream remembers for its duplicate window.
func (l *Log) Append(ctx context.Context, records ...contract.Result) error {
	lines, data := make([]line, len(records)), make([]byte, 0, recordSize*len(records))
	for i, record := range records {
		began := len(data)
		var err error
		if data, err = contract.AppendResult(data, record); err != nil {
			return fmt.Errorf("encode record: %w", err)
		}
		lines[i] = line{l.names.Result(record.Key), core.RecordID(record), data[began:len(data):len(data)]}
	}
	if err := l.write.append(ctx, lines); err != nil {
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
		l.doubt()
		return p, fmt.Errorf("read stream %s: %w", l.names.ResultStream(), err)
	}
	return p, nil
}

// ends: what was found is the attempt that ended its occurrence. The final record may
// stand before it, where a request failed in between.
func ends(f found, data []byte) bool {
	if f.ended || f.attempt == 0 {
		return false
	}
	r, err := contract.Decode[contract.Result](data)
	return err != nil || r.Outcome != contract.OutcomeRetry && r.Reason != contract.ReasonOpen
}

func (l *Log) progress(ctx context.Context, subject, occurrence string, since time.Time) (p core.Progress, err error) {
	if _, err := l.lookUp(ctx); err != nil {
		return p, err
	}
	last, err := l.get(ctx, natsio.Query{Last: subject})
	if err != nil || last == nil || last.Time.Before(since) {
		return p, err
	}
	id, err := idOf(last)
	if err != nil {
		return p, err
	}
	found, ok := found{}.saw(id, occurrence, last.Sequence)
	if !ok || ends(found, last.Data) {
		if found, err = l.read.find(ctx, l, subject, occurrence, since, last.Sequence); err != nil {
			return p, err
		}
	}
	if p.Ended = found.ended; p.Ended || found.attempt == 0 {
		return p, nil
	}
	if last.Sequence != found.sequence {
		if last, err = l.get(ctx, natsio.Query{Sequence: found.sequence}); err == nil && last == nil {
			err = errors.New("a record has expired meanwhile")
		}
		if err != nil {
			return p, err
		}
	}
	p.Last, err = contract.Decode[contract.Result](last.Data)
	return p, err
}

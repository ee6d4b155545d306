package natsresult

import (
	"context"

	"github.com/nats-io/nats.go/jetstream"
)

// lookUp returns the stream's handle, which tells how messages are to be asked
// for. The server is asked for it at first and after every error, by one look-up
// for all. What was read of its records is kept, as long as it is the same stream:
// who has not come to the end in time goes on from there the next time.
func (l *Log) lookUp(ctx context.Context) (jetstream.Stream, error) {
	if stream := l.known(); stream != nil {
		return stream, nil
	}
	select {
	case l.asking <- struct{}{}:
		defer func() { <-l.asking }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if stream := l.known(); stream != nil {
		return stream, nil
	}
	stream, err := l.js.Stream(ctx, l.names.ResultStream())
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if created := stream.CachedInfo().Created; !created.Equal(l.created) {
		l.read.forget()
		l.created = created
	}
	l.stream = stream
	return stream, nil
}

func (l *Log) known() jetstream.Stream {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stream
}

// doubt has the server asked for the stream again: it may have been made anew.
func (l *Log) doubt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stream = nil
}

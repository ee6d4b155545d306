//go:build e2e

package container_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/e2e/internal/ledger"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/topology"
)

const (
	littleRoom, wideRoom = 32 << 10, 1 << 30 // bytes of triggers
	// fullText is how a scheduler says it, in /readyz and in its log.
	fullText = "the trigger stream is full"
)

// The stream of triggers is full because no worker runs: schedulers say so, keep
// their cursors, and go on once there is room. Every occurrence is run, for the
// workers come within the 30 s for which none is missed.
func TestTriggersStreamIsFull(t *testing.T) {
	t.Parallel()
	l := &load{site: on(t, mainCluster), namespace: "full"}
	for range 2 {
		l.schedulers = append(l.schedulers, l.startScheduler(l.namespace))
	}
	l.open()
	l.resize(littleRoom)
	l.Store(schedules, l.target)
	l.await("an alarm in /readyz", func() error { return l.alarmed(fullText) })
	l.await("an alarm in a log", func() error {
		for _, n := range l.schedulers {
			if strings.Contains(n.output(), fullText) {
				return nil
			}
		}
		return errors.New("no log has " + fullText)
	})
	l.checkCursors()
	for range 2 {
		l.workers = append(l.workers, l.startWorker(l.namespace))
	}
	l.resize(wideRoom)
	l.wantReady()
	l.Await(15, patience)
	l.Finish(ledger.Rules{Published: true})
}

// resize leaves the stream of triggers so many bytes.
func (l *load) resize(bytes int64) {
	l.t.Helper()
	stream := l.triggers()
	config := stream.CachedInfo().Config
	config.MaxBytes = bytes
	_, err := l.js().UpdateStream(l.t.Context(), config)
	l.must(err)
}

// js is the admin's view.
func (l *load) js() jetstream.JetStream {
	l.t.Helper()
	js, err := jetstream.New(l.as(l.namespace + ".admin"))
	l.must(err)
	return js
}

func (l *load) triggers() jetstream.Stream {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), connectLimit)
	defer cancel()
	stream, err := l.js().Stream(ctx, contract.Names(l.namespace).TriggerStream())
	l.must(err)
	return stream
}

// alarmed is nil when /readyz of a scheduler says text.
func (l *load) alarmed(text string) error {
	for _, n := range l.schedulers {
		if err := l.ready(n, schedulerPort); err != nil && strings.Contains(err.Error(), text) {
			return nil
		}
	}
	return fmt.Errorf("no scheduler says %q", text)
}

// checkCursors: no cursor has moved past what is stored. No worker has taken
// anything yet, so whatever is due up to the cursor of its partition has to be in
// the stream. Cursors are read first: what is stored after that does no harm.
func (l *load) checkCursors() {
	l.t.Helper()
	stream, names, cursors := l.triggers(), contract.Names(l.namespace), [topology.DefaultPartitions]contract.Cursor{}
	for i := range cursors {
		msg, err := stream.GetLastMsgForSubject(l.t.Context(), names.Cursor(i))
		l.must(err)
		cursors[i], err = contract.Decode[contract.Cursor](msg.Data)
		l.must(err)
	}
	info, err := stream.Info(l.t.Context(), jetstream.WithSubjectFilter(names.Triggers()))
	l.must(err)
	stored := 0
	for _, key := range l.List() {
		n := int(info.State.Subjects[names.Trigger(contract.ModeHTTP, key)])
		cursor := cursors[contract.Partition(key, len(cursors))]
		if next := l.Ledger.Due(key, n+1); !next.After(cursor.Due) {
			l.t.Errorf("%s: %d triggers are stored and the next one is due %s, but the cursor is at %s", key, n, next, cursor.Due)
		}
		stored += n
	}
	l.t.Logf("full with %d triggers", stored)
}

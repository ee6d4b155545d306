package topology

import (
	"context"
	"errors"
	"time"
)

// OnWait gets every error that Ensure waits out, before it tries again.
func OnWait(f func(err error)) Option { return func(e *ensurer) { e.onWait = f } }

// LeaveMaking is for a program for which others make the streams: where its
// credential may not create one that is missing, Ensure waits until somebody has,
// and tells OnWait so every 30 s. Without it that is an error.
func LeaveMaking() Option { return func(e *ensurer) { e.patient = true } }

// insist tries again while that may help.
func (e *ensurer) insist(ctx context.Context, try func() error) error {
	wait := firstWait
	for {
		err := e.leave(try())
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case !e.transient(err):
			return e.explain(err)
		}
		e.say(err)
		pause(ctx, wait)
		wait = min(2*wait, maxWait)
	}
}

// leave makes a stream that it may not create a thing to wait for, if that is
// wanted.
func (e *ensurer) leave(err error) error {
	var f *failure
	if !e.patient || e.denied(err) == "" || !errors.As(err, &f) || f.verb != create {
		return err
	}
	e.mayNot = true
	return &missingError{f.stream}
}

// say tells of an error that is waited out; of one that may take a person to end
// not each time. Before it does so again it is tried whether it still may not.
func (e *ensurer) say(err error) {
	var missing *missingError
	if errors.As(err, &missing) {
		if time.Since(e.warned) < warnAgain {
			return
		}
		e.mayNot = e.warned.IsZero()
		e.warned = time.Now()
	}
	e.onWait(err)
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

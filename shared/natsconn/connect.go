package natsconn

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/sirupsen/logrus"
)

const (
	roundTimeout = 7 * time.Second // of one round through all servers

	retryWait = time.Second     // between two rounds
	sayEvery  = 5 * time.Second // at most, that no server can be reached
)

// Connect returns a connection that stays: it reconnects until it is closed.
// It waits, saying so every few seconds, while no server can be reached, and
// returns the context's error when ctx ends first. A wrong setting, and a
// credential or TLS file that a server refuses twice, is a *setting.Error;
// refusals are found out within 15 s. The caller closes the connection.
func Connect(ctx context.Context, c Config, name string, log *logrus.Logger) (*nats.Conn, error) {
	s, err := c.options()
	if err != nil {
		return nil, err
	}
	w := waiting{settings: s, log: log}
	for {
		nc, err := w.round(ctx, name)
		if err == nil {
			log.WithFields(logrus.Fields{"server": nc.ConnectedAddr(), "version": nc.ConnectedServerVersion()}).Info("nats connected")
			return nc, nil
		}
		if ctx.Err() == nil {
			err = w.failed(ctx, err)
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			return nil, err
		}
	}
}

type waiting struct {
	*settings
	log *logrus.Logger
}

// round tries the servers one after the other, in random order.
func (w *waiting) round(ctx context.Context, name string) (*nats.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, roundTimeout)
	defer cancel()
	return dial(ctx, w.hosts, w.lasting(name, w.log))
}

// failed decides after a failed round: it returns an error when a server
// refuses the settings, and waits until the next round is due when it does not.
func (w *waiting) failed(ctx context.Context, err error) error {
	for again := false; ; again = true {
		reached, refusal := w.refusal(ctx)
		switch {
		case reached:
			return nil // the next round will do
		case refusal == nil:
			w.unreachable(w.log, err)
			pause(ctx, retryWait)
			return nil
		case again:
			return refused(refusal, w.settings)
		}
		pause(ctx, retryWait) // it may be starting and not know its users yet
	}
}

// refusal asks every server by itself, because a connection to many of them
// reports only the last one's error. It returns whether one
// can be used, and a refusal if one refused.
func (w *waiting) refusal(ctx context.Context) (reached bool, refusal error) {
	errs := make([]error, len(w.hosts))
	var group sync.WaitGroup
	for i, host := range w.hosts {
		group.Go(func() {
			nc, err := dial(ctx, []string{host}, w.probe())
			if err == nil {
				nc.Close()
			}
			errs[i] = err
		})
	}
	group.Wait()
	for _, err := range errs {
		if err == nil {
			return true, nil
		}
		if refused(err, w.settings) != nil {
			refusal = err
		}
	}
	return false, refusal
}

// dial is nats.Connect, left alone when ctx ends.
func dial(ctx context.Context, hosts []string, options []nats.Option) (*nats.Conn, error) {
	o := nats.GetDefaultOptions()
	o.Servers = hosts
	for _, option := range options {
		if err := option(&o); err != nil {
			return nil, err
		}
	}
	type outcome struct {
		nc  *nats.Conn
		err error
	}
	done := make(chan outcome, 1)
	go func() {
		nc, err := o.Connect()
		done <- outcome{nc, err}
	}()
	select {
	case out := <-done:
		return out.nc, out.err
	case <-ctx.Done():
		go func() {
			if out := <-done; out.err == nil {
				out.nc.Close()
			}
		}()
		return nil, context.Cause(ctx)
	}
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

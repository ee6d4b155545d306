package health

import (
	"context"
	"errors"
	"net"
	"net/http"
)

// Around binds addr and serves h while f runs, as a service does that is alive
// before it is ready. f's context ends with ctx, and when h cannot be served any
// more; serving ends with f. The error is f's, or names HTTP_ADDR.
func Around(ctx context.Context, addr string, h http.Handler, f func(context.Context) error) error {
	listener, err := Listen(ctx, addr)
	if err != nil {
		return err
	}
	return around(ctx, listener, h, f)
}

func around(ctx context.Context, listener net.Listener, h http.Handler, f func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() {
		defer stop()
		served <- ServeOn(ctx, listener, h)
	}()
	err := f(ctx)
	stop()
	if failed := <-served; failed != nil && (err == nil || errors.Is(err, context.Canceled)) {
		return failed
	}
	return err
}

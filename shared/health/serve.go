package health

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/weplanx/workflow/shared/setting"
)

// stopTimeout bounds how long Serve waits for requests under way.
const stopTimeout = 2 * time.Second

// CheckAddr refuses what is not an address to listen on: host:port, where the
// host may be empty. The error is a *setting.Error.
func CheckAddr(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return &setting.Error{Name: "HTTP_ADDR", Problem: "is " + setting.Quote(addr) + ", want host:port or :port"}
	}
	return nil
}

// Listen binds addr. The error is a *setting.Error that names HTTP_ADDR.
func Listen(ctx context.Context, addr string) (net.Listener, error) {
	if err := CheckAddr(addr); err != nil {
		return nil, err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return nil, &setting.Error{
			Name:    "HTTP_ADDR",
			Problem: fmt.Sprintf("cannot listen on %s (%v), want a free host:port of this machine", addr, err),
		}
	}
	return listener, nil
}

// Serve binds addr and serves h until ctx ends, then lets requests under way
// finish for at most 2 s. It returns nil when ctx ended, else an error that
// names HTTP_ADDR.
func Serve(ctx context.Context, addr string, h http.Handler) error {
	listener, err := Listen(ctx, addr)
	if err != nil {
		return err
	}
	return ServeOn(ctx, listener, h)
}

// ServeOn is Serve on a listener, which it closes.
func ServeOn(ctx context.Context, listener net.Listener, h http.Handler) error {
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    64 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return stopped(listener, err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		_ = server.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return stopped(listener, err)
	}
	return nil
}

func stopped(listener net.Listener, err error) error {
	return fmt.Errorf("HTTP_ADDR: stopped serving %s: %w", listener.Addr(), err)
}

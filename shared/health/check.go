package health

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/weplanx/workflow/shared/setting"
)

// checkTimeout bounds Check. Orchestrators kill a check after some 5 s without
// telling why; ours says it.
const checkTimeout = 3 * time.Second

// Check asks the program that serves health on addr, on this machine, for
// /healthz. It is what a container image without a shell checks itself by. addr
// is what Listen got: one without a host is asked on the loopback interface.
// Nil means that the program answered 200 within 3 s; it may not be ready.
func Check(ctx context.Context, addr string) error {
	target, err := local(addr)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, checkTimeout, errors.New("no answer within "+checkTimeout.String()))
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+target+"/healthz", http.NoBody)
	if err != nil {
		return fmt.Errorf("health: %w", err)
	}
	// A transport of its own knows no proxy and keeps no connection.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return fmt.Errorf("health of %s: %w", target, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("health of %s: status %d, want 200", target, response.StatusCode)
	}
	return nil
}

// local is where to reach a program that listens on addr.
func local(addr string) (string, error) {
	if err := CheckAddr(addr); err != nil {
		return "", err
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("health: %w", err)
	}
	if port == "0" {
		return "", &setting.Error{Name: "HTTP_ADDR", Problem: "leaves the port to the system, so it cannot be asked, want a port"}
	}
	switch ip, err := netip.ParseAddr(host); {
	case host == "", err == nil && ip.IsUnspecified() && ip.Is4():
		host = "127.0.0.1"
	case err == nil && ip.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port), nil
}

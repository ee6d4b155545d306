package httpexec_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/loopback"
	"github.com/weplanx/workflow/worker/internal/core"
)

func TestFailures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		url   func(t *testing.T) string
		class string
	}{
		"no such host": {func(*testing.T) string { return "http://host.invalid/secret" }, contract.ErrorDNS},
		"refused":      {refused, contract.ErrorConnect},
		"not TLS":      {notTLS, contract.ErrorTLS},
		"unknown CA":   {unknownCA, contract.ErrorTLS},
		"old TLS":      {oldTLS, contract.ErrorTLS},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := test.url(t)
			a := execute(t, setup(t), at(url))
			if a.Verdict != core.Temporary || a.Class != test.class || a.Status != 0 || a.Error == "" {
				t.Errorf("got %+v, want class %s", a, test.class)
			}
			for _, private := range []string{"127.0.0.1", "secret", "host.invalid", "lookup", "://"} {
				if strings.Contains(a.Error, private) {
					t.Errorf("error %q tells %q", a.Error, private)
				}
			}
		})
	}
}

func refused(t *testing.T) string {
	t.Helper()
	return "http://" + loopback.Address(t)
}

func notTLS(t *testing.T) string {
	t.Helper()
	return strings.Replace(serve(t, func(http.ResponseWriter, *http.Request) {}), "http:", "https:", 1)
}

func unknownCA(t *testing.T) string {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.Config.ErrorLog = quiet()
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

func oldTLS(t *testing.T) string {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	s.Config.ErrorLog = quiet()
	s.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	a := setup(t).Execute(ctx, at(url))
	if a.Verdict != core.Temporary || a.Class != contract.ErrorTimeout {
		t.Errorf("got %+v", a)
	}
}

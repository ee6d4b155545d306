package httpexec

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// answered says what a response means. accept are the statuses that are a
// success; none: 2xx.
func answered(r *http.Response, accept []int, now time.Time) core.Answer {
	a := core.Answer{Status: r.StatusCode, Verdict: verdict(r.StatusCode, accept)}
	if a.Verdict == core.Success {
		return a
	}
	a.Class = contract.ErrorStatus
	a.Error = strings.TrimSpace("status " + strconv.Itoa(r.StatusCode) + " " + http.StatusText(r.StatusCode))
	if a.Verdict == core.Temporary {
		a.RetryAfter = retryAfter(r.Header.Get("Retry-After"), now)
	}
	return a
}

// verdict: what the job accepts is a success; what the target itself calls
// temporary is tried again; every other status would come again.
func verdict(status int, accept []int) core.Verdict {
	switch {
	case slices.Contains(accept, status):
		return core.Success
	case len(accept) == 0 && status >= 200 && status <= 299:
		return core.Success
	case status >= 500 && status <= 599:
		return core.Temporary
	}
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return core.Temporary
	}
	return core.Permanent
}

// accepted reports whether the target will report the completion later.
func accepted(r *http.Response, a core.Answer) bool {
	return a.Verdict == core.Success && r.StatusCode == http.StatusAccepted &&
		strings.EqualFold(r.Header.Get(contract.HeaderComplete), contract.CompleteCallback)
}

// retryAfter reads the header Retry-After: seconds or a date (RFC 9110, section
// 10.2.3). 0: there is none that can be read.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

package httpapi

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

const (
	defaultWait = 15 * time.Second // more than an event's call may take
	maxWait     = 20 * time.Second // below what the server has for an answer
)

// wait is how long the client wants to wait for the final record.
type wait struct {
	limit     time.Duration // 0: not at all
	preferred bool          // asked for by the header Prefer
}

// parseWait reads ?wait or ?wait=10s (10 is seconds), which is refused when it
// is no such duration or more than maxWait, or the header Prefer: wait=10
// (RFC 7240, section 4.3; the number may be absent). A preference may be followed
// in part: more than maxWait is cut to that, and one that cannot be read is none.
func parseWait(r *http.Request) (wait, error) {
	if query := r.URL.Query(); query.Has("wait") {
		limit, ok := parseLimit(query.Get("wait"))
		switch {
		case !ok:
			return wait{}, &contract.FieldError{Field: "wait", Problem: "is no duration, want one such as 10s, at most " + maxWait.String()}
		case limit > maxWait:
			return wait{}, &contract.FieldError{Field: "wait", Problem: "is too long, want at most " + maxWait.String()}
		}
		return wait{limit: limit}, nil
	}
	for _, preferences := range r.Header.Values("Prefer") {
		for preference := range strings.SplitSeq(preferences, ",") {
			name, value, _ := strings.Cut(preference, "=")
			value, _, _ = strings.Cut(value, ";")
			limit, ok := parseLimit(strings.Trim(strings.TrimSpace(value), `"`))
			if strings.EqualFold(strings.TrimSpace(name), "wait") && ok {
				return wait{limit: min(limit, maxWait), preferred: true}, nil
			}
		}
	}
	return wait{}, nil
}

func parseLimit(s string) (time.Duration, bool) {
	if s == "" {
		return defaultWait, true
	}
	limit, err := time.ParseDuration(s)
	if seconds, notNumber := strconv.ParseUint(s, 10, 64); notNumber == nil {
		limit, err = time.Duration(min(seconds, math.MaxInt32))*time.Second, nil
	}
	return limit, err == nil && limit >= 0
}

// applied tells the client that its preference was followed.
func (p wait) applied(w http.ResponseWriter) {
	if p.preferred {
		w.Header().Set("Preference-Applied", "wait="+strconv.Itoa(int(p.limit.Seconds())))
	}
}

package contract

import (
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// FieldError says which field is wrong and what it wants.
type FieldError struct {
	Field   string // for example "jobs[0].spec"
	Problem string // lower case, says what would be right
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

// CheckNamespace refuses what is not a namespace: 1 to 32 of A-Z a-z 0-9 _ -.
func CheckNamespace(namespace string) error {
	ok := len(namespace) >= 1 && len(namespace) <= 32
	for i := 0; ok && i < len(namespace); i++ {
		c := namespace[i]
		ok = isAlnum(c) || c == '_' || c == '-'
	}
	if !ok {
		return &FieldError{Field: "namespace", Problem: "is " + quote(namespace) + ", want 1 to 32 characters of A-Z a-z 0-9 _ -"}
	}
	return nil
}

// CheckKey refuses what cannot be a schedule's key: at most MaxKeyLength of
// A-Z a-z 0-9 - / _ = and dots that are neither first, last nor adjacent (the
// rule of a JetStream KV key, ADR-8), and not under NodePrefix.
func CheckKey(key string) error {
	ok := key != "" && len(key) <= MaxKeyLength && key[0] != '.' && key[len(key)-1] != '.' && !strings.Contains(key, "..")
	for i := 0; ok && i < len(key); i++ {
		c := key[i]
		ok = isAlnum(c) || strings.IndexByte("-/_=.", c) >= 0
	}
	switch {
	case !ok:
		return &FieldError{Field: "key", Problem: "is " + quote(key) +
			", want 1 to 128 characters of A-Z a-z 0-9 - / _ = and single dots inside"}
	case strings.HasPrefix(key, NodePrefix):
		return &FieldError{Field: "key", Problem: "must not begin with " + quote(NodePrefix) + ", which is reserved"}
	}
	return nil
}

// Check refuses a schedule that could not run. Specs are checked by
// checkSpec, which gets a job's Spec and Timezone and whose error may be a
// *FieldError that names "spec" or "timezone" (any other error is put down to
// "spec"). The error is a *FieldError such as "jobs[0].spec: …".
func (s *Schedule) Check(checkSpec func(spec, timezone string) error) error {
	if len(s.Jobs) == 0 || len(s.Jobs) > MaxJobs {
		return &FieldError{Field: "jobs", Problem: fmt.Sprintf("has %d, want 1 to %d", len(s.Jobs), MaxJobs)}
	}
	for i := range s.Jobs {
		err := s.Jobs[i].check(checkSpec)
		if err != nil {
			return &FieldError{Field: "jobs[" + strconv.Itoa(i) + "]." + err.Field, Problem: err.Problem}
		}
	}
	if len(s.Gaps) > MaxGaps {
		return &FieldError{Field: "gaps", Problem: fmt.Sprintf("has %d, want at most %d", len(s.Gaps), MaxGaps)}
	}
	return nil
}

func (j *Job) check(checkSpec func(spec, timezone string) error) *FieldError {
	if err := CheckMode(j.Mode); err != nil {
		return err
	}
	if err := j.checkTimes(checkSpec); err != nil {
		return err
	}
	if err := checkRun(j.Timeout, j.Attempts, j.Deadline, j.Overlap, j.Completion); err != nil {
		return err
	}
	if j.optionErr != nil {
		return &FieldError{Field: "option.body", Problem: "cannot be written as JSON: " + j.optionErr.Error()}
	}
	if err := CheckOption(j.Mode, j.Option); err != nil {
		return &FieldError{Field: join("option", err.Field), Problem: err.Problem}
	}
	return nil
}

// CheckRun refuses policies of a run that a worker could not keep. The error is
// a *FieldError.
func (t *Trigger) CheckRun() error {
	if err := checkRun(t.Timeout, t.Attempts, t.Deadline, t.Overlap, t.Completion); err != nil {
		return err
	}
	return nil
}

func checkRun(timeout Duration, attempts int, deadline Duration, overlap string, completion Duration) *FieldError {
	bad := func(field, has, want string) *FieldError {
		return &FieldError{Field: field, Problem: "is " + has + ", want " + want}
	}
	switch {
	case timeout < 0 || time.Duration(timeout) > MaxTimeout:
		return bad("timeout", timeout.String(), "more than 0s, at most 15m")
	case attempts < 0 || attempts > MaxAttempts:
		return bad("attempts", strconv.Itoa(attempts), "1 to "+strconv.Itoa(MaxAttempts))
	case deadline < 0 || time.Duration(deadline) > MaxDeadline:
		return bad("deadline", deadline.String(), "more than 0s, at most 720h")
	case !contains([]string{"", OverlapAllow, OverlapSkip, OverlapQueue}, overlap):
		return bad("overlap", quote(overlap), "\"allow\", \"skip\" or \"queue\"")
	case completion < 0 || time.Duration(completion) > MaxCompletion:
		return bad("completion", completion.String(), "more than 0s, at most 168h")
	}
	return nil
}

// CheckTimes refuses what a job says of its times, as Schedule.Check does. The
// error is a *FieldError whose Field is relative to the job.
func (j *Job) CheckTimes(checkSpec func(spec, timezone string) error) error {
	if err := j.checkTimes(checkSpec); err != nil {
		return err
	}
	return nil
}

func (j *Job) checkTimes(checkSpec func(spec, timezone string) error) *FieldError {
	if err := checkSpec(j.Spec, j.Timezone); err != nil {
		if f, ok := err.(*FieldError); ok { //nolint:errorlint // only the error itself names a field of the job
			return f
		}
		return &FieldError{Field: "spec", Problem: err.Error()}
	}
	switch {
	case !j.Start.IsZero() && !j.End.IsZero() && j.End.Before(j.Start):
		return &FieldError{Field: "end", Problem: "is before start"}
	case j.Jitter < 0 || time.Duration(j.Jitter) > MaxJitter:
		return &FieldError{Field: "jitter", Problem: "is " + j.Jitter.String() + ", want 0s to 24h"}
	case !contains([]string{"", GapAfter, GapSkip}, j.DST.Gap):
		return &FieldError{Field: "dst.gap", Problem: "is " + quote(j.DST.Gap) + ", want \"after\" or \"skip\""}
	case !contains([]string{"", FoldFirst, FoldBoth}, j.DST.Fold):
		return &FieldError{Field: "dst.fold", Problem: "is " + quote(j.DST.Fold) + ", want \"first\" or \"both\""}
	}
	return j.Misfire.check()
}

func (m *Misfire) check() *FieldError {
	switch {
	case !contains([]string{"", MisfireOnce, MisfireAll, MisfireSkip}, m.Policy):
		return &FieldError{Field: "misfire.policy", Problem: "is " + quote(m.Policy) + ", want \"once\", \"all\" or \"skip\""}
	case m.Policy != MisfireAll && (m.Limit != 0 || m.Window != 0):
		return &FieldError{Field: "misfire", Problem: "has a limit or window, which belong to the policy \"all\""}
	case m.Limit < 0 || m.Limit > MaxMisfireLimit:
		return &FieldError{Field: "misfire.limit", Problem: "is " + strconv.Itoa(m.Limit) + ", want 1 to " + strconv.Itoa(MaxMisfireLimit)}
	case m.Window < 0:
		return &FieldError{Field: "misfire.window", Problem: "is " + m.Window.String() + ", want more than 0s"}
	}
	return nil
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

// Check refuses an option that cannot be called. Its body may be anything.
func (o *HttpOption) Check() *FieldError {
	if o.Method != "" && !contains(methods, o.Method) {
		return &FieldError{Field: "method", Problem: "is " + quote(o.Method) + ", want one of " + strings.Join(methods, ", ")}
	}
	if problem := urlProblem(o.Url); problem != "" {
		return &FieldError{Field: "url", Problem: problem}
	}
	for i, status := range o.Accept {
		if status < 200 || status > 599 {
			return &FieldError{Field: "accept[" + strconv.Itoa(i) + "]", Problem: "is " + strconv.Itoa(status) + ", want 200 to 599"}
		}
	}
	if len(o.Accept) > maxAccept {
		return &FieldError{Field: "accept", Problem: fmt.Sprintf("has %d, want at most %d", len(o.Accept), maxAccept)}
	}
	return checkHeaders(o.Headers, httpReserved)
}

const maxAccept = 100

func (o *NatsOption) check() *FieldError {
	if err := CheckKey(o.Subject); err != nil {
		return &FieldError{Field: "subject", Problem: "is " + quote(o.Subject) +
			", want 1 to 128 characters of A-Z a-z 0-9 - / _ = and single dots inside; it is put below {namespace}.jobs."}
	}
	return checkHeaders(o.Headers, natsReserved)
}

// checkHeaders refuses headers, in an order that gives the same error each time.
func checkHeaders(headers map[string]string, isReserved func(lower string) bool) *FieldError {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if problem := headerProblem(name, headers[name], isReserved); problem != "" {
			return &FieldError{Field: "headers[" + quote(name) + "]", Problem: problem}
		}
	}
	return nil
}

// urlProblem never repeats the URL, which may hold a secret.
func urlProblem(raw string) string {
	const want = "want http://host/… or https://host/…"
	for i := range len(raw) {
		if raw[i] <= ' ' || raw[i] == 0x7f {
			return "contains a space or control character, " + want
		}
	}
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return "is empty, " + want
	case len(raw) > 2048:
		return "is longer than 2048 characters"
	case !utf8.ValidString(raw):
		return "is not UTF-8"
	case err != nil:
		return "is not a URL, " + want
	case u.Scheme != "http" && u.Scheme != "https":
		return "has scheme " + quote(u.Scheme) + ", " + want
	case u.Hostname() == "":
		return "has no host, " + want
	case u.User != nil:
		return "must not hold a user name or password; use a header"
	case strings.HasSuffix(u.Host, ":"):
		return "has an empty port, want 1 to 65535"
	case strings.ContainsAny(u.Hostname(), "*<>\"`{}|\\^"):
		return "has a host that is not a name or an address"
	case strings.HasPrefix(u.Host, "[") && !isIPv6(u.Hostname()):
		return "has a host in brackets that is not an IPv6 address"
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "has port " + quote(port) + ", want 1 to 65535"
		}
	}
	return ""
}

// Headers that a user cannot set: hop-by-hop (RFC 9110, section 7.6.1), those
// that frame the message, and our own.
var reserved = []string{
	"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
	"te", "trailer", "transfer-encoding", "upgrade", "host", "content-length",
	HeaderTrace, "tracestate", HeaderAgent,
}

// httpReserved: see reserved.
func httpReserved(lower string) bool { return contains(reserved, lower) || ours(lower) }

// natsReserved: the server and its clients act on headers that begin with
// "Nats-", and read "Status" as an answer of the server.
func natsReserved(lower string) bool {
	return strings.HasPrefix(lower, "nats-") || lower == "status" || lower == "description" || lower == HeaderTrace || lower == "tracestate" || ours(lower)
}

func ours(lower string) bool {
	return strings.HasPrefix(lower, "webhook-") || strings.HasPrefix(lower, "schedule-")
}

func headerProblem(name, value string, isReserved func(lower string) bool) string {
	switch {
	case !isToken(name):
		return "is not a header name (RFC 9110 token)"
	case isReserved(strings.ToLower(name)):
		return "is reserved and cannot be set"
	case len(value) > 8192:
		return "has a value longer than 8192 bytes"
	}
	for i := range len(value) {
		if c := value[i]; (c < ' ' && c != '\t') || c == 0x7f {
			return "has a value with a control character (CR, LF, …)"
		}
	}
	return ""
}

func isToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlnum(c) && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != "" && len(s) <= 256
}

func isIPv6(host string) bool {
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Is6()
}

func isAlnum(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func join(a, b string) string {
	if b == "" {
		return a
	}
	return a + "." + b
}

// quote shows a value in an error, shortened and free of control characters.
func quote(s string) string {
	const limit = 64
	if len(s) > limit {
		return strconv.QuoteToASCII(s[:limit]) + "…"
	}
	return strconv.QuoteToASCII(s)
}

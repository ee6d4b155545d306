package contract

import (
	"encoding/json"
	"strconv"
	"time"
)

// encodedResult is as much as most results take, in bytes.
const encodedResult = 512

// AppendResult appends what Encode makes of a result. There are two of them for
// every callback, and without reflection they take a quarter of the time.
func AppendResult(b []byte, r Result) ([]byte, error) {
	r.V = Version
	return appendResult(b, &r)
}

// appendResult appends what encoding/json makes of a result.
func appendResult(b []byte, r *Result) ([]byte, error) {
	o := object{bytes: append(b, '{')}
	o.integer("v", int64(r.V))
	o.text("kind", r.Kind)
	o.text("id", r.ID)
	o.text("key", r.Key)
	o.integer("index", int64(r.Index))
	o.textOr("mode", r.Mode)
	o.time("scheduled", r.Scheduled)
	o.time("due", r.Due)
	o.time("started", r.Started)
	o.time("finished", r.Finished)
	o.integerOr("attempt", int64(r.Attempt))
	o.textOr("outcome", r.Outcome)
	o.integerOr("status", int64(r.Status))
	o.textOr("error_class", r.ErrorClass)
	o.textOr("error", r.Error)
	o.textOr("worker", r.Worker)
	o.time("from", r.From)
	o.time("to", r.To)
	o.integerOr("count", r.Count)
	o.textOr("reason", r.Reason)
	if r.Lateness != 0 {
		o.text("lateness", r.Lateness.String())
	}
	o.integerOr("bytes", r.Bytes)
	o.textOr("excerpt", r.Excerpt)
	o.textOr("trace_id", r.TraceID)
	o.textOr("origin", r.Origin)
	return append(o.bytes, '}'), o.err
}

// object is a JSON object that is being written.
type object struct {
	bytes []byte
	err   error
}

func (o *object) name(name string) {
	if o.bytes[len(o.bytes)-1] != '{' {
		o.bytes = append(o.bytes, ',')
	}
	o.bytes = append(o.bytes, '"')
	o.bytes = append(o.bytes, name...)
	o.bytes = append(o.bytes, '"', ':')
}

func (o *object) integer(name string, n int64) {
	o.name(name)
	o.bytes = strconv.AppendInt(o.bytes, n, 10)
}

// integerOr leaves out zero.
func (o *object) integerOr(name string, n int64) {
	if n != 0 {
		o.integer(name, n)
	}
}

func (o *object) text(name, s string) {
	o.name(name)
	if !plain(s) {
		o.value(s)
		return
	}
	o.bytes = append(o.bytes, '"')
	o.bytes = append(o.bytes, s...)
	o.bytes = append(o.bytes, '"')
}

// textOr leaves out the empty string.
func (o *object) textOr(name, s string) {
	if s != "" {
		o.text(name, s)
	}
}

// time leaves out the zero time.
func (o *object) time(name string, t time.Time) {
	if t.IsZero() {
		return
	}
	o.name(name)
	if year := t.Year(); t.Location() != time.UTC || year < 0 || year > 9999 {
		o.value(t)
		return
	}
	o.bytes = append(o.bytes, '"')
	o.bytes = t.AppendFormat(o.bytes, time.RFC3339Nano)
	o.bytes = append(o.bytes, '"')
}

// value has encoding/json write what is not simple.
func (o *object) value(v any) {
	data, err := json.Marshal(v)
	if err != nil && o.err == nil {
		o.err = err
	}
	o.bytes = append(o.bytes, data...)
}

// plain: nothing in s has to be escaped.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

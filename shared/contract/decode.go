package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// ErrNewer is returned for a message whose version is above Version.
var ErrNewer = errors.New("message was written by a newer version of the product")

// ErrMalformed is returned for bytes that are not a message of the contract.
var ErrMalformed = errors.New("malformed message")

// Message are the messages that carry a version.
type Message interface {
	Schedule | Trigger | Cursor | Heartbeat | Result | Dead
}

// Encode writes a message with the current version, whatever its V says.
func Encode[M Message](m M) ([]byte, error) {
	*version(&m) = Version
	if r, ok := any(&m).(*Result); ok {
		return appendResult(make([]byte, 0, encodedResult), r)
	}
	return json.Marshal(m)
}

// version is where a message holds its own.
func version[M Message](m *M) *int {
	switch p := any(m).(type) {
	case *Schedule:
		return &p.V
	case *Trigger:
		return &p.V
	case *Cursor:
		return &p.V
	case *Heartbeat:
		return &p.V
	case *Result:
		return &p.V
	case *Dead:
		return &p.V
	}
	return new(int) // not reached: these are all
}

// Decode reads a message. Fields it does not know are ignored. The error is
// ErrMalformed or ErrNewer, with the reason.
func Decode[M Message](data []byte) (M, error) {
	if m, ok := decodeCurrent[M](data); ok {
		return m, nil
	}
	var m M
	var head struct {
		V *int `json:"v"`
	}
	if err := decodeValue(data, &head); err != nil {
		return m, err
	}
	switch {
	case head.V == nil:
		return m, fmt.Errorf("%w: field \"v\" is missing, want %d", ErrMalformed, Version)
	case *head.V < 1:
		return m, fmt.Errorf("%w: field \"v\" is %d, want %d", ErrMalformed, *head.V, Version)
	case *head.V > Version:
		return m, fmt.Errorf("%w: field \"v\" is %d, this one reads up to %d", ErrNewer, *head.V, Version)
	}
	err := decodeValue(data, &m)
	return m, err
}

// decodeCurrent reads a message as this version writes it, in one pass. false:
// it has to be looked at more closely.
func decodeCurrent[M Message](data []byte) (m M, ok bool) {
	if !bytes.HasPrefix(data, current) || decodeValue(data, &m) != nil {
		return m, false
	}
	return m, *version(&m) == Version
}

var current = []byte("{\"v\":" + strconv.Itoa(Version) + ",")

// DecodeEvent reads an event, which carries no version because any program
// may write one.
func DecodeEvent(data []byte) (Event, error) {
	var e Event
	if err := decodeValue(data, &e); err != nil {
		return e, err
	}
	if e.Mode == "" {
		return e, fmt.Errorf("%w: %w", ErrMalformed, &FieldError{Field: "mode", Problem: "is missing, want " + wantMode()})
	}
	return e, nil
}

// DecodeCompleted reads a report of a completion, which carries no version
// because targets write it. No bytes at all report a success. The error is
// ErrMalformed or a *FieldError.
func DecodeCompleted(data []byte) (Completed, error) {
	var c Completed
	if len(bytes.TrimSpace(data)) == 0 {
		return c, nil
	}
	if err := decodeValue(data, &c); err != nil {
		return c, err
	}
	if field := unknownField(data, "outcome", "error"); field != "" {
		return c, &FieldError{Field: field, Problem: "is not known, want \"outcome\" and \"error\""}
	}
	if c.Outcome == "" && c.Error != "" {
		c.Outcome = OutcomeFailed
	}
	return c, c.Check()
}

// unknownField returns the first field of a JSON object, by name, that is none
// of known.
func unknownField(data []byte, known ...string) string {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(data, &fields) // it has been read before
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !slices.ContainsFunc(known, func(k string) bool { return strings.EqualFold(k, name) }) {
			return name
		}
	}
	return ""
}

// Check refuses a report whose outcome is none. The error is a *FieldError.
func (c *Completed) Check() error {
	if !contains([]string{"", OutcomeSuccess, OutcomeFailed}, c.Outcome) {
		return &FieldError{Field: "outcome", Problem: "is " + quote(c.Outcome) + ", want \"success\" or \"failed\""}
	}
	return nil
}

func decodeValue(data []byte, to any) error {
	if !utf8.Valid(data) {
		return fmt.Errorf("%w: not UTF-8", ErrMalformed)
	}
	if b := bytes.TrimSpace(data); len(b) == 0 || b[0] != '{' {
		return fmt.Errorf("%w: not a JSON object", ErrMalformed)
	}
	if err := json.Unmarshal(data, to); err != nil {
		return fmt.Errorf("%w: %s", ErrMalformed, jsonProblem(err))
	}
	return nil
}

// jsonProblem words an error of encoding/json without Go's type names.
func jsonProblem(err error) string {
	var typ *json.UnmarshalTypeError
	if errors.As(err, &typ) {
		typ.Value, _, _ = strings.Cut(typ.Value, " ") // "number", without its digits
		if typ.Field != "" {
			return "field " + quote(typ.Field) + " must not be a JSON " + typ.Value
		}
		return "must not be a JSON " + typ.Value
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("not JSON: %s (at byte %d)", syntax.Error(), syntax.Offset)
	}
	var parse *time.ParseError
	if errors.As(err, &parse) {
		return "time " + quote(parse.Value) + ": want RFC 3339 such as \"2026-12-24T18:00:00Z\""
	}
	return err.Error()
}

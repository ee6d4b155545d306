package contract

import (
	"bytes"
	"encoding/json"
	"strings"
)

// modes are all there are, a line each, with what refuses a wrong option.
var modes = []struct {
	name  string
	check func(option json.RawMessage) *FieldError
}{
	{ModeHTTP, checkHTTP},
	{ModeNATS, checkNATS},
}

// Modes returns the names of all modes, always in the same order.
func Modes() []string {
	names := make([]string, len(modes))
	for i := range modes {
		names[i] = modes[i].name
	}
	return names
}

// CheckMode refuses a mode that there is not. The error names the field "mode".
func CheckMode(mode string) *FieldError {
	if contains(Modes(), mode) {
		return nil
	}
	return &FieldError{Field: "mode", Problem: "is " + quote(mode) + ", want " + wantMode()}
}

// CheckOption refuses settings that mode cannot run with. The error names the
// field inside the option; its Field is empty when the whole is wrong.
func CheckOption(mode string, option json.RawMessage) *FieldError {
	for i := range modes {
		if modes[i].name == mode {
			return modes[i].check(option)
		}
	}
	return &FieldError{Problem: "belongs to mode " + quote(mode) + ", want " + wantMode()}
}

func wantMode() string { return `"` + strings.Join(Modes(), `" or "`) + `"` }

func checkHTTP(option json.RawMessage) *FieldError {
	var o HttpOption
	if err := decodeOption(option, "url", &o); err != nil {
		return err
	}
	return o.Check()
}

func checkNATS(option json.RawMessage) *FieldError {
	var o NatsOption
	if err := decodeOption(option, "subject", &o); err != nil {
		return err
	}
	return o.check()
}

func decodeOption(option json.RawMessage, needs string, to any) *FieldError {
	if b := bytes.TrimSpace(option); len(b) == 0 || b[0] != '{' {
		return &FieldError{Problem: "want an object with at least " + quote(needs)}
	}
	if err := json.Unmarshal(option, to); err != nil {
		return &FieldError{Problem: jsonProblem(err)}
	}
	return nil
}

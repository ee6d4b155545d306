package cli

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/weplanx/workflow/schedule/common"
)

// hidden stands for a value that is not shown.
const hidden = "***"

// looksSecret reports whether a header's value should not be shown.
func looksSecret(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"authorization", "cookie", "token", "secret", "key", "password", "signature"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// hide replaces the values of headers that look like secrets.
func hide(job *common.Job) { job.Option = hideOption(job.Option) }

// hideOption is hide for the option of any mode. Whatever else it holds stays as
// it is, except for its order.
func hideOption(option json.RawMessage) json.RawMessage {
	var known struct {
		Headers map[string]string `json:"headers"`
	}
	fields := map[string]json.RawMessage{}
	if json.Unmarshal(option, &known) != nil || json.Unmarshal(option, &fields) != nil {
		return json.RawMessage(`"` + hidden + `"`) // it could be anything, and cannot be run
	}
	found := false
	for name := range known.Headers {
		if looksSecret(name) {
			known.Headers[name], found = hidden, true
		}
	}
	if !found {
		return option
	}
	for name := range fields {
		if strings.EqualFold(name, "headers") {
			delete(fields, name)
		}
	}
	fields["headers"], _ = json.Marshal(known.Headers) // strings only
	shown, _ := json.Marshal(fields)                   // JSON only
	return shown
}

func sortedNames(headers map[string]string) []string {
	return slices.Sorted(maps.Keys(headers))
}

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

// hide replaces the values of headers that look like secrets. Whatever else
// the option holds stays as it is, except for its order.
func hide(job *common.Job) {
	option, err := job.HTTP()
	if err != nil {
		return
	}
	found := false
	for name := range option.Headers {
		if looksSecret(name) {
			option.Headers[name], found = hidden, true
		}
	}
	fields := map[string]json.RawMessage{}
	if !found || json.Unmarshal(job.Option, &fields) != nil {
		return
	}
	for name := range fields {
		if strings.EqualFold(name, "headers") {
			delete(fields, name)
		}
	}
	fields["headers"], _ = json.Marshal(option.Headers) // strings only
	job.Option, _ = json.Marshal(fields)                // JSON only
}

func sortedNames(headers map[string]string) []string {
	return slices.Sorted(maps.Keys(headers))
}

package weplanx

import (
	"maps"
	"slices"
	"strings"
	"time"
)

func (r *reader) text(prefix string, fields map[string]any, name string) string {
	value := take(fields, name)
	text, ok := value.(string)
	if !ok {
		r.fail(prefix+name, "is %s, want text", kind(value))
	}
	return text
}

// named finds a field by its name, or else by one in another case.
func named(fields map[string]any, name string) (string, bool) {
	if _, ok := fields[name]; ok {
		return name, true
	}
	for _, other := range slices.Sorted(maps.Keys(fields)) {
		if strings.EqualFold(other, name) {
			return other, true
		}
	}
	return "", false
}

func has(fields map[string]any, name string) bool {
	_, ok := named(fields, name)
	return ok
}

// take returns a field, nil for none, and removes it.
func take(fields map[string]any, name string) any {
	found, ok := named(fields, name)
	if !ok {
		return nil
	}
	value := fields[found]
	delete(fields, found)
	return value
}

// kind says what a value is without showing it.
func kind(value any) string {
	switch value.(type) {
	case nil:
		return "nothing"
	case bool:
		return "a boolean"
	case int64, uint64, float32, float64:
		return "a number"
	case string:
		return "text"
	case []byte:
		return "bytes"
	case []any:
		return "an array"
	case time.Time:
		return "a time"
	}
	return "a map"
}

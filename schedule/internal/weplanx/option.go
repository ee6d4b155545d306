package weplanx

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/weplanx/workflow/shared/contract"
)

// option reads the option of mode HTTP, by names in any case.
func (r *reader) option(field string, value any, job *contract.Job) {
	fields, ok := value.(map[string]any)
	if !ok {
		r.fail(field, "is %s, want a map", kind(value))
		return
	}
	prefix := field + "."
	o := contract.HttpOption{Url: r.text(prefix, fields, "url"), Headers: r.headers(prefix, fields), Method: r.method(prefix, fields)}
	switch body := take(fields, "body").(type) {
	case map[string]any:
		o.Body = body
	case nil:
		if o.Method != "GET" && o.Method != "HEAD" {
			r.note(prefix+"body", "is nil, which was sent as null; it is sent without a body")
		}
	default:
		r.fail(prefix+"body", "is %s, want a map", kind(body))
	}
	r.rest(prefix, fields)
	raw, err := json.Marshal(o)
	if err != nil {
		r.fail(prefix+"body", "cannot be written as JSON: %v", unexpressible(err))
	}
	job.Option = raw
}

func (r *reader) method(prefix string, fields map[string]any) string {
	if !has(fields, "method") {
		return "" // POST, then and now
	}
	method := r.text(prefix, fields, "method")
	upper := strings.ToUpper(method)
	switch {
	case method == "":
		r.note(prefix+"method", "is empty, for which workers from v1.5 sent GET")
		return "GET"
	case method != upper:
		r.note(prefix+"method", "is %.16q, and becomes %.16q", method, upper)
	}
	return upper
}

func (r *reader) headers(prefix string, fields map[string]any) map[string]string {
	value := take(fields, "headers")
	if value == nil {
		return nil
	}
	given, ok := value.(map[string]any)
	if !ok {
		r.fail(prefix+"headers", "is %s, want a map", kind(value))
		return nil
	}
	headers := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		text, ok := given[name].(string)
		if !ok {
			r.fail(prefix+"headers["+strconv.QuoteToASCII(name)+"]", "is %s, want text", kind(given[name]))
		}
		headers[name] = text
	}
	return headers
}

// unexpressible words an error of encoding/json without the type's name.
func unexpressible(err error) error {
	var value *json.UnsupportedValueError
	if errors.As(err, &value) {
		return fmt.Errorf("it holds the number %s", value.Str)
	}
	return err
}

package config

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/tabwriter"
)

// variable is a setting that the environment has.
type variable struct {
	name string
	desc string // the field's tag "desc"
	kind reflect.Type
	at   []int // index of the field
}

// variables returns those that set the fields of a struct, in their order.
func variables(t reflect.Type) (all []variable) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	for field := range t.Fields() {
		name := strings.ToUpper(field.Tag.Get("envconfig"))
		switch {
		case field.Tag.Get("ignored") == "true" || !field.IsExported() && !field.Anonymous:
		case name != "":
			all = append(all, variable{name, field.Tag.Get("desc"), field.Type, field.Index})
		default:
			for _, v := range variables(field.Type) {
				v.at = append(append([]int(nil), field.Index...), v.at...)
				all = append(all, v)
			}
		}
	}
	return all
}

// Usage writes a table of the variables that set the fields of defaults, a
// pointer to a struct with envconfig tags: each with the field's tag "desc" and
// its value, and with its key where the program reads a file as well. Those
// without that tag are left out.
func Usage(w io.Writer, defaults any, file bool) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if file {
		_, _ = fmt.Fprintf(t, "Environment, which wins, and keys of the file %s, or of the one that CONFIG names:\n", DefaultFile)
	} else {
		_, _ = fmt.Fprintln(t, "Environment:")
	}
	for _, v := range variables(reflect.TypeOf(defaults)) {
		if v.desc == "" {
			continue
		}
		row := "  " + v.name + "\t"
		if file {
			row += keyOf(v.name) + "\t"
		}
		row += v.desc
		if value := reflect.ValueOf(defaults).Elem().FieldByIndex(v.at); !value.IsZero() && value.Kind() != reflect.Pointer {
			row += fmt.Sprintf(" (default %v)", value)
		}
		_, _ = fmt.Fprintln(t, row)
	}
	_ = t.Flush() // help that cannot be written has no reader
}

// keyOf is the file's key of a variable, empty when it has none.
func keyOf(name string) string {
	for key, k := range keys {
		if k.variable == name {
			return key
		}
	}
	return ""
}

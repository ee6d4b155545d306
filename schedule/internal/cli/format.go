package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

const (
	outputTable = "table"
	outputJSON  = "json"
)

// document writes one JSON document.
func (s *session) document(value any) error {
	encoder := json.NewEncoder(s.Out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// table writes rows in columns; the first row is the heading.
func (s *session) table(rows [][]string) error {
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = plain(cell)
		}
		if _, err := fmt.Fprintln(w, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return w.Flush()
}

// fields writes names and values in two columns.
func fields(w io.Writer, indent string, pairs ...string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(t, "%s%s:\t%s\n", indent, pairs[i], plain(pairs[i+1])); err != nil {
			return err
		}
	}
	return t.Flush()
}

// nothing says on Err that a table is empty because there is nothing to show.
func (s *session) nothing() {
	if s.output == outputTable {
		_, _ = fmt.Fprintln(s.Err, "none") // the empty table says it as well
	}
}

// plain takes away what would break a table or reach the terminal as a command.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}

// when shows a time with its distance from now, "-" for none.
func (s *session) when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return s.stamp(t) + " (" + distance(t.Sub(s.Now())) + ")"
}

// stamp shows a time in whole seconds.
func (s *session) stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(s.Location).Format(time.RFC3339)
}

// milliseconds is how times are shown that happened.
const milliseconds = "2006-01-02T15:04:05.000Z07:00"

// fine shows a time with milliseconds.
func (s *session) fine(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.In(s.Location).Format(milliseconds)
}

// distance is "in 12s" or "3m5s ago", in at most two units.
func distance(d time.Duration) string {
	if d < 0 {
		return span(-d) + " ago"
	}
	return "in " + span(d)
}

func span(d time.Duration) string {
	units := []struct {
		name string
		size time.Duration
	}{{"y", 365 * 24 * time.Hour}, {"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}}
	d = d.Round(time.Second)
	for i, unit := range units {
		n := d / unit.size
		if n == 0 {
			continue
		}
		text := fmt.Sprintf("%d%s", n, unit.name)
		if i+1 < len(units) {
			if rest := d % unit.size / units[i+1].size; rest > 0 {
				text += fmt.Sprintf("%d%s", rest, units[i+1].name)
			}
		}
		return text
	}
	return "0s"
}

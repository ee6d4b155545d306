package weplanx

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// Options say how values are read.
type Options struct {
	// Timezone is set for jobs whose spec names no zone, for nodes that ran with
	// TZ. Empty: UTC.
	Timezone string
	// DropUnknown leaves out what is not known, with a note, instead of refusing it.
	DropUnknown bool
}

// Schedule is a value of the predecessor in today's terms.
type Schedule struct {
	Jobs   []contract.Job
	Paused bool
	Notes  []string // what is not as it was, or what was not as it seemed
}

// problems are all that is wrong with a value.
type problems []string

func (p problems) Error() string { return strings.Join(p, "; ") }

// Convert reads a value. What it returns is not checked as [contract.Schedule]
// is. The error says all that cannot be read, by field, and no value of a header,
// body or URL.
func Convert(data []byte, o Options) (Schedule, error) {
	if looksLikeJSON(data) {
		return Schedule{}, errors.New("is JSON, not MessagePack of the predecessor")
	}
	value, err := decode(data)
	if err != nil {
		return Schedule{}, err
	}
	r := reader{options: o}
	r.schedule(value)
	if len(r.wrong) > 0 {
		return Schedule{}, r.wrong
	}
	return r.made, nil
}

// Current reports whether a value is one of today's, so that nothing is to be done.
func Current(data []byte) bool {
	_, err := contract.Decode[contract.Schedule](data)
	return err == nil
}

// looksLikeJSON: a MessagePack value that begins with the same byte is the number
// 123, and no schedule.
func looksLikeJSON(data []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) }

// reader gathers what a value says and what is wrong with it.
type reader struct {
	options Options
	made    Schedule
	wrong   problems
}

func (r *reader) fail(field, format string, args ...any) {
	r.wrong = append(r.wrong, field+": "+fmt.Sprintf(format, args...))
}

func (r *reader) note(field, format string, args ...any) {
	r.made.Notes = append(r.made.Notes, field+": "+fmt.Sprintf(format, args...))
}

// rest is called with the fields that nothing has asked for.
func (r *reader) rest(prefix string, fields map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		field := prefix + strconv.QuoteToASCII(name)
		if r.options.DropUnknown {
			r.note(field, "is not known and was left out")
		} else {
			r.fail(field, "is not known")
		}
	}
}

func (r *reader) schedule(value any) {
	if list, ok := value.([]any); ok { // v1.2
		r.jobs(list)
		return
	}
	fields, ok := value.(map[string]any)
	if !ok {
		r.wrong = append(r.wrong, "is "+kind(value)+", want an array of jobs, or a map with status and jobs")
		return
	}
	running, ok := take(fields, "status").(bool)
	if !ok {
		r.fail("status", "is missing or no boolean")
	}
	list, ok := take(fields, "jobs").([]any)
	if !ok {
		r.fail("jobs", "is missing or no array")
	}
	r.rest("", fields)
	r.made.Paused = !running
	r.jobs(list)
}

func (r *reader) jobs(list []any) {
	for i, value := range list {
		prefix := "jobs[" + strconv.Itoa(i) + "]"
		fields, ok := value.(map[string]any)
		if !ok {
			r.fail(prefix, "is %s, want a map", kind(value))
			continue
		}
		r.made.Jobs = append(r.made.Jobs, r.job(prefix+".", fields))
	}
}

func (r *reader) job(prefix string, fields map[string]any) contract.Job {
	job := contract.Job{Mode: r.text(prefix, fields, "mode"), Spec: r.text(prefix, fields, "spec")}
	for _, state := range []string{"state", "next", "prev"} {
		take(fields, state) // never filled; and told anew
	}
	option := take(fields, "option")
	r.rest(prefix, fields)
	if job.Mode != contract.ModeHTTP {
		r.fail(prefix+"mode", "is %.64q, want \"HTTP\"", job.Mode)
		return job
	}
	r.spec(prefix+"spec", &job)
	r.option(prefix+"option", option, &job)
	return job
}

// spec chooses the zone and notes where a spec means something else by now.
func (r *reader) spec(field string, job *contract.Job) {
	text := strings.TrimSpace(job.Spec)
	zoned := strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ=")
	if zoned {
		_, text, _ = strings.Cut(text, " ")
		text = strings.TrimSpace(text)
	}
	every, isEvery := strings.CutPrefix(text, "@every ")
	switch interval, err := time.ParseDuration(every); {
	case isEvery && err == nil && interval%time.Second != 0:
		r.note(field, "ran every %s, because fractions of a second were cut off", max(interval.Truncate(time.Second), time.Second))
	case !strings.HasPrefix(text, "@") && len(strings.Fields(text)) == 5:
		r.note(field, "has five fields and never ran: six were wanted, seconds first")
	}
	if !zoned && !isEvery {
		job.Timezone = r.options.Timezone
	}
}

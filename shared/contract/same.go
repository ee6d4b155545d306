package contract

import (
	"bytes"
	"encoding/json"
	"slices"
)

// SameJobs compares jobs by what they say, not by how their options and times
// are written, nor by their state.
func SameJobs(a, b []Job) bool {
	return slices.EqualFunc(a, b, func(x, y Job) bool {
		p, err := json.Marshal(plainJob(x))
		q, err2 := json.Marshal(plainJob(y))
		return err == nil && err2 == nil && bytes.Equal(p, q)
	})
}

// plainJob writes what a job says in one way.
func plainJob(j Job) Job {
	j.State = State{}
	j.Option = canonical(j.Option)
	j.Start, j.End = j.Start.UTC(), j.End.UTC()
	return j
}

// canonical writes JSON with sorted names and without spaces. Numbers keep
// their digits.
func canonical(raw json.RawMessage) []byte {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return raw
	}
	data, err := json.Marshal(value)
	if err != nil {
		return raw
	}
	return data
}

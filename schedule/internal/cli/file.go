package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/weplanx/workflow/schedule/common"
)

// jobFile is the form of set's file: YAML, of which JSON is a part. What get
// writes as JSON can be read back.
type jobFile struct {
	Jobs []jobEntry `yaml:"jobs"`

	// What get adds, which means nothing here.
	Key      any `yaml:"key"`
	Revision any `yaml:"revision"`
	Stored   any `yaml:"stored"`
	State    any `yaml:"state"`
}

type jobEntry struct {
	Mode     string       `yaml:"mode"` // default HTTP
	Spec     string       `yaml:"spec"`
	Timezone string       `yaml:"timezone"`
	Start    string       `yaml:"start"`
	End      string       `yaml:"end"`
	Jitter   string       `yaml:"jitter"`
	DST      dstEntry     `yaml:"dst"`
	Misfire  misfireEntry `yaml:"misfire"`
	Timeout  string       `yaml:"timeout"`
	Run      runEntry     `yaml:",inline"`
	Option   optionEntry  `yaml:"option"`
	State    any          `yaml:"state"` // what get adds
}

type dstEntry struct {
	Gap  string `yaml:"gap"`
	Fold string `yaml:"fold"`
}

type misfireEntry struct {
	Policy string `yaml:"policy"`
	Limit  int    `yaml:"limit"`
	Window string `yaml:"window"`
}

type optionEntry struct {
	Method  string            `yaml:"method"`
	URL     string            `yaml:"url"`
	Headers map[string]string `yaml:"headers"`
	Body    yaml.Node         `yaml:"body"`

	Accept    []int  `yaml:"accept"`  // mode HTTP
	Subject   string `yaml:"subject"` // mode NATS
	Request   bool   `yaml:"request"` // mode NATS
	NoExcerpt bool   `yaml:"no_excerpt"`
}

// fromFile reads the jobs of a file; every error is the user's.
func (s *session) fromFile(path string) ([]common.Job, error) {
	data, err := s.readFile(path)
	if err != nil {
		return nil, &usageError{fmt.Errorf("--file: %w", err)}
	}
	jobs, err := parseFile(data)
	if err != nil {
		if path == "-" {
			path = "standard input"
		}
		return nil, &usageError{fmt.Errorf("%s: %w", path, err)}
	}
	return jobs, nil
}

func parseFile(data []byte) ([]common.Job, error) {
	var file jobFile
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return nil, yamlProblem(err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("holds more than one document, want one")
	}
	jobs := make([]common.Job, len(file.Jobs))
	for i, entry := range file.Jobs {
		job, err := entry.job()
		if err == nil {
			err = notHidden(i, entry.Option.Headers)
		} else {
			err = fmt.Errorf("jobs[%d].%w", i, err)
		}
		if err != nil {
			return nil, err
		}
		jobs[i] = job
	}
	return jobs, nil
}

func (e *jobEntry) job() (common.Job, error) {
	body, err := bodyOf(&e.Option.Body)
	if err != nil {
		return common.Job{}, err
	}
	job, err := makeJob(e.Mode, e.Spec, &e.Option, body)
	if err != nil {
		return job, err
	}
	job.Timezone = e.Timezone
	if err := e.Run.apply(&job); err != nil {
		return job, err
	}
	return job, e.times(&job)
}

// times sets what the entry says of the job's times and delays.
func (e *jobEntry) times(job *common.Job) (err error) {
	job.DST = common.DST(e.DST)
	job.Misfire = common.Misfire{Policy: e.Misfire.Policy, Limit: e.Misfire.Limit}
	if job.Start, err = instant("start", e.Start); err != nil {
		return err
	}
	if job.End, err = instant("end", e.End); err != nil {
		return err
	}
	for _, d := range []struct {
		name, text string
		target     *common.Duration
	}{
		{"jitter", e.Jitter, &job.Jitter},
		{"misfire.window", e.Misfire.Window, &job.Misfire.Window},
		{"timeout", e.Timeout, &job.Timeout},
	} {
		if err := duration(d.name, d.text, d.target); err != nil {
			return err
		}
	}
	return nil
}

// bodyOf returns what JSON can express. YAML's dates stay the text they are.
func bodyOf(node *yaml.Node) (body any, err error) {
	if node.IsZero() {
		return nil, nil
	}
	dates(node)
	if err := node.Decode(&body); err != nil {
		return nil, fmt.Errorf("option.body: %w", yamlProblem(err))
	}
	if _, err := json.Marshal(body); err != nil {
		return nil, errors.New("option.body: cannot be written as JSON, want names that are text and finite numbers")
	}
	return body, nil
}

func dates(node *yaml.Node) {
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!timestamp" {
		node.Tag = "!!str"
	}
	for _, child := range node.Content {
		dates(child)
	}
}

// yamlProblem makes one line of the decoder's error, without values, which may
// be secrets, and Go's names of types.
func yamlProblem(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("is empty, want jobs: [{spec, option: {url}}]")
	}
	problem := strings.TrimPrefix(err.Error(), "yaml: ")
	var typed *yaml.TypeError
	if errors.As(err, &typed) && len(typed.Errors) > 0 {
		problem = typed.Errors[0]
	}
	line, rest, ok := strings.Cut(problem, ": ")
	if !ok || !strings.HasPrefix(line, "line ") {
		return errors.New(strings.Join(strings.Fields(problem), " "))
	}
	field, unknown := strings.CutPrefix(rest, "field ")
	field, _, _ = strings.Cut(field, " not found in type ")
	switch {
	case unknown:
		return fmt.Errorf("%s: unknown field %q", line, field)
	case strings.HasPrefix(rest, "cannot unmarshal"):
		return fmt.Errorf("%s: wrong kind of value", line)
	}
	return errors.New(strings.Join(strings.Fields(problem), " "))
}

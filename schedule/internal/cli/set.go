package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
)

// maxInput bounds what is read from a file or from standard input.
const maxInput = 1 << 20

// setFlags are one job given by flags, or a file with several.
type setFlags struct {
	file     string
	spec     string
	timezone string
	timeout  string
	times    timeFlags
	late     lateFlags
	run      runFlags
	mode     modeFlags
	headers  []string
	body     string
}

func (s *session) set() *cobra.Command {
	var f setFlags
	cmd := &cobra.Command{
		Use:   "set KEY {--spec SPEC {--url URL | --nats-subject SUBJECT} | -f FILE}",
		Short: "Store a schedule",
		Long: `Store a schedule: one job given by flags, or the jobs of a file in YAML or JSON:

  jobs:
    - spec: "0 30 9 * * mon-fri"
      timezone: Asia/Shanghai      # default UTC
      timeout: 10s                 # default
      start: 2026-01-01T00:00:00Z  # default no bound
      end: 2026-12-31T23:59:59Z
      jitter: 30s                  # default none
      dst: {gap: after, fold: first}
      misfire: {policy: all, limit: 100, window: 24h} # default once
      attempts: 5                  # default
      deadline: 1h                 # default
      overlap: allow               # default; skip, queue
      completion: 1h               # default
      option:
        url: https://example.com/report
        method: POST               # default
        headers: {x-team: beta}
        body: {hello: world}
        accept: [200, 409]         # default 200 to 299
        no_excerpt: true           # default false
    - spec: "@hourly"
      mode: NATS                   # default HTTP
      option:
        subject: report.daily      # below {namespace}.jobs.
        request: true              # default false
        body: {hello: world}

Jobs that are the same as those stored change nothing. A paused schedule stays
paused.`,
		Example: `  schedulectl set report --spec "@every 15s" --url https://example.com/report --body '{"a": 1}'
  schedulectl set report --spec "@hourly" --nats-subject report.daily --request --attempts 3 --overlap skip
  schedulectl set report -f report.yaml`,
		Args:              exactly("KEY"),
		ValidArgsFunction: s.completeKeys(1),
	}
	flags := cmd.Flags()
	flags.StringVarP(&f.file, "file", "f", "", "read the jobs from this file; - is standard input")
	flags.StringVar(&f.spec, "spec", "", "when: a cron expression, @hourly, \"@every 15s\", \"@at 2026-12-24T18:00:00+01:00\"")
	zoneFlag(cmd, &f.timezone, "IANA zone of the spec (default UTC)")
	f.times.register(cmd)
	f.late.register(cmd)
	flags.StringVar(&f.timeout, "timeout", "", "of one attempt (default 10s)")
	f.run.register(cmd)
	f.mode.register(cmd)
	flags.StringArrayVar(&f.headers, "header", nil, "name=value; may be given several times")
	flags.StringVar(&f.body, "body", "", "JSON, or @file with JSON (@- is standard input)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		jobs, err := s.jobs(cmd, &f)
		if err != nil {
			return err
		}
		return s.connected(func(ctx context.Context, schedule *client.Schedule, args []string) error {
			return s.store(ctx, schedule, args[0], jobs)
		})(cmd, args)
	}
	return cmd
}

func (s *session) store(ctx context.Context, schedule *client.Schedule, key string, jobs []common.Job) error {
	if err := schedule.SetContext(ctx, key, jobs...); err != nil {
		return err
	}
	e, err := schedule.EntryContext(ctx, key)
	if err != nil {
		return err
	}
	err = s.showEntry(&e, false)
	s.warnDead(ctx, schedule)
	return err
}

// jobs makes the jobs that the flags stand for.
func (s *session) jobs(cmd *cobra.Command, f *setFlags) ([]common.Job, error) {
	if f.file != "" {
		own := []string{"spec", "timeout", "header", "body"}
		for _, name := range slices.Concat(own, zoneFlagNames, timeFlagNames, lateFlagNames, runFlagNames, modeFlagNames) {
			if cmd.Flags().Changed(name) {
				return nil, misused(cmd, "--%s cannot be used with --file", name)
			}
		}
		return s.fromFile(f.file)
	}
	if f.spec == "" || f.mode.url == "" && f.mode.subject == "" {
		return nil, misused(cmd, "want --spec and --url, or --file, or --spec and --nats-subject")
	}
	if err := f.mode.check(cmd); err != nil {
		return nil, err
	}
	if err := f.run.check(cmd); err != nil {
		return nil, err
	}
	job, err := s.fromFlags(f)
	if err != nil {
		return nil, &usageError{err}
	}
	return []common.Job{job}, nil
}

func (s *session) fromFlags(f *setFlags) (common.Job, error) {
	mode, option := f.mode.entry()
	for _, header := range f.headers {
		name, value, ok := strings.Cut(header, "=")
		if !ok {
			return common.Job{}, errors.New("--header: want name=value")
		}
		if option.Headers == nil {
			option.Headers = map[string]string{}
		}
		option.Headers[name] = value
	}
	body, err := s.readBody(f.body)
	if err != nil {
		return common.Job{}, err
	}
	var value any
	if body != nil {
		value = body
	}
	job, err := makeJob(mode, f.spec, &option, value)
	if err != nil {
		return job, err
	}
	job.Timezone = f.timezone
	if err := duration("--timeout", f.timeout, &job.Timeout); err != nil {
		return job, err
	}
	if err := f.times.apply(&job); err != nil {
		return job, err
	}
	if err := f.late.apply(&job); err != nil {
		return job, err
	}
	if err := f.run.apply(&job); err != nil {
		return job, err
	}
	return job, notHidden(0, option.Headers)
}

// readBody returns JSON, nil for none.
func (s *session) readBody(text string) (json.RawMessage, error) {
	data := []byte(text)
	if path, ok := strings.CutPrefix(text, "@"); ok {
		var err error
		if data, err = s.readFile(path); err != nil {
			return nil, fmt.Errorf("--body: %w", err)
		}
	}
	if data = bytes.TrimSpace(data); len(data) == 0 {
		return nil, nil
	}
	if !json.Valid(data) {
		return nil, errors.New(`--body: is not JSON, want for example '{"a": 1}' or @file`)
	}
	return data, nil
}

// readFile reads a file, or standard input for "-".
func (s *session) readFile(path string) ([]byte, error) {
	r := s.In
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }() // it was only read
		r = file
	}
	data, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err == nil && len(data) > maxInput {
		err = errors.New("is larger than 1 MiB")
	}
	return data, err
}

// notHidden refuses headers that were taken from the output of get.
func notHidden(index int, headers map[string]string) error {
	for _, name := range sortedNames(headers) {
		if headers[name] == hidden {
			return fmt.Errorf("jobs[%d].option.headers[%q]: is hidden (***), want its value, as get --show-secrets has it", index, name)
		}
	}
	return nil
}

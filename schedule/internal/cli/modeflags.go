package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weplanx/workflow/schedule/common"
)

// modeFlags are what a job says of its call or message, beside headers and body.
type modeFlags struct {
	url, method string
	accept      []int
	subject     string
	request     bool
	noExcerpt   bool
}

// modeFlagNames are the flags that modeFlags.register makes.
var modeFlagNames = []string{"url", "method", "accept", "nats-subject", "request", "no-excerpt"}

func (f *modeFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.url, "url", "", "where the callback goes")
	flags.StringVar(&f.method, "method", "", "of the callback's request (default POST)")
	flags.IntSliceVar(&f.accept, "accept", nil, "statuses of the answer that are a success, for example 200,409 (default 200 to 299)")
	flags.StringVar(&f.subject, "nats-subject", "", "publish to {namespace}.jobs.SUBJECT instead of making a callback")
	flags.BoolVar(&f.request, "request", false, "with --nats-subject: wait for a reply and record it")
	flags.BoolVar(&f.noExcerpt, "no-excerpt", false, "keep the answer out of the log stream")
}

// check refuses flags that do not go together.
func (f *modeFlags) check(cmd *cobra.Command) error {
	if f.subject == "" {
		if f.request {
			return misused(cmd, "--request cannot be used without --nats-subject")
		}
		return nil
	}
	for _, name := range []string{"url", "method", "accept"} {
		if cmd.Flags().Changed(name) {
			return misused(cmd, "--%s cannot be used with --nats-subject", name)
		}
	}
	return nil
}

// entry is what the flags would be in a file.
func (f *modeFlags) entry() (mode string, option optionEntry) {
	option = optionEntry{
		Method: f.method, URL: f.url, Accept: f.accept, Subject: f.subject, Request: f.request, NoExcerpt: f.noExcerpt,
	}
	if f.subject != "" {
		return common.ModeNATS, option
	}
	return common.ModeHTTP, option
}

// optionFields are the names and values of a job's call or message.
func optionFields(job *common.Job) ([]string, error) {
	if job.Mode == common.ModeNATS {
		o, err := job.NATS()
		reply := ""
		if o.Request {
			reply = "wanted"
		}
		return append([]string{"subject", o.Subject, "reply", reply}, partsOf(o.Headers, o.Body, o.NoExcerpt)...), err
	}
	o, err := job.HTTP()
	if o.Method == "" {
		o.Method = "POST"
	}
	accept := ""
	if len(o.Accept) > 0 {
		accept = fmt.Sprint(o.Accept)
	}
	return append([]string{"request", o.Method + " " + o.Url, "accept", accept}, partsOf(o.Headers, o.Body, o.NoExcerpt)...), err
}

func partsOf(headers map[string]string, body any, noExcerpt bool) (pairs []string) {
	for _, name := range sortedNames(headers) {
		pairs = append(pairs, "header", name+": "+headers[name])
	}
	pairs = append(pairs, "body", bodyText(body))
	if noExcerpt {
		pairs = append(pairs, "excerpt", "none")
	}
	return pairs
}

// makeJob makes a job of a mode and its option.
func makeJob(mode, spec string, o *optionEntry, body any) (common.Job, error) {
	if mode == common.ModeNATS {
		if o.URL != "" || o.Method != "" || o.Accept != nil {
			return common.Job{}, errors.New("option: url, method and accept belong to mode HTTP, want subject")
		}
		return common.NatsJob(spec, common.NatsOption{
			Subject: o.Subject, Headers: o.Headers, Body: body, Request: o.Request, NoExcerpt: o.NoExcerpt,
		}), nil
	}
	if o.Subject != "" || o.Request {
		return common.Job{}, errors.New("option: subject and request belong to mode NATS, want mode: NATS")
	}
	job := common.HttpJob(spec, common.HttpOption{
		Method: strings.ToUpper(o.Method), Url: o.URL, Headers: o.Headers, Body: body, Accept: o.Accept, NoExcerpt: o.NoExcerpt,
	})
	if mode != "" {
		job.Mode = mode
	}
	return job, nil
}

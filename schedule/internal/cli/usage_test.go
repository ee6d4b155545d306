package cli_test

import (
	"strings"
	"testing"

	"github.com/weplanx/workflow/schedule/internal/cli"
)

// What is asked for by hand is refused before a server is asked.
func TestUsageByHand(t *testing.T) {
	t.Parallel()
	set := func(args ...string) []string { return append([]string{"set", "a", "--spec", "@hourly"}, args...) }
	cases := map[string]struct {
		args []string
		want string
	}{
		"run: no key":                {[]string{"run"}, "want one KEY"},
		"run: index":                 {[]string{"run", "a", "--index", "x"}, "invalid argument"},
		"dead: unknown":              {[]string{"dead", "lst"}, `unknown command "lst", did you mean "list"?`},
		"dead list: two keys":        {[]string{"dead", "list", "a", "b"}, "want one KEY or none"},
		"dead list: number":          {[]string{"dead", "list", "-n", "-1"}, "--number must not be negative"},
		"dead list: since":           {[]string{"dead", "list", "--since", "-1h"}, "--since is -1h, want more than 0s"},
		"dead list: until":           {[]string{"dead", "list", "--until", "now"}, `--until is "now", want how long ago, such as 24h, or a time such as 2026-12-24T18:00:00+01:00`},
		"dead show: nothing":         {[]string{"dead", "show"}, "want one SEQUENCE"},
		"dead show: no number":       {[]string{"dead", "show", "report"}, `SEQUENCE is "report", want a number`},
		"dead show: zero":            {[]string{"dead", "show", "0"}, "want a number from 1"},
		"dead resend: nothing":       {[]string{"dead", "resend"}, "want at least one SEQUENCE, or --all"},
		"dead resend: key alone":     {[]string{"dead", "resend", "--key", "a"}, "want at least one SEQUENCE, or --all"},
		"dead resend: both":          {[]string{"dead", "resend", "--all", "1"}, "--all cannot be used with a SEQUENCE"},
		"dead resend: filter of one": {[]string{"dead", "resend", "1", "--outcome", "dead"}, "--outcome cannot be used without --all"},
		"dead resend: no number":     {[]string{"dead", "resend", "1", "-1"}, "unknown shorthand flag"},
		"dead resend: until":         {[]string{"dead", "resend", "--all", "--until", "x"}, `--until is "x"`},
		"dead drop: nothing":         {[]string{"dead", "drop"}, "want at least one SEQUENCE, or --all"},
		"dead drop: not meant":       {[]string{"dead", "drop", "--all"}, "want --yes"},
		"dead drop: not meant, key":  {[]string{"dead", "drop", "--all", "--key", "a"}, "want --yes"},
		"dead drop: class of one":    {[]string{"dead", "drop", "1", "--yes", "--class", "x"}, "--class cannot be used without --all"},
		"results: until":             {[]string{"results", "a", "--until", "x"}, `--until is "x", want how long ago`},
		"results: since":             {[]string{"results", "a", "--since", "yesterday"}, `--since is "yesterday", want how long ago`},
		"audit: since":               {[]string{"audit", "a", "--since", "x"}, `--since is "x", want how long ago`},
		"set: nothing":               {set(), "want --spec and --url, or --file"},
		"set: subject and URL":       {set("--nats-subject", "a", "--url", "http://a"), "--url cannot be used with --nats-subject"},
		"set: subject and method":    {set("--nats-subject", "a", "--method", "GET"), "--method cannot be used with --nats-subject"},
		"set: subject and accept":    {set("--nats-subject", "a", "--accept", "200"), "--accept cannot be used with --nats-subject"},
		"set: request of a URL":      {set("--url", "http://a", "--request"), "--request cannot be used without --nats-subject"},
		"set: attempts":              {set("--url", "http://a", "--attempts", "many"), "invalid argument"},
		"set: no attempts":           {set("--url", "http://a", "--attempts", "0"), "--attempts is 0, want 1 to 100"},
		"set: too many attempts":     {set("--url", "http://a", "--attempts", "101"), "--attempts is 101, want 1 to 100"},
		"set: accept":                {set("--url", "http://a", "--accept", "2xx"), "invalid argument"},
		"set: deadline":              {set("--url", "http://a", "--deadline", "soon"), "--deadline: "},
		"set: completion":            {set("--url", "http://a", "--completion", "soon"), "--completion: "},
		"set: file and attempts":     {[]string{"set", "a", "-f", "x", "--attempts", "3"}, "--attempts cannot be used with --file"},
		"set: file and subject":      {[]string{"set", "a", "-f", "x", "--nats-subject", "a"}, "--nats-subject cannot be used with --file"},
		"set: file and excerpt":      {[]string{"set", "a", "-f", "x", "--no-excerpt"}, "--no-excerpt cannot be used with --file"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, "", append(c.args, "--server=nats://127.0.0.1:1", "--namespace=a")...)
			if got.code != cli.ExitUsage || got.out != "" {
				t.Errorf("exit code %d, output %q, want 2 and nothing", got.code, got.out)
			}
			if !strings.HasPrefix(got.err, "schedulectl: ") || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, c.want) {
				t.Errorf("error is %q, want one line with %q", got.err, c.want)
			}
		})
	}
}

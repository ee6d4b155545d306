package cli_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/internal/cli"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	const server = "--server=nats://127.0.0.1:1"
	cases := map[string]struct {
		args []string
		want string
	}{
		"unknown command":      {[]string{"lst"}, `unknown command "lst", did you mean "list"?`},
		"unknown subcommand":   {[]string{"completion", "bash", "x"}, "unknown command"},
		"unknown flag":         {[]string{"list", "--all"}, "unknown flag: --all"},
		"argument too many":    {[]string{"list", "x"}, "want no arguments"},
		"no key":               {[]string{"get"}, "want one KEY"},
		"no keys":              {[]string{"rm"}, "want at least one KEY"},
		"output":               {[]string{"list", "-o", "xml"}, "want table or json"},
		"no namespace":         {[]string{"list", server, "--namespace="}, "NAMESPACE: is missing"},
		"bad namespace":        {[]string{"list", server, "--namespace=a.b"}, "--namespace: "},
		"bad server":           {[]string{"list", "--server=http://x", "--namespace=a"}, "--server: "},
		"next: not quoted":     {[]string{"next", "*", "*", "*", "*", "*"}, "put it in quotes"},
		"next: bad spec":       {[]string{"next", "@every -1s"}, "spec: "},
		"next: bad zone":       {[]string{"next", "@hourly", "--tz", "Nowhere"}, "timezone: "},
		"next: bad zone, tz":   {[]string{"next", "@hourly", "--timezone", "Nowhere"}, "timezone: "},
		"set: both, zone":      {[]string{"set", "a", "-f", "x", "--tz", "UTC"}, "--tz cannot be used with --file"},
		"next: none":           {[]string{"next", "@hourly", "-n", "0"}, "--number"},
		"next: bad policy":     {[]string{"next", "@hourly", "--gap", "x"}, "dst.gap: "},
		"next: bad start":      {[]string{"next", "@hourly", "--start", "x"}, "--start: "},
		"next: bad from":       {[]string{"next", "@hourly", "--from", "x"}, "--from: "},
		"next: key and spec":   {[]string{"next", "@hourly", "--key", "a"}, "--key cannot be used with a SPEC"},
		"next: key and zone":   {[]string{"next", "--key", "a", "--tz", "UTC"}, "--tz cannot be used with --key"},
		"next: no key":         {[]string{"next", "@hourly", "--index", "1"}, "--index cannot be used without --key"},
		"audit: no time":       {[]string{"audit", "a", "--since", "0s"}, "--since is 0s"},
		"audit: bad until":     {[]string{"audit", "a", "--until", "x"}, `--until is "x"`},
		"set: jitter":          {[]string{"set", "a", "--spec", "@hourly", "--url", "http://a", "--jitter", "x"}, "--jitter: "},
		"set: window":          {[]string{"set", "a", "--spec", "@hourly", "--url", "http://a", "--misfire-window", "x"}, "--misfire-window: "},
		"set: both, policy":    {[]string{"set", "a", "-f", "x", "--misfire", "all"}, "--misfire cannot be used with --file"},
		"results: negative":    {[]string{"results", "a", "-n", "-1"}, "--number"},
		"set: nothing":         {[]string{"set", "a"}, "want --spec and --url, or --file"},
		"set: both":            {[]string{"set", "a", "-f", "x", "--url", "http://a"}, "--url cannot be used with --file"},
		"set: header":          {[]string{"set", "a", "--spec", "@hourly", "--url", "http://a", "--header", "x"}, "--header: "},
		"set: body":            {[]string{"set", "a", "--spec", "@hourly", "--url", "http://a", "--body", "x"}, "--body: is not JSON"},
		"set: body file":       {[]string{"set", "a", "--spec", "@hourly", "--url", "http://a", "--body", "@/nowhere"}, "--body: open /nowhere"},
		"set: timeout":         {[]string{"set", "a", "--spec", "@hourly", "--url", "http://a", "--timeout", "x"}, "--timeout: "},
		"set: file":            {[]string{"set", "a", "-f", "/nowhere"}, "--file: open /nowhere"},
		"set: nothing from in": {[]string{"set", "a", "-f", "-"}, "standard input: is empty"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, "", c.args...)
			if got.code != cli.ExitUsage || got.out != "" {
				t.Errorf("exit code %d, output %q, want 2 and nothing", got.code, got.out)
			}
			if !strings.HasPrefix(got.err, "schedulectl: ") || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, c.want) {
				t.Errorf("error is %q, want one line with %q", got.err, c.want)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	began := time.Now()
	got := run(t, "", "list", "--server=nats://user:pass@127.0.0.1:1", "--namespace=a")
	if got.code != cli.ExitFailure || strings.Count(got.err, "\n") != 1 || !strings.Contains(got.err, "no NATS server answers at 127.0.0.1:1") {
		t.Errorf("exit code %d, error %q", got.code, got.err)
	}
	if strings.Contains(got.err, "pass") {
		t.Errorf("error %q tells the password", got.err)
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %s", took)
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		args []string
		want string
	}{
		"every": {[]string{"@every 15s", "-n", "2"}, `
NEXT                       IN
2100-01-01T01:00:03+01:00  15s
2100-01-01T01:00:18+01:00  30s
`},
		"zone": {[]string{"0 9 * * *", "--timezone", "Asia/Shanghai", "-n", "2"}, `
NEXT                       IN
2100-01-01T09:00:00+08:00  1h
2100-01-02T09:00:00+08:00  1d1h
`},
		"once": {[]string{far}, `
NEXT                       IN
2100-01-01T01:00:00+01:00  12s
`},
		"JSON": {[]string{"@hourly", "-n", "2", "-o", "json"}, `
{
  "spec": "@hourly",
  "times": [
    {
      "time": "2100-01-01T00:00:00Z"
    },
    {
      "time": "2100-01-01T01:00:00Z"
    }
  ],
  "timezone": ""
}
`},
		"gap": {[]string{"30 2 * * *", "--tz", "Europe/Berlin", "-n", "2", "--from", "2026-03-28T12:00:00Z", "--end", "2026-04-01T00:00:00Z"}, `
NEXT                       IN           NOTE
2026-03-29T03:00:00+02:00  73y295d ago  clock jumps ahead: runs right after the gap
2026-03-30T02:30:00+02:00  73y294d ago  -
`},
		"gap skipped": {[]string{"30 2 * * *", "--tz", "Europe/Berlin", "-n", "1", "--from", "2026-03-28T12:00:00Z", "--gap", "skip"}, `
NEXT                       IN
2026-03-30T02:30:00+02:00  73y294d ago
`},
		"fold": {[]string{"30 2 * * *", "--tz", "Europe/Berlin", "-n", "2", "--from", "2026-10-24T12:00:00Z", "--fold", "both"}, `
NEXT                       IN          NOTE
2026-10-25T02:30:00+02:00  73y85d ago  occurs twice: first
2026-10-25T02:30:00+01:00  73y85d ago  occurs twice: second
`},
		"fold, JSON": {[]string{"30 2 * * *", "--tz", "Europe/Berlin", "-n", "1", "--from", "2026-10-24T12:00:00Z", "-o", "json"}, `
{
  "spec": "30 2 * * *",
  "times": [
    {
      "time": "2026-10-25T00:30:00Z",
      "shift": "first"
    }
  ],
  "timezone": "Europe/Berlin"
}
`},
		"bounds": {[]string{"@hourly", "--start", "2100-01-02T00:00:00Z", "--end", "2100-01-02T00:30:00Z"}, `
NEXT                       IN
2100-01-02T01:00:00+01:00  1d
`},
		"gone by": {[]string{"@at 2000-01-01T00:00:00Z", "-o", "json"}, `
{
  "spec": "@at 2000-01-01T00:00:00Z",
  "times": [],
  "timezone": ""
}
`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := run(t, "", append([]string{"next"}, c.args...)...)
			if got.code != cli.ExitOK || got.err != "" {
				t.Errorf("exit code %d, error %q", got.code, got.err)
			}
			equal(t, got.out, c.want)
		})
	}
}

// Nothing goes to standard output but times; that there are none is no failure.
func TestNextTellsPeopleWhyThereIsNone(t *testing.T) {
	t.Parallel()
	got := run(t, "", "next", "@at 2000-01-01T00:00:00Z")
	if got.code != cli.ExitOK || got.out != "" || got.err != "no more times\n" {
		t.Errorf("exit code %d, output %q, error %q", got.code, got.out, got.err)
	}
}

func TestVersionAndCompletion(t *testing.T) {
	t.Parallel()
	equal(t, run(t, "", "version").out, "schedulectl v1.2.3\n")
	equal(t, run(t, "", "--version").out, "schedulectl v1.2.3\n")
	equal(t, run(t, "", "version", "-o", "json").out, "{\n  \"version\": \"v1.2.3\"\n}\n")
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if got := run(t, "", "completion", shell); got.code != cli.ExitOK || !strings.Contains(got.out, "schedulectl") {
			t.Errorf("completion %s: exit code %d", shell, got.code)
		}
	}
	for _, args := range [][]string{{}, {"--help"}, {"set", "--help"}} {
		if got := run(t, "", args...); got.code != cli.ExitOK || !strings.Contains(got.out, "Usage:") {
			t.Errorf("%q: exit code %d, output %q", args, got.code, got.out)
		}
	}
}

// Whatever is in a file, it is refused in one line that holds no value, or
// makes jobs.
func FuzzSetFile(f *testing.F) {
	for _, seed := range []string{
		"", "jobs:", "jobs: [1]", "jobs: [{spec: x, option: {body: {1: 2}}}]", "a: &a [*a]", "\x00", "jobs: []\n---\njobs: []",
		"jobs: [{option: {body: 2026-01-01}}]", "jobs: [{option: {body: .inf}}]", "jobs: [{option: {body: &a [*a]}}]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		jobs, err := cli.ParseFile([]byte(text))
		if err != nil && (strings.ContainsAny(err.Error(), "\n\r") || err.Error() == "") {
			t.Errorf("error is %q, want one line", err)
		}
		for _, job := range jobs {
			if err == nil && !json.Valid(job.Option) {
				t.Errorf("option is %q", job.Option)
			}
		}
	})
}

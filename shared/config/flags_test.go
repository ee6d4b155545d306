package config_test

import (
	"errors"
	"flag"
	"io"
	"strings"
	"testing"

	"github.com/weplanx/workflow/shared/config"
)

func TestParseFlags(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want string // of the error
	}{
		"none":            {nil, ""},
		"one":             {[]string{"-n", "3"}, ""},
		"unknown":         {[]string{"-x"}, "flag provided but not defined: -x; see -h"},
		"wrong value":     {[]string{"-n", "x"}, `invalid value "x" for flag -n: parse error; see -h`},
		"an argument":     {[]string{"start"}, `unexpected argument "start", want flags only; see -h`},
		"one after flags": {[]string{"-n", "3", "now"}, `unexpected argument "now", want flags only; see -h`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags := flag.NewFlagSet("program", flag.ExitOnError)
			n := flags.Int("n", 3, "a number")
			var out strings.Builder
			err := config.ParseFlags(flags, test.args, &out, func(io.Writer) { t.Error("help was written") })
			if err == nil && (test.want != "" || *n != 3) || err != nil && err.Error() != test.want || out.Len() > 0 {
				t.Errorf("got %v, %d and output %q, want %q", err, *n, out.String(), test.want)
			}
		})
	}
}

func TestParseFlagsHelps(t *testing.T) {
	t.Parallel()
	flags := flag.NewFlagSet("program", flag.ContinueOnError)
	flags.Int("n", 3, "a number")
	var out strings.Builder
	err := config.ParseFlags(flags, []string{"-h"}, &out, func(w io.Writer) {
		_, _ = io.WriteString(w, "what it does\n")
		flags.PrintDefaults()
	})
	if !errors.Is(err, flag.ErrHelp) || !strings.HasPrefix(out.String(), "what it does\n") || !strings.Contains(out.String(), "a number") {
		t.Errorf("got %v and %q", err, out.String())
	}
}

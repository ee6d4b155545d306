package main

import (
	"strings"
	"testing"
)

func TestCommandRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args   []string
		code   int
		stdout string // begins so
		stderr string
	}{
		"help":         {[]string{"-h"}, 0, "schedule ", ""},
		"version":      {[]string{"-version"}, 0, "schedule ", ""},
		"unknown flag": {[]string{"-x"}, 2, "", "schedule: flag provided but not defined: -x; see -h\n"},
		"argument":     {[]string{"start"}, 2, "", "schedule: unexpected argument \"start\", want flags only; see -h\n"},
		"no number":    {[]string{"-partitions", "x"}, 2, "", "schedule: invalid value \"x\" for flag -partitions: want 1 to 256; see -h\n"},
		"none":         {[]string{"-partitions", "0"}, 2, "", "schedule: invalid value \"0\" for flag -partitions: want 1 to 256; see -h\n"},
		"too many":     {[]string{"-partitions", "257"}, 2, "", "schedule: invalid value \"257\" for flag -partitions: want 1 to 256; see -h\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr strings.Builder
			code := command(test.args, &stdout, &stderr)
			if code != test.code || !strings.HasPrefix(stdout.String(), test.stdout) || (test.stdout == "") != (stdout.Len() == 0) || stderr.String() != test.stderr {
				t.Errorf("got %d, output %.100q, errors %q", code, stdout.String(), stderr.String())
			}
		})
	}
}

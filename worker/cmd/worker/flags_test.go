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
		"help":         {[]string{"-h"}, 0, "worker ", ""},
		"version":      {[]string{"-version"}, 0, "worker ", ""},
		"unknown flag": {[]string{"-x"}, 2, "", "worker: flag provided but not defined: -x; see -h\n"},
		"argument":     {[]string{"start"}, 2, "", "worker: unexpected argument \"start\", want flags only; see -h\n"},
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

package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args           []string
		code           int
		stdout, stderr string // parts
	}{
		"help":             {[]string{"-h"}, 0, "", "-data folder"},
		"version":          {[]string{"-version"}, 0, "standalone dev", ""},
		"unknown flag":     {[]string{"-nope"}, 2, "", "-nope"},
		"argument":         {[]string{"start"}, 2, "", `unexpected argument "start"`},
		"bad namespace":    {[]string{"-namespace", "a.b"}, 1, "", "standalone: -namespace: "},
		"folder in a file": {[]string{"-data", "/dev/null/data"}, 1, "", "standalone: -data: "},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			if code := run(test.args, &stdout, &stderr); code != test.code {
				t.Errorf("got exit code %d, want %d", code, test.code)
			}
			if !strings.Contains(stdout.String(), test.stdout) || !strings.Contains(stderr.String(), test.stderr) {
				t.Errorf("got output %q, errors %q", &stdout, &stderr)
			}
			if test.code == 1 && strings.Count(stderr.String(), "\n") != 1 {
				t.Errorf("got %q, want one line", &stderr)
			}
		})
	}
}

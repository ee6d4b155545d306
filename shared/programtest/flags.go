package programtest

import (
	"io"
	"strings"
	"testing"
)

// Flags fails unless the program of that name tells what it is and refuses, with
// one line and status 2, what is no flag of its own. wrong are more arguments to
// refuse, each with what is wrong. run is the program; it returns the status.
func Flags(t *testing.T, name string, run func(args []string, stdout, stderr io.Writer) int, wrong map[string]string) {
	t.Helper()
	for _, arg := range []string{"-h", "-version"} {
		var stdout, stderr strings.Builder
		if code := run([]string{arg}, &stdout, &stderr); code != 0 || !strings.HasPrefix(stdout.String(), name+" ") || stderr.Len() > 0 {
			t.Errorf("%s: got %d, output %.100q, errors %q", arg, code, stdout.String(), stderr.String())
		}
	}
	refuse := func(args, want string) {
		var stdout, stderr strings.Builder
		code := run(strings.Fields(args), &stdout, &stderr)
		if line := name + ": " + want + "; see -h\n"; code != 2 || stdout.Len() > 0 || stderr.String() != line {
			t.Errorf("%s: got %d, output %.100q, errors %q, want %q", args, code, stdout.String(), stderr.String(), line)
		}
	}
	refuse("-x", "flag provided but not defined: -x")
	refuse("start", `unexpected argument "start", want flags only`)
	for args, want := range wrong {
		refuse(args, want)
	}
}

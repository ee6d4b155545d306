package bootstrap_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/weplanx/workflow/schedule/bootstrap"
)

// Every variable is told of, in words.
func TestUsageDescribesEveryVariable(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	bootstrap.Usage(&b)
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	described := regexp.MustCompile(`^  [A-Z_]+ +([a-z]+(\.[a-z]+)? +)?\S+( \S+)+$`)
	for _, line := range lines[1:] {
		if !described.MatchString(line) {
			t.Errorf("%q tells nothing", line)
		}
	}
	for _, name := range []string{"NAMESPACE", "NATS_HOSTS", "COMMIT_AHEAD"} {
		if !strings.Contains(b.String(), "\n  "+name+" ") {
			t.Errorf("%s is not told of", name)
		}
	}
}

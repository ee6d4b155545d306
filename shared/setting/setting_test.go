package setting_test

import (
	"strings"
	"testing"

	"github.com/weplanx/workflow/shared/setting"
)

func TestNames(t *testing.T) {
	t.Parallel()
	var n setting.Names
	if got := n.Error("A", "want b").Error(); got != "A: want b" {
		t.Errorf("without names: got %q", got)
	}
	n.Unset("A")
	n.Set("A", "a (file line 1)")
	kept := n
	if got := n.Error("A", "want b").Error(); got != "a (file line 1): want b" {
		t.Errorf("set by file: got %q", got)
	}
	n.Unset("A")
	if got := n.Error("A", "want b").Error(); got != "A: want b" {
		t.Errorf("set by environment: got %q", got)
	}
	if got := kept.Error("A", "want b").Name; got != "a (file line 1)" {
		t.Errorf("a copy changed: got %q", got)
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"plain":   {"a", `"a"`},
		"control": {"a\r\nb", `"a\r\nb"`},
		"long":    {strings.Repeat("x", 65), `"` + strings.Repeat("x", 64) + `"…`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := setting.Quote(test.in); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

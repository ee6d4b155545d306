package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/config"
)

func TestUsage(t *testing.T) {
	t.Parallel()
	defaults := struct {
		Own     int            `envconfig:"OWN" desc:"a number"`
		None    int            `envconfig:"NONE" desc:"another"`
		Pointer *time.Duration `envconfig:"POINTER" desc:"a duration"`
		Silent  int            `envconfig:"SILENT"`
		Ignored int            `ignored:"true"`
		private int
		config.Config
	}{Own: 7, Pointer: new(time.Duration), private: 1, Config: config.Defaults(":1")}
	var b strings.Builder
	config.Usage(&b, &defaults, false)
	lines := strings.Split(b.String(), "\n")
	for i, want := range []string{"Environment:", "  OWN            a number (default 7)", "  NONE           another", "  POINTER        a duration"} {
		if lines[i] != want {
			t.Errorf("line %d is %q, want %q", i, lines[i], want)
		}
	}
	if text := b.String(); !strings.Contains(text, "\n  HTTP_ADDR ") || !strings.Contains(text, "(default :1)\n") || strings.Contains(text, "http.addr") || strings.Contains(text, "SILENT") {
		t.Errorf("usage is\n%s", text)
	}
	b.Reset()
	config.Usage(&b, &defaults, true)
	if text := b.String(); !strings.Contains(text, config.DefaultFile) || !strings.Contains(text, "\n  HTTP_ADDR      http.addr      host:port") {
		t.Errorf("with a file, usage is\n%s", text)
	}
}

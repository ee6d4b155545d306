package client_test

import (
	"os/exec"
	"strings"
	"testing"
)

// A program that embeds the client must not inherit servers, loggers or
// frameworks from it.
func TestImports(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".", "../common").Output()
	noError(t, err)
	const module = "github.com/weplanx/workflow/"
	allowed := []string{
		module + "schedule/client", module + "schedule/common", module + "shared/contract", module + "shared/spec",
		"github.com/robfig/cron/v3", // behind shared/spec
		"github.com/nats-io/nats.go", "github.com/nats-io/nkeys", "github.com/nats-io/nuid",
		"github.com/klauspost/compress/", "golang.org/x/crypto/", "golang.org/x/sys/", // behind nats.go
	}
	for _, path := range strings.Fields(string(out)) {
		ok := false
		for _, prefix := range allowed {
			ok = ok || strings.HasPrefix(path, prefix)
		}
		if !ok {
			t.Errorf("the client pulls in %s", path)
		}
	}
}

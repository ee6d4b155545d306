package standalone_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weplanx/workflow/shared/setting"
	"github.com/weplanx/workflow/tools/internal/standalone"
)

func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

func TestRefusesToStart(t *testing.T) {
	t.Parallel()
	used := t.TempDir()
	start(t, config(used))
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	taken := listen(t, "127.0.0.1:0").Addr().String()
	tests := map[string]struct {
		change func(c *standalone.Config)
		want   []string
	}{
		"second copy":        {func(c *standalone.Config) { c.Data = used }, []string{"-data: ", "another copy (process "}},
		"folder under file":  {func(c *standalone.Config) { c.Data = filepath.Join(file, "data") }, []string{"-data: ", "not a directory"}},
		"folder is a file":   {func(c *standalone.Config) { c.Data = file }, []string{"-data: ", "not a directory"}},
		"no folder":          {func(c *standalone.Config) { c.Data = "" }, []string{"-data: ", "want a folder"}},
		"NATS port taken":    {func(c *standalone.Config) { c.NATS = taken }, []string{"-nats: ", taken, "address already in use"}},
		"HTTP port taken":    {func(c *standalone.Config) { c.HTTP = taken }, []string{"-http: ", taken, "address already in use"}},
		"foreign address":    {func(c *standalone.Config) { c.NATS = "192.0.2.1:4222" }, []string{"-nats: ", "192.0.2.1:4222"}},
		"NATS without port":  {func(c *standalone.Config) { c.NATS = "127.0.0.1" }, []string{"-nats: ", "want host:port"}},
		"HTTP port too high": {func(c *standalone.Config) { c.HTTP = ":70000" }, []string{"-http: ", "want host:port"}},
		"traces":             {func(c *standalone.Config) { c.Tracing.Exporter = "jaeger" }, []string{"OTEL_TRACES_EXPORTER: ", "want otlp or none"}},
		"egress":             {func(c *standalone.Config) { c.Egress = []string{"10/8"} }, []string{"-egress: ", `"10/8"`, "10.0.0.0/8"}},
		"namespace":          {func(c *standalone.Config) { c.Namespace = "a.b" }, []string{"-namespace: ", `"a.b"`, "1 to 32"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := config(t.TempDir())
			out, log := &output{}, &output{}
			c.Out, c.Log = out, log
			test.change(&c)
			err := standalone.New(c).Run(t.Context())
			var typed *setting.Error
			if !errors.As(err, &typed) {
				t.Fatalf("got %v (%T), want a *setting.Error", err, err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to contain %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "\n") || out.String() != "" || log.String() != "" {
				t.Errorf("want nothing but one line; error %q, output %q, log %q", err, out, log)
			}
		})
	}
}

// A folder is free again once its copy has stopped, however that came about.
func TestFolderIsFreeAfterwards(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	c := config(data)
	c.Demo = false
	start(t, c).stop()
	start(t, c).stop()
}

package rehearse

import (
	"os"
	"strings"
	"testing"
)

func readme(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The documents' fragment can be found, and made to run.
func TestFragment(t *testing.T) {
	t.Parallel()
	text, path, err := fragment(readme(t))
	if err != nil || path != "github.com/weplanx/workflow/schedule/client" {
		t.Fatalf("got %q, %v", path, err)
	}
	run, err := runnable(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"nats.Connect(os.Args[1])", `"@every 1s"`, "await()\nschedule.Remove("} {
		if !strings.Contains(run, want) {
			t.Errorf("%q is missing in\n%s", want, run)
		}
	}
}

func TestFragmentMissing(t *testing.T) {
	t.Parallel()
	text := readme(t)
	for name, without := range map[string]string{"go get": "`go get ", "block": "```go\n"} {
		if _, _, err := fragment(strings.ReplaceAll(text, without, "")); err == nil {
			t.Errorf("without its %s it is found", name)
		}
	}
	if _, err := runnable("nats.DefaultURL nats.DefaultURL"); err == nil || !strings.Contains(err.Error(), "2 times, want once") {
		t.Errorf("got %v", err)
	}
}

func TestCheckVendored(t *testing.T) {
	t.Parallel()
	const good = `# github.com/nats-io/nats-server/v2 v2.15.2
## explicit; go 1.26
# github.com/nats-io/nats.go v1.55.0
## explicit; go 1.26
github.com/nats-io/nats.go
github.com/nats-io/nats.go/jetstream
# github.com/weplanx/workflow/schedule v0.1.0
## explicit; go 1.26.0
github.com/weplanx/workflow/schedule/client
`
	for name, c := range map[string]struct{ list, want string }{
		"good":              {good, ""},
		"server":            {good + "github.com/nats-io/nats-server/v2/server\n", "vendors github.com/nats-io/nats-server/v2/server"},
		"logrus":            {good + "github.com/sirupsen/logrus\n", "vendors github.com/sirupsen/logrus"},
		"name begins alike": {good + "github.com/nats-io/nats.golf\n", "vendors github.com/nats-io/nats.golf"},
		"nothing":           {"# github.com/nats-io/nats.go v1.55.0\n", "not what was meant"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := checkVendored(c.list)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

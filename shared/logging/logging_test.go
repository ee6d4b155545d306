package logging_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/logging"
)

func TestReleaseWritesJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := logging.New("release", &out)
	log.Debug("hidden")
	log.WithField("key", "a b").Info("shown")
	var line map[string]string
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	if line["msg"] != "shown" || line["level"] != "info" || line["key"] != "a b" {
		t.Errorf("got %v", line)
	}
	at, err := time.Parse(time.RFC3339Nano, line["time"])
	if err != nil || at.Location() != time.UTC {
		t.Errorf("got time %q, want RFC 3339 in UTC", line["time"])
	}
}

func TestDebugWritesText(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	logging.New("debug", &out).WithField("key", "a").Debug("shown")
	if got := out.String(); !strings.Contains(got, "level=debug") || !strings.Contains(got, "key=a") || !strings.Contains(got, `Z"`) {
		t.Errorf("got %q", got)
	}
}

func TestDiscardIsSilent(t *testing.T) {
	t.Parallel()
	logging.Discard().Error("nobody reads this")
}

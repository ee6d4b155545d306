package tracing

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/logging"
)

func TestLossesAreToldOnceAMinute(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := time.Unix(0, 0)
	l := losses{log: logging.New("release", &out), now: func() time.Time { return now }}
	for range 120 {
		l.add(3, "the queue is full")
		now = now.Add(time.Second)
	}
	if text := out.String(); strings.Count(text, "\n") != 2 || !strings.Contains(text, `"count":3,`) || !strings.Contains(text, `"count":180,`) {
		t.Errorf("got %s", text)
	}
}

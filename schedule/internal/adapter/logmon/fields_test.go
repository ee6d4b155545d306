package logmon_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"github.com/weplanx/workflow/schedule/internal/adapter/logmon"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/logging"
	"github.com/weplanx/workflow/shared/logging/logtest"
)

// document is what people are told of the lines.
const document = "../../../docs/logs.md"

// The document tells of the fields and messages of all lines, and of no others.
func TestFieldsAreDocumented(t *testing.T) {
	t.Parallel()
	logtest.Documented(t, document, "Of firing", everything(t))
}

// everything is what a monitor logs when it is told everything.
func everything(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	log := logging.New("release", &out)
	log.SetLevel(logrus.DebugLevel)
	m := logmon.New(log, "ns", "n", time.Now)
	m.BadEntry("k", 7, errors.New("spec: is empty"))
	m.Committed(core.Committed{Partition: 1, Triggers: make([]contract.Trigger, 2), Due: time.Unix(1, 0), Took: time.Millisecond})
	m.NotCommitted(1, core.ErrFenced)
	m.Owned([]int{1}, []string{"n"})
	m.Loading(1, false)
	m.Loading(2, true)
	m.Trouble("publish triggers", 1, core.ErrFull)
	return out.String()
}

package standalone_test

import (
	"testing"

	"github.com/weplanx/workflow/shared/tracetest"
)

// Both halves of the program tell of the demo's occurrences.
func TestTraces(t *testing.T) {
	t.Parallel()
	collector := tracetest.Start(t)
	c := config(t.TempDir())
	c.Tracing = collector.Settings()
	c.Tracing.Delay = "100"
	p := start(t, c)
	collector.Await(t, "both tell of an occurrence", func(spans []tracetest.Span) bool {
		fires := map[string]bool{}
		for _, s := range spans {
			if s.Name == "fire" && s.Service() == "schedule" {
				fires[s.TraceID] = true
			}
		}
		for _, s := range spans {
			if s.Name == "POST" && s.Service() == "worker" && fires[s.TraceID] {
				return true
			}
		}
		return false
	})
	p.stop()
}

// That a collector hangs does not make the program stop too late, which start
// looks at.
func TestStopsBesideACollectorThatHangs(t *testing.T) {
	t.Parallel()
	collector := tracetest.Hanging(t)
	c := config(t.TempDir())
	c.Tracing = collector.Settings()
	c.Tracing.Delay = "100"
	c.Tracing.Timeout, c.Tracing.ExportTimeout = "600000", "600000" // ten minutes
	p := start(t, c)
	<-collector.Reached
	p.stop()
}

package mem_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weplanx/workflow/schedule/internal/adapter/mem"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/schedule/internal/core/porttest"
	"github.com/weplanx/workflow/shared/contract"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStoreConforms(t *testing.T) {
	t.Parallel()
	porttest.JobStore(t, func(*testing.T) porttest.Bucket {
		s := mem.NewStore(time.Now)
		return porttest.Bucket{
			Store:  s,
			Put:    func(key string, value []byte) { s.Put(key, value) },
			Delete: func(key string) { s.Delete(key) },
		}
	})
}

func TestPublisherConforms(t *testing.T) {
	t.Parallel()
	start := time.Now().UTC()
	porttest.Publisher(t, porttest.PublisherHarness{
		Start: start,
		New: func(*testing.T) (a, b core.Publisher, stored func(*testing.T) []contract.Trigger) {
			p := mem.NewPublisher(2, contract.Cursor{Due: start})
			return p, p, func(*testing.T) []contract.Trigger { return p.Stored() }
		},
	})
}

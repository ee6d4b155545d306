package mem_test

import (
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/internal/adapter/mem"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/schedule/internal/core/porttest"
	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

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

func TestSchedulesConform(t *testing.T) {
	t.Parallel()
	porttest.Schedules(t, func(*testing.T) (core.Schedules, porttest.Bucket) {
		s := mem.NewStore(time.Now)
		return s, porttest.Bucket{
			Store: s, Put: func(key string, value []byte) { s.Put(key, value) }, Delete: func(key string) { s.Delete(key) },
		}
	})
}

func TestSenderConforms(t *testing.T) {
	t.Parallel()
	porttest.Sender(t, func(*testing.T) porttest.Queue {
		s := mem.NewSender(time.Now)
		return porttest.Queue{Sender: s, Take: func(*testing.T) []contract.Trigger { return s.Take() }}
	})
}

func TestLettersConform(t *testing.T) {
	t.Parallel()
	porttest.Letters(t, func(*testing.T) porttest.Graveyard {
		l := mem.NewLetters(time.Now)
		return porttest.Graveyard{Letters: l, Put: func(_ *testing.T, key string, data []byte) uint64 { return l.Put(key, data) }}
	})
}

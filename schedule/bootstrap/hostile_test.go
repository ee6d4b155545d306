package bootstrap_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/shared/natstest"
	"github.com/weplanx/workflow/shared/topology"
)

// Keys that are wildcards once made one partition publish all the others' keys.
func TestWildcardKeysDoNotRepeatAnything(t *testing.T) {
	t.Parallel()
	s := setup(t, natstest.Start(t), "ns")
	l := &ledger{stored: map[string]time.Time{}, seen: map[string]uint64{}}
	for i := range 10 {
		key := fmt.Sprintf("key%02d", i)
		l.stored[key] = s.set(key, "@every 500ms")
	}
	for _, key := range []string{"*", ">", "key00.>", "é", strings.Repeat("k", 200)} {
		s.put(key, []byte("garbage"))
	}
	stop := s.start()
	s.exactlyOnce(l, 500*time.Millisecond, 6)
	stop()
	s.start()
	s.exactlyOnce(l, 500*time.Millisecond, 14)
}

// A schedule larger than a trigger may be once stopped its partition for good.
func TestOversizedScheduleLeavesTheOthersFiring(t *testing.T) {
	t.Parallel()
	s := setup(t, natstest.Start(t), "ns")
	s.start()
	value := fmt.Appendf(nil, `{"v":1,"jobs":[{"mode":"HTTP","spec":"@every 1s","option":{"url":"http://h/","body":%q}}]}`,
		strings.Repeat("x", contract.MaxScheduleBytes))
	l := &ledger{stored: map[string]time.Time{}, seen: map[string]uint64{}}
	for i := range 10 {
		s.put(fmt.Sprintf("big%d", i), value)
		key := fmt.Sprintf("key%02d", i)
		l.stored[key] = s.set(key, "@every 500ms")
	}
	s.exactlyOnce(l, 500*time.Millisecond, 10)
}

// A bucket that is deleted and made again, without the settings that schedulers
// give it, counts its revisions from the beginning.
func TestBucketMadeAnewIsTakenUp(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s := setup(t, natstest.Start(t), "ns")
	s.start()
	l := &ledger{stored: map[string]time.Time{"key": s.set("key", "@every 1s")}, seen: map[string]uint64{}}
	for range 5 {
		l.stored["key"] = s.set("key", "@every 1s")
		s.set("other", "@every 1s")
	}
	s.exactlyOnce(l, time.Second, 1)
	if err := s.js.DeleteKeyValue(ctx, s.names.Bucket()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: s.names.Bucket()}); err != nil {
		t.Fatal(err)
	}
	at := s.set("key", "@every 700ms")
	last := time.Time{}
	s.triggers(func(trigger contract.Trigger) bool {
		if trigger.Scheduled.Sub(at)%(700*time.Millisecond) == 0 && trigger.Scheduled.After(at) {
			last = trigger.Scheduled
		}
		return last.Sub(at) > 4*time.Second
	})
}

// What was stored before any scheduler ran is accounted for.
func TestSchedulesStoredBeforeTheFirstScheduler(t *testing.T) {
	t.Parallel()
	server := natstest.Start(t)
	nc := server.Connect(t)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateKeyValue(context.Background(), jetstream.KeyValueConfig{Bucket: "ns_schedules", History: 1}); err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, server: server, names: contract.Names("ns"), js: js, taken: map[uint64]bool{}}
	l := &ledger{stored: map[string]time.Time{"key": s.set("key", "@every 500ms")}, seen: map[string]uint64{}}
	<-time.After(time.Until(l.stored["key"].Add(4 * time.Second))) // some are due by now
	s.start()
	s.exactlyOnce(l, 500*time.Millisecond, 12)
	if _, err := topology.Ensure(context.Background(), js, "ns", 1); err != nil {
		t.Error(err)
	}
	bucket, err := js.Stream(context.Background(), "KV_ns_schedules")
	if err != nil || bucket.CachedInfo().Config.MaxMsgsPerSubject != contract.BucketHistory {
		t.Errorf("the bucket keeps %v revisions, %v", bucket.CachedInfo().Config.MaxMsgsPerSubject, err)
	}
}

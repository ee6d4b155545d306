package core_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

func TestPoisonIsRecordedOnceAndStallsNobody(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ key, data, want string }{
		"empty":           {"k", "", "not a JSON object"},
		"garbage":         {"k", "\xff\x00", "not UTF-8"},
		"not an object":   {"k", "[]", "not a JSON object"},
		"no version":      {"k", `{"id":"1"}`, `"v" is missing`},
		"no id":           {"k", `{"v":1,"key":"k","mode":"HTTP"}`, "id: "},
		"id with a dot":   {"k", `{"v":1,"id":"a.b","key":"k","mode":"HTTP"}`, "id: "},
		"other key":       {"k", `{"v":1,"id":"1","key":"j","mode":"HTTP"}`, "key: "},
		"bad key":         {"_nodes.x", `{"v":1,"id":"1","key":"_nodes.x","mode":"HTTP"}`, "key: "},
		"no key":          {"", `{"v":1,"id":"1","key":"","mode":"HTTP"}`, "key: "},
		"unknown mode":    {"k", `{"v":1,"id":"1","key":"k","mode":"FTP"}`, `mode: is "FTP"`},
		"negative index":  {"k", `{"v":1,"id":"1","key":"k","index":-1,"mode":"HTTP"}`, "index: "},
		"no times":        {"k", `{"v":1,"id":"1","key":"k","mode":"HTTP"}`, "scheduled: "},
		"no due":          {"k", `{"v":1,"id":"1","key":"k","mode":"HTTP","scheduled":"2000-01-01T00:00:00Z"}`, "due: "},
		"long timeout":    {"k", `{"v":1,"id":"1","key":"k","mode":"HTTP","scheduled":"2000-01-01T00:00:00Z","due":"2000-01-01T00:00:00Z","timeout":"16m"}`, "timeout: "},
		"bad origin":      {"k", `{"v":1,"id":"1","key":"k","mode":"HTTP","scheduled":"2000-01-01T00:00:00Z","due":"2000-01-01T00:00:00Z","origin":"a b"}`, "origin: "},
		"attempts":        {"k", `{"v":1,"id":"1","key":"k","mode":"HTTP","scheduled":"2000-01-01T00:00:00Z","due":"2000-01-01T00:00:00Z","attempts":-1}`, "attempts: "},
		"overlap":         {"k", `{"v":1,"id":"1","key":"k","mode":"HTTP","scheduled":"2000-01-01T00:00:00Z","due":"2000-01-01T00:00:00Z","overlap":"x"}`, "overlap: "},
		"wild year":       {"k", `{"v":1,"id":"1","key":"k","mode":"HTTP","scheduled":"9999-12-31T23:00:00-12:00","due":"2000-01-01T00:00:00Z"}`, "scheduled: "},
		"missed nothing":  {"k", `{"v":1,"id":"1","key":"k","mode":"MISSED"}`, "missed: "},
		"missed none":     {"k", `{"v":1,"id":"1","key":"k","mode":"MISSED","missed":{"count":0}}`, "missed: "},
		"missed wild":     {"k", `{"v":1,"id":"1","key":"k","mode":"MISSED","missed":{"count":1,"from":"9999-12-31T23:00:00-12:00"}}`, "missed: "},
		"endless nesting": {"k", strings.Repeat("[", 100_000), "not a JSON object"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in(t, func(b *bench) {
				b.settings.Concurrency = 1
				for range 10 {
					b.queue.Put(test.key, []byte(test.data))
				}
				good := b.put(b.trigger("good", 0))
				b.start()
				b.after(time.Hour)
				b.wantLeft(0)
				b.wantCalls(1)
				bad := 0
				for _, r := range b.log.Records() {
					if _, err := contract.Encode(r); err != nil {
						t.Errorf("a record that cannot be written: %v", err)
					}
					if r.ID == good.ID {
						continue
					}
					bad++
					if name == "other key" && r.ID == "1" {
						t.Error("the record is taken for one of another schedule's occurrence")
					}
					if r.Kind != contract.KindFinal || r.Outcome != contract.OutcomeFailed || r.ErrorClass != contract.ErrorInvalid ||
						!strings.Contains(r.Error, test.want) || contract.CheckKey(r.Key) != nil {
						t.Errorf("got %+v, want an error with %q", r, test.want)
					}
				}
				if bad != 10 && bad != 1 { // those that claim one ID are one occurrence
					t.Errorf("got %d records of poison", bad)
				}
				b.wantPoisonKept(bad, test.data)
			})
		})
	}
}

// wantPoisonKept looks for n dead letters from which data can be had again.
func (b *bench) wantPoisonKept(n int, data string) {
	b.t.Helper()
	letters := b.dead.Letters()
	if len(letters) != n {
		b.t.Errorf("got %d dead letters, want %d", len(letters), n)
	}
	for _, d := range letters {
		whole := d.Trigger != nil && d.Data == nil || string(d.Data) == data[:min(len(data), contract.MaxDeadData)]
		if !whole || d.Outcome != contract.OutcomeFailed || d.ErrorClass != contract.ErrorInvalid || d.Reason == "" || d.Died.IsZero() {
			b.t.Errorf("got %+v", d)
		}
		if _, err := contract.Encode(d); err != nil {
			b.t.Errorf("a letter that cannot be written: %v", err)
		}
	}
}

func TestPoisonIsNotAcknowledgedBeforeItIsRecorded(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.queue.Put("k", []byte("garbage"))
		b.log.Refuse(errors.New("away"))
		b.start()
		b.after(10 * time.Minute)
		b.wantLeft(1)
		b.log.Refuse(nil)
		b.after(time.Minute)
		b.wantLeft(0)
		if n := len(b.log.Records()); n != 1 {
			t.Errorf("got %d records, want 1", n)
		}
	})
}

// A job of a mode that only a newer worker knows can be sent again.
func TestTriggerOfAnUnknownModeIsKeptWhole(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		trigger := b.trigger("k", 0)
		trigger.Mode = "FTP"
		b.put(trigger)
		b.start()
		b.after(0)
		letters := b.dead.Letters()
		if len(letters) != 1 || letters[0].Trigger == nil || letters[0].Trigger.ID != trigger.ID || letters[0].Mode != "FTP" {
			t.Errorf("got %+v", letters)
		}
	})
}

// Regression guard: the log forgets after a while that it has the record.
func TestPoisonIsRecordedOnceHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.queue.Put("k", []byte("garbage"))
		b.queue.Refuse(errors.New("acknowledgements are lost"))
		b.start()
		b.after(time.Hour)
		b.queue.Refuse(nil)
		b.after(time.Minute)
		b.wantLeft(0)
		if n := len(b.log.Records()); n != 1 {
			t.Errorf("got %d records, want 1", n)
		}
		if n := len(b.dead.Letters()); n != 1 {
			t.Errorf("got %d dead letters, want 1", n)
		}
	})
}

func TestNewerTriggerIsLeftToOthers(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.queue.Put("k", []byte(`{"v":2,"id":"1","key":"k"}`))
		b.start()
		b.after(time.Hour)
		b.wantLeft(1)
		b.wantCalls(0)
		if n := len(b.log.Records()); n != 0 {
			t.Errorf("got %d records", n)
		}
		if n := len(b.monitor.HandedBack()); n < 60 || n > 121 {
			t.Errorf("handed back %d times in an hour", n)
		}
	})
}

func TestNewerTriggerThatNobodyUnderstandsIsGivenUp(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		b.queue.Put("k", []byte(`{"v":2,"id":"1","key":"k"}`))
		b.start()
		b.after(25 * time.Hour)
		b.wantLeft(0)
		b.wantCalls(0)
		if letters := b.dead.Letters(); len(letters) != 1 || !strings.Contains(letters[0].Error, "newer version") {
			t.Errorf("got dead letters %+v", letters)
		}
	})
}

func TestMissedIsRecordedNotRun(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		from := b.began.Add(-time.Hour).UTC()
		trigger := b.put(contract.Trigger{
			ID: "m1", Key: "k", Index: 2, Mode: contract.ModeMissed, Scheduled: from, Due: from,
			Missed: &contract.Missed{From: from, To: from.Add(time.Minute), Count: 3, Reason: "no scheduler ran"},
		})
		b.start()
		b.after(time.Hour)
		b.wantCalls(0)
		b.wantLeft(0)
		records := b.log.Records()
		if len(records) != 1 {
			t.Fatalf("got %d records, want 1", len(records))
		}
		r := records[0]
		if r.Kind != contract.KindMissed || r.Outcome != contract.OutcomeMissed || r.ID != trigger.ID || r.Index != 2 || r.Count != 3 ||
			!r.From.Equal(from) || !r.To.Equal(from.Add(time.Minute)) || r.Reason != "no scheduler ran" {
			t.Errorf("got %+v", r)
		}
		if core.RecordID(r) != "m1.missed" {
			t.Errorf("got record ID %q", core.RecordID(r))
		}
	})
}

// Regression guard: the log forgets after a while that it has the record.
func TestMissedIsRecordedOnceHoweverOftenItComes(t *testing.T) {
	t.Parallel()
	in(t, func(b *bench) {
		from := b.began.Add(-time.Hour).UTC()
		b.put(contract.Trigger{
			ID: "m1", Key: "k", Mode: contract.ModeMissed, Scheduled: from, Due: from,
			Missed: &contract.Missed{From: from, To: from, Count: 1},
		})
		b.queue.Refuse(errors.New("acknowledgements are lost"))
		b.start()
		b.after(time.Hour)
		b.queue.Refuse(nil)
		b.after(time.Minute)
		b.wantLeft(0)
		if n := len(b.log.Records()); n != 1 {
			t.Errorf("got %d records, want 1", n)
		}
	})
}

package core_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/internal/adapter/mem"
	"github.com/weplanx/workflow/schedule/internal/core"
	"github.com/weplanx/workflow/shared/contract"
)

// byHand is a core.Manual on fakes, at a time that the test moves on.
type byHand struct {
	*core.Manual
	t       *testing.T
	now     time.Time
	store   *mem.Store
	sender  *mem.Sender
	letters *mem.Letters
	monitor *mem.Monitor
}

func newByHand(t *testing.T) *byHand {
	t.Helper()
	b := &byHand{t: t, now: time.Date(2026, 3, 1, 12, 0, 0, 500, time.UTC), monitor: &mem.Monitor{}}
	now := func() time.Time { return b.now }
	b.store, b.sender, b.letters = mem.NewStore(now), mem.NewSender(now), mem.NewLetters(now)
	b.Manual = core.NewManual("ns", now, b.store, b.sender, b.letters, b.monitor)
	return b
}

func reportJob(change func(*contract.Job)) contract.Job {
	job := contract.HttpJob("@hourly", contract.HttpOption{Url: "http://h", Headers: map[string]string{"a": "b"}})
	change(&job)
	return job
}

// jobIndex is an index in a request.
func jobIndex(index int) *int { return &index }

func TestRunByHand(t *testing.T) {
	t.Parallel()
	b := newByHand(t)
	first := reportJob(func(j *contract.Job) {
		j.Timeout, j.Attempts, j.Deadline = contract.Duration(time.Second), 3, contract.Duration(time.Minute)
		j.Overlap, j.Completion = contract.OverlapQueue, contract.Duration(2*time.Hour)
	})
	second := contract.NatsJob("@at 2020-01-01T00:00:00Z", contract.NatsOption{Subject: "a"}) // long over
	rev := b.store.PutSchedule("report", contract.Schedule{Jobs: []contract.Job{first, second}, Paused: true})

	answer, err := b.Run(t.Context(), contract.RunRequest{Key: "report", Request: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	want := contract.RunAnswer{Runs: []contract.RunID{
		{Index: 0, ID: contract.ManualID("ns", "report", 0, "r1"), Scheduled: b.now},
		{Index: 1, ID: contract.ManualID("ns", "report", 1, "r1"), Scheduled: b.now},
	}}
	if !reflect.DeepEqual(answer, want) {
		t.Errorf("answer is %+v, want %+v", answer, want)
	}
	got := b.sender.Take()
	expected := []contract.Trigger{
		{
			V: 1, ID: want.Runs[0].ID, Key: "report", Mode: contract.ModeHTTP, Scheduled: b.now, Due: b.now, Revision: rev.Number,
			Timeout: first.Timeout, Option: first.Option, Attempts: 3, Deadline: first.Deadline, Overlap: first.Overlap, Completion: first.Completion,
		},
		{V: 1, ID: want.Runs[1].ID, Key: "report", Index: 1, Mode: contract.ModeNATS, Scheduled: b.now, Due: b.now, Revision: rev.Number, Option: second.Option},
	}
	if !reflect.DeepEqual(got, expected) {
		t.Errorf("triggers are\n%+v\nwant\n%+v", got, expected)
	}
	if answer, err := b.Run(t.Context(), contract.RunRequest{Key: "report", Index: jobIndex(1), Request: "r2"}); err != nil || len(answer.Runs) != 1 || answer.Runs[0].Index != 1 {
		t.Errorf("answer for one job is %+v, %v", answer, err)
	}
}

// A request that is repeated, because its answer was lost, runs nothing twice and
// names the same occurrences; another request runs the jobs again.
func TestRunByHandIsRepeatable(t *testing.T) {
	t.Parallel()
	b := newByHand(t)
	b.store.Set("report", reportJob(func(*contract.Job) {}), reportJob(func(*contract.Job) {}))
	lost := errors.New("no answer")
	b.sender.OnSend(func(x contract.Trigger) (before, after error) {
		if x.Index == 1 {
			return nil, lost
		}
		return nil, nil
	})
	if _, err := b.Run(t.Context(), contract.RunRequest{Key: "report", Request: "r1"}); !errors.Is(err, lost) {
		t.Errorf("Run = %v", err)
	}
	b.sender.OnSend(nil)
	b.now = b.now.Add(time.Second)
	answer, err := b.Run(t.Context(), contract.RunRequest{Key: "report", Request: "r1"})
	if err != nil || len(answer.Runs) != 2 {
		t.Errorf("answer is %+v, %v", answer, err)
	}
	if _, err := b.Run(t.Context(), contract.RunRequest{Key: "report", Request: "r2"}); err != nil {
		t.Error(err)
	}
	if got := b.sender.Take(); len(got) != 4 || got[0].ID != answer.Runs[0].ID || got[1].ID != answer.Runs[1].ID {
		t.Errorf("triggers are %+v, want two of each request", got)
	}
}

func TestRunByHandIsRefused(t *testing.T) {
	t.Parallel()
	b := newByHand(t)
	b.store.Set("report", reportJob(func(*contract.Job) {}), reportJob(func(*contract.Job) {}))
	b.store.Set("single", reportJob(func(*contract.Job) {}))
	b.store.Put("bad", []byte(`{"v":1,"jobs":[{"mode":"HTTP","spec":"x","option":{"url":"http://h"}}]}`))
	b.store.Set("gone", reportJob(func(*contract.Job) {}))
	b.store.Delete("gone")
	for _, c := range []struct {
		name       string
		request    contract.RunRequest
		code, want string
	}{
		{"no key", contract.RunRequest{}, contract.CodeInvalid, "key: "},
		{"bad key", contract.RunRequest{Key: "a.>"}, contract.CodeInvalid, "key: "},
		{"heartbeat", contract.RunRequest{Key: "_nodes.a"}, contract.CodeInvalid, "reserved"},
		{"long name", contract.RunRequest{Key: "report", Request: strings.Repeat("x", 65)}, contract.CodeInvalid, "request: has 65 bytes, want at most 64"},
		{"unknown", contract.RunRequest{Key: "nobody"}, contract.CodeNotFound, `schedule not found: "nobody"`},
		{"removed", contract.RunRequest{Key: "gone"}, contract.CodeNotFound, "not found"},
		{"bad entry", contract.RunRequest{Key: "bad"}, contract.CodeUnusable, `schedule "bad" cannot be run: jobs[0].spec: `},
		{"index", contract.RunRequest{Key: "report", Index: jobIndex(2)}, contract.CodeInvalid, "index: is 2, want 0 to 1"},
		{"index of one job", contract.RunRequest{Key: "single", Index: jobIndex(1)}, contract.CodeInvalid, "index: is 1, want 0: the schedule has one job"},
		{"negative index", contract.RunRequest{Key: "report", Index: jobIndex(-1)}, contract.CodeInvalid, "index: is -1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := b.Run(t.Context(), c.request)
			if err == nil {
				t.Fatal("it was run")
			}
			code, text := b.Code("run", err)
			if code != c.code || !strings.Contains(text, c.want) {
				t.Errorf("error is %s %q, want %s with %q", code, text, c.code, c.want)
			}
		})
	}
	if got := b.sender.Take(); len(got) != 0 {
		t.Errorf("triggers are %+v", got)
	}
}

func TestRunByHandWithoutRoomOrAnswer(t *testing.T) {
	t.Parallel()
	b := newByHand(t)
	b.store.Set("report", reportJob(func(*contract.Job) {}))
	for _, c := range []struct {
		name    string
		fails   error
		code    string
		trouble int
	}{
		{"full", core.ErrFull, contract.CodeFull, 0},
		{"no answer", context.DeadlineExceeded, contract.CodeUnavailable, 1},
	} {
		b.sender.OnSend(func(contract.Trigger) (before, after error) { return c.fails, nil })
		_, err := b.Run(t.Context(), contract.RunRequest{Key: "report"})
		code, text := b.Code("run by hand", err)
		if code != c.code || strings.Contains(text, "deadline") {
			t.Errorf("%s: %v is told as %s %q", c.name, err, code, text)
		}
		if n := len(b.monitor.Troubles()); n != c.trouble {
			t.Errorf("%s: the monitor was told %d times, want %d", c.name, n, c.trouble)
		}
	}
}

package contract_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	stored  = time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.UTC)
	nominal = time.Date(2026, 1, 2, 3, 4, 15, 0, time.UTC)
)

// golden is a message and how it is written and read.
type golden struct {
	name   string
	value  any
	encode func() ([]byte, error)
	decode func([]byte) (any, error)
}

func message[M contract.Message](name string, m M) golden {
	return golden{
		name:   name,
		value:  m,
		encode: func() ([]byte, error) { return contract.Encode(m) },
		decode: decoder[M](),
	}
}

func decoder[M contract.Message]() func([]byte) (any, error) {
	return func(data []byte) (any, error) { return contract.Decode[M](data) }
}

func goldens() []golden {
	job := contract.HttpJob("@every 15s", contract.HttpOption{
		Url:     "https://api.developer.com",
		Headers: map[string]string{"x-token": "t"},
		Body:    map[string]any{"name": "kain"},
	})
	daily := contract.HttpJob("30 2 * * *", contract.HttpOption{Method: "GET", Url: "http://[::1]:8080/"})
	daily.Timezone, daily.Timeout = "Europe/Berlin", contract.Duration(90*time.Second)
	policies := daily
	policies.Start, policies.End = stored, stored.AddDate(1, 0, 0)
	policies.Jitter = contract.Duration(1500 * time.Millisecond)
	policies.DST = contract.DST{Gap: contract.GapSkip, Fold: contract.FoldBoth}
	policies.Misfire = contract.Misfire{Policy: contract.MisfireAll, Limit: 20, Window: contract.Duration(6 * time.Hour)}
	once, skip := job, job
	once.End, once.DST.Gap, once.Misfire.Policy = stored, contract.GapAfter, contract.MisfireOnce
	skip.Start, skip.DST.Fold, skip.Misfire.Policy = stored, contract.FoldFirst, contract.MisfireSkip
	id := contract.OccurrenceID("beta", "test", 0, nominal)

	run := job
	run.Attempts, run.Deadline, run.Overlap, run.Completion = 3, contract.Duration(10*time.Minute), contract.OverlapQueue, contract.Duration(2*time.Hour)
	tell := contract.NatsJob("@hourly", contract.NatsOption{Subject: "report.daily", Headers: map[string]string{"X-Team": "a"}, Body: 1, Request: true, NoExcerpt: true})
	accept := contract.HttpJob("@hourly", contract.HttpOption{Url: "https://api.developer.com", Accept: []int{200, 409}, NoExcerpt: true})
	trigger := contract.Trigger{
		V: 1, ID: id + "-1", Key: "test", Mode: contract.ModeHTTP, Scheduled: nominal, Due: nominal, Revision: 42, Option: job.Option,
		Attempts: 3, Deadline: run.Deadline, Overlap: contract.OverlapSkip, Completion: run.Completion, Origin: id,
	}

	event := contract.Event{Mode: contract.ModeHTTP, Option: json.RawMessage(`{"url":"https://api.developer.com"}`)}
	all := []golden{
		message("schedule", contract.Schedule{V: 1, Jobs: []contract.Job{job, daily}}),
		message("schedule-paused", contract.Schedule{
			V: 1, Jobs: []contract.Job{job}, Paused: true, Anchor: stored,
			Gaps: []contract.Gap{{From: stored.Add(time.Hour), To: stored.Add(2 * time.Hour)}, {From: stored.Add(3 * time.Hour)}},
		}),
		message("schedule-policies", contract.Schedule{V: 1, Jobs: []contract.Job{policies, once, skip}}),
		message("trigger", contract.Trigger{
			V: 1, ID: id, Key: "test", Mode: contract.ModeHTTP, Scheduled: nominal,
			Due: nominal.Add(time.Second), Revision: 42, Timeout: contract.Duration(10 * time.Second), Option: job.Option,
		}),
		message("schedule-run", contract.Schedule{V: 1, Jobs: []contract.Job{run, tell, accept}}),
		message("trigger-again", trigger),
		message("dead", contract.Dead{
			V: 1, ID: trigger.ID, Key: "test", Mode: contract.ModeHTTP, Scheduled: nominal, Died: stored, Outcome: contract.OutcomeDead,
			Attempts: 3, Status: 503, ErrorClass: contract.ErrorStatus, Error: "status 503", Worker: "w1", Trigger: &trigger,
		}),
		message("dead-data", contract.Dead{
			V: 1, ID: "5f", Key: "test", Died: stored, Outcome: contract.OutcomeFailed, Reason: "the trigger cannot be run",
			ErrorClass: contract.ErrorInvalid, Error: "not JSON", Worker: "w1", Data: []byte{0xff},
		}),
		message("trigger-missed", contract.Trigger{
			V: 1, ID: id, Key: "test", Index: 2, Mode: contract.ModeMissed,
			Scheduled: nominal, Due: nominal, Revision: 42, Missed: &contract.Missed{
				From: nominal, To: nominal.Add(30 * time.Second), Count: 3, Reason: "no scheduler was running",
			},
		}),
		message("cursor", contract.Cursor{V: 1, Due: nominal, Key: "test", Index: 1, Scheduled: nominal, Node: "a"}),
		message("cursor-first", contract.Cursor{V: 1, Due: stored}),
		message("cursor-catch-up", contract.Cursor{
			V: 1, Due: nominal, Key: "test", Scheduled: nominal, Node: "a",
			CatchUp: &contract.CatchUp{Until: nominal.Add(time.Hour), Key: "orders/daily", Index: 3},
		}),
		message("heartbeat", contract.Heartbeat{V: 1, Node: "a", Sent: stored, Started: stored.Add(-time.Hour)}),
		message("heartbeat-resigned", contract.Heartbeat{V: 1, Node: "a", Sent: stored, Started: stored, Resigned: true}),
		{
			name: "event", value: event,
			encode: func() ([]byte, error) { return json.Marshal(event) },
			decode: func(b []byte) (any, error) { return contract.DecodeEvent(b) },
		},
	}
	return append(all, results(id)...)
}

func results(id string) []golden {
	attempt := contract.Result{
		V: 1, Kind: contract.KindAttempt, ID: id, Key: "test", Mode: contract.ModeHTTP,
		Scheduled: nominal, Due: nominal, Started: nominal.Add(2 * time.Millisecond), Finished: nominal.Add(40 * time.Millisecond),
		Attempt: 1, Outcome: contract.OutcomeRetry, Status: 503, ErrorClass: contract.ErrorStatus,
		Error: "status 503", Worker: "w1",
	}
	final := attempt
	final.Kind, final.Attempt, final.Outcome, final.Status, final.ErrorClass, final.Error =
		contract.KindFinal, 2, contract.OutcomeSuccess, 204, "", ""
	again := final
	again.ID, again.Origin = id+"-1", id
	again.Lateness, again.Bytes, again.Excerpt, again.TraceID = contract.Duration(2*time.Millisecond), 17, `{"ok":true}`, id
	return []golden{
		message("result-attempt", attempt),
		message("result-final", final),
		message("result-again", again),
		message("result-missed", contract.Result{
			V: 1, Kind: contract.KindMissed, ID: id, Key: "test", Mode: contract.ModeHTTP,
			Scheduled: nominal, Outcome: contract.OutcomeMissed, From: nominal, To: nominal.Add(30 * time.Second), Count: 3,
			Reason: "no scheduler was running",
		}),
		message("result-bad-entry", contract.Result{
			V: 1, Kind: contract.KindBadEntry, ID: id, Key: "test", Index: 1,
			Started: stored, Error: `jobs[1].spec: is empty`, Reason: "cannot be used",
		}),
	}
}

// The files pin every message byte for byte: what is stored by this version
// must stay readable by the next.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, g := range goldens() {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			got, err := g.encode()
			if err != nil {
				t.Fatal(err)
			}
			want := goldenFile(t, g.name, got)
			if !bytes.Equal(got, want) {
				t.Errorf("encoded\n%s\nwant\n%s", got, want)
			}
			back, err := g.decode(want)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(back, g.value) {
				t.Errorf("decoded\n%+v\nwant\n%+v", back, g.value)
			}
		})
	}
}

func goldenFile(t *testing.T, name string, got []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, append(bytes.Clone(got), '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (write it with: go test ./contract -update)", err)
	}
	return bytes.TrimSuffix(want, []byte("\n"))
}

func TestNoGoldenFileIsLeftOver(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, g := range goldens() {
		names[g.name+".json"] = true
	}
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !names[filepath.Base(f)] {
			t.Errorf("%s belongs to no message", f)
		}
	}
}

func TestReaderIgnoresUnknownFields(t *testing.T) {
	t.Parallel()
	for _, g := range goldens() {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			data, err := g.encode()
			if err != nil {
				t.Fatal(err)
			}
			later := append([]byte(`{"later":{"x":[1,2]},`), data[1:]...)
			got, err := g.decode(later)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, g.value) {
				t.Errorf("decoded\n%+v\nwant\n%+v", got, g.value)
			}
		})
	}
}

func TestReaderRefusesANewerVersion(t *testing.T) {
	t.Parallel()
	for _, g := range goldens() {
		if g.name == "event" {
			continue // carries no version
		}
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			// in a shape that this version would call malformed
			_, err := g.decode([]byte(`{"v":2,"jobs":1,"key":2,"node":3,"due":4,"id":5}`))
			if !errors.Is(err, contract.ErrNewer) || errors.Is(err, contract.ErrMalformed) {
				t.Errorf("error is %v, want ErrNewer", err)
			}
		})
	}
}

func TestEncodeSetsTheVersion(t *testing.T) {
	t.Parallel()
	data, err := contract.Encode(contract.Heartbeat{V: 7, Node: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if h, err := contract.Decode[contract.Heartbeat](data); err != nil || h.V != contract.Version {
		t.Errorf("decoded %+v, %v, want version %d", h, err, contract.Version)
	}
}

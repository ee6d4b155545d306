package weplanx_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/weplanx/workflow/schedule/internal/weplanx"
)

func TestConvert(t *testing.T) {
	t.Parallel()
	const (
		documents = `{"mode":"HTTP","spec":"@every 15s","option":{"url":"https://api.developer.com","body":{}}}`
		dogs      = `{"mode":"HTTP","spec":"*/5 * * * * *","option":{"method":"GET","url":"https://dog.ceo/api/breeds/image/random"}}`
	)
	all := values(t)
	for name, want := range map[string]struct {
		jobs   string
		paused bool
		notes  []string
	}{
		"v1.2/documents": {jobs: `[` + documents + `]`},
		"v1.2/two": {jobs: `[{"mode":"HTTP","spec":"0 30 9 * * mon-fri","option":{"url":"https://example.com/a?x=1\u0026y=2","headers":{"X-Team":"beta"},"body":{"n":1}}},` +
			`{"mode":"HTTP","spec":"TZ=Asia/Shanghai 0 0 18 * * *","option":{"url":"https://example.com/b","body":{"list":[null,true,"a"]}}}]`},
		"v1.2/none":         {jobs: `null`},
		"v1.3/running":      {jobs: `[` + documents + `]`},
		"v1.4/stopped":      {jobs: `[{"mode":"HTTP","spec":"*/5 * * * * *","option":{"url":"https://example.com/s","headers":{"Authorization":"Bearer s3cr3t"},"body":{"a":"b"}}}]`, paused: true},
		"v1.6/dogs":         {jobs: `[` + dogs + `]`, paused: true},
		"v1.6/dogs-started": {jobs: `[` + dogs + `]`},
		"v1.6/body": {jobs: `[{"mode":"HTTP","spec":"0 0 0 1 1 *","option":{"method":"PUT","url":"https://example.com/body","headers":{"x-a":"1"},"body":{` +
			`"bytes":"eHl6","early":"1970-01-01T00:00:01Z","float":1.5,"float32":0.1,"huge":18446744073709551615,"int":12345678901,"negative":-5,` +
			`"nested":{"list":[1,"two",{"three":3}]},"null":null,"text":"hé \u003c\u0026\u003e","time":"2023-11-14T22:13:20.000000005Z"}}}]`},
		"v1.6/many": {
			jobs: `[{"mode":"HTTP","spec":"0 0 9 * * *","option":{"method":"GET","url":"https://example.com/empty-method","body":{"a":1}}},` +
				`{"mode":"HTTP","spec":"*/5 * * * *","option":{"method":"POST","url":"https://example.com/five","body":{}}},` +
				`{"mode":"HTTP","spec":"@every 1500ms","option":{"method":"POST","url":"https://example.com/fraction"}}]`,
			notes: []string{
				"jobs[0].option.method: is empty, for which workers from v1.5 sent GET",
				"jobs[1].spec: has five fields and never ran: six were wanted, seconds first",
				`jobs[1].option.method: is "post", and becomes "POST"`,
				"jobs[2].spec: ran every 1s, because fractions of a second were cut off",
				"jobs[2].option.body: is nil, which was sent as null; it is sent without a body",
			},
		},
		"v1.6/maps": {jobs: `[{"mode":"HTTP","spec":"@hourly","option":{"url":"https://example.com/maps","headers":{"a":"b"},"body":{"a":1}}}]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := weplanx.Convert(all[name], weplanx.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if jobs, _ := json.Marshal(got.Jobs); string(jobs) != want.jobs {
				t.Errorf("jobs are\n%s\nwant\n%s", jobs, want.jobs)
			}
			if got.Paused != want.paused || !slices.Equal(got.Notes, want.notes) {
				t.Errorf("paused is %t, want %t; notes are %q", got.Paused, want.paused, got.Notes)
			}
		})
	}
}

func TestConvertRefuses(t *testing.T) {
	t.Parallel()
	all := values(t)
	all["JSON"] = []byte(` {"v":1,"jobs":[]}`)
	all["nothing"] = nil
	for name, want := range map[string][]string{
		"v1.6/email":  {`jobs[1].mode: is "EMAIL", want "HTTP"`},
		"bad/unknown": {`"owner": is not known`, `jobs[0]."timeout": is not known`, `jobs[0].option."retry": is not known`},
		"bad/types": {
			"status: is missing or no boolean", "jobs[0]: is a number, want a map", "jobs[1].mode: is a number, want text", "jobs[1].spec: is nothing, want text",
			"jobs[2].option.url: is a number", `jobs[2].option.headers["a"]: is a number, want text`, `jobs[2].option.headers["b"]: is a boolean`,
			"jobs[2].option.body: is an array, want a map", "jobs[2].option.method: is a number",
		},
		"bad/nan":    {"jobs[0].option.body: cannot be written as JSON: it holds the number NaN"},
		"bad/option": {"jobs[0].option: is nothing, want a map"},
		"bad/number": {"is a number, want an array of jobs, or a map with status and jobs"},
		"bad/text":   {"is text, want"},
		"bad/map":    {"status: is missing", "jobs: is missing", `"a": is not known`},
		"JSON":       {"is JSON, not MessagePack"},
		"nothing":    {"(at byte 0): it ends too early"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := weplanx.Convert(all[name], weplanx.Options{})
			if err == nil {
				t.Fatal("it was read")
			}
			for _, part := range want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error is %q, want it to contain %q", err, part)
				}
			}
		})
	}
}

func TestConvertDropsWhatIsUnknown(t *testing.T) {
	t.Parallel()
	got, err := weplanx.Convert(values(t)["bad/unknown"], weplanx.Options{DropUnknown: true})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{`"owner": is not known and was left out`, `jobs[0]."timeout": is not known and was left out`, `jobs[0].option."retry": is not known and was left out`}
	if len(got.Jobs) != 1 || !slices.Equal(got.Notes, want) {
		t.Errorf("got %+v", got)
	}
}

// The zone of the old nodes is that of specs which have no other and need one.
func TestConvertSetsTheZone(t *testing.T) {
	t.Parallel()
	all := values(t)
	for name, want := range map[string][]string{
		"v1.2/two": {"Asia/Tokyo", ""}, "v1.2/documents": {""}, "v1.6/dogs": {"Asia/Tokyo"}, "v1.6/maps": {"Asia/Tokyo"},
	} {
		got, err := weplanx.Convert(all[name], weplanx.Options{Timezone: "Asia/Tokyo"})
		if err != nil {
			t.Fatal(err)
		}
		for i, zone := range want {
			if got.Jobs[i].Timezone != zone {
				t.Errorf("%s: job %d has zone %q, want %q", name, i, got.Jobs[i].Timezone, zone)
			}
		}
	}
}

func TestCurrent(t *testing.T) {
	t.Parallel()
	if !weplanx.Current([]byte(`{"v":1,"jobs":[]}`)) || weplanx.Current([]byte(`{"v":2}`)) || weplanx.Current(values(t)["v1.6/dogs"]) {
		t.Error("what is of today's contract is not told apart")
	}
}

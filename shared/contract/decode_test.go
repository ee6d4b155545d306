package contract_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/weplanx/workflow/shared/contract"
)

func TestDecodeMalformed(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, data, want string }{
		{"empty", "", "not a JSON object"},
		{"blank", " \n", "not a JSON object"},
		{"null", "null", "not a JSON object"},
		{"array", "[]", "not a JSON object"},
		{"string", `"x"`, "not a JSON object"},
		{"number", "1", "not a JSON object"},
		{"truncated", `{"v":1,"jobs":[`, "not JSON"},
		{"trailing", `{"v":1} x`, "not JSON"},
		{"not UTF-8", "{\"v\":1,\"x\":\"\xff\"}", "not UTF-8"},
		{"no version", `{"jobs":[]}`, `field "v" is missing, want 1`},
		{"version null", `{"v":null}`, `field "v" is missing, want 1`},
		{"version 0", `{"v":0}`, `field "v" is 0, want 1`},
		{"version -1", `{"v":-1}`, `field "v" is -1, want 1`},
		{"version as text", `{"v":"1"}`, `field "v" must not be a JSON string`},
		{"version 1.5", `{"v":1.5}`, `field "v" must not be a JSON number`},
		{"jobs as text", `{"v":1,"jobs":"x"}`, `field "jobs" must not be a JSON string`},
		{"spec as number", `{"v":1,"jobs":[{"spec":5}]}`, `must not be a JSON number`},
		{"timeout as number", `{"v":1,"jobs":[{"timeout":5}]}`, `must not be a JSON number`},
		{"timeout in days", `{"v":1,"jobs":[{"timeout":"1d"}]}`, `duration "1d": want a form such as "10s" or "1m30s"`},
		{"anchor not a time", `{"v":1,"anchor":"yesterday"}`, "malformed"},
		{"long timeout", `{"v":1,"jobs":[{"timeout":"` + strings.Repeat("x", 5000) + `"}]}`, "duration"},
		{"long anchor", `{"v":1,"anchor":"` + strings.Repeat("x", 5000) + `"}`, "malformed"},
		{"long number", `{"v":1,"paused":1` + strings.Repeat("0", 5000) + `}`, "malformed"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := contract.Decode[contract.Schedule]([]byte(c.data))
			if !errors.Is(err, contract.ErrMalformed) {
				t.Fatalf("error is %v, want ErrMalformed", err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %q, want %q in it", err, c.want)
			}
			if len(err.Error()) > 400 {
				t.Errorf("error has %d bytes", len(err.Error()))
			}
		})
	}
}

// What begins like a message of ours is read in one pass, and yet refused when
// it turns out to be of another version.
func TestDecodeLooksAtTheLastVersion(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]error{
		`{"v":1,"jobs":[]}`:                    nil,
		`{"v":1,"jobs":[],"v":2}`:              contract.ErrNewer,
		`{"v":1,"jobs":[],"V":0}`:              contract.ErrMalformed,
		`{"v":1,"jobs":"later","v":2}`:         contract.ErrNewer,
		"{\"v\":1,\"jobs\":[],\"x\":\"\xff\"}": contract.ErrMalformed,
	} {
		if _, err := contract.Decode[contract.Schedule]([]byte(data)); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", data, err, want)
		}
	}
}

func TestDecodeEvent(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, data, want string }{
		{"empty", "", "not a JSON object"},
		{"no mode", `{"option":{}}`, `mode: is missing, want "HTTP" or "NATS"`},
		{"mode as number", `{"mode":1}`, `field "mode" must not be a JSON number`},
		{"not UTF-8", "{\"mode\":\"\xff\"}", "not UTF-8"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := contract.DecodeEvent([]byte(c.data))
			if !errors.Is(err, contract.ErrMalformed) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want ErrMalformed with %q", err, c.want)
			}
		})
	}
}

func TestDecodeCompleted(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		"":                                  "",
		" \n":                               "",
		"{}":                                "",
		`{"outcome":"success"}`:             contract.OutcomeSuccess,
		`{"outcome":"failed","error":"no"}`: contract.OutcomeFailed,
		`{"error":"no disk"}`:               contract.OutcomeFailed,
	} {
		if got, err := contract.DecodeCompleted([]byte(data)); err != nil || got.Outcome != want {
			t.Errorf("%q: got %+v, %v", data, got, err)
		}
	}
	for _, data := range []string{"null", "[]", "done", "\xff", `{"outcome":1}`, `{"outcome":"dead"}`, `{"outcome":"Success"}`, `{"ok":false}`, `{"outcome":"success","extra":1}`} {
		if got, err := contract.DecodeCompleted([]byte(data)); err == nil {
			t.Errorf("%q: got %+v, want an error", data, got)
		}
	}
}

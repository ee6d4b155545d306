package client_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/shared/spec/spectest"
)

var garbage = map[string]struct{ value, reason string }{
	"empty":         {"", "not a JSON object"},
	"bytes":         {"\x00\xff\xfe", "not UTF-8"},
	"not JSON":      {"{", "not JSON"},
	"null":          {"null", "not a JSON object"},
	"no version":    {`{"jobs":[]}`, `"v" is missing`},
	"newer":         {`{"v":99,"jobs":[]}`, "newer"},
	"no jobs":       {`{"v":1}`, "jobs: "},
	"type":          {`{"v":1,"jobs":7}`, `"jobs"`},
	"spec":          {`{"v":1,"jobs":[{"mode":"HTTP","spec":"TZ=0 * * * * *","option":{"url":"http://a"}}]}`, "jobs[0].spec"},
	"option":        {`{"v":1,"jobs":[{"mode":"HTTP","spec":"@hourly","option":[]}]}`, "jobs[0].option"},
	"unknown mode":  {`{"v":1,"jobs":[{"mode":"GRPC","spec":"@hourly","option":{}}]}`, "jobs[0].mode"},
	"too many gaps": {`{"v":1,"jobs":[{"mode":"HTTP","spec":"@hourly","option":{"url":"http://a"}}],"gaps":[` + strings.TrimSuffix(strings.Repeat(`{},`, 33), ",") + `]}`, "gaps: "},
}

// One bad entry hinders nobody else, is named, and can be repaired or removed.
func TestBadEntries(t *testing.T) {
	t.Parallel()
	for name, c := range garbage {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			noError(t, b.Set("good", job("@hourly")))
			stored := b.put(t, "bad", []byte(c.value))
			_, err := b.Get("bad")
			var bad *client.BadEntryError
			if !errors.Is(err, client.ErrBadEntry) || !errors.As(err, &bad) || bad.Key != "bad" || bad.Revision != stored {
				t.Fatalf("error is %v, want ErrBadEntry of revision %d", err, stored)
			}
			if !strings.Contains(err.Error(), c.reason) || errors.Is(err, client.ErrNotFound) {
				t.Errorf("error is %q, want one with %q", err, c.reason)
			}
			if err := b.Pause("bad"); !errors.Is(err, client.ErrBadEntry) {
				t.Errorf("pause: %v, want ErrBadEntry", err)
			}
			if keys, err := b.List(); err != nil || strings.Join(keys, " ") != "bad good" {
				t.Errorf("keys are %q, %v", keys, err)
			}
			entries, err := b.Entries(limited(t))
			noError(t, err)
			if len(entries) != 2 || !errors.Is(entries[0].Bad, client.ErrBadEntry) || entries[1].Bad != nil || entries[1].Jobs[0].State.Next.IsZero() {
				t.Errorf("entries are %+v", entries)
			}
			noError(t, b.Set("bad", job("@hourly")))
			if _, err := b.Get("bad"); err != nil {
				t.Errorf("after repair: %v", err)
			}
			b.put(t, "bad", []byte(c.value))
			noError(t, b.Remove("bad"))
		})
	}
}

func TestMalformedSpecsInTheBucket(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i, c := range spectest.Malformed {
		value := []byte(`{"v":1,"jobs":[{"mode":"HTTP","spec":` + quoted(c.Spec) + `,"timezone":` + quoted(c.Timezone) + `,"option":{"url":"http://a"}}]}`)
		key := "bad-" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		b.put(t, key, value)
		if _, err := b.Get(key); !errors.Is(err, client.ErrBadEntry) {
			t.Errorf("%s: error is %v, want ErrBadEntry", c.Name, err)
		}
	}
}

// quoted writes a JSON string without mending what is not UTF-8.
func quoted(s string) string {
	var w strings.Builder
	w.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			w.WriteString(`\` + string(c))
		case c < ' ':
			w.WriteString(`\u00` + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15]))
		default:
			w.WriteByte(c)
		}
	}
	w.WriteByte('"')
	return w.String()
}

// Keys that cannot be set, but are in the bucket, can be seen and removed.
func TestStrayKeys(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"*", ">", "good.>", "é", strings.Repeat("k", 200)} {
		t.Run(key[:1], func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			noError(t, b.Set("good", job("@hourly")))
			noError(t, b.Set("good.too", job("@hourly")))
			if err := b.Remove(key); !errors.Is(err, client.ErrInvalid) {
				t.Errorf("remove what is not there: %v, want ErrInvalid", err)
			}
			b.put(t, key, []byte("garbage"))
			if _, err := b.Get(key); !errors.Is(err, client.ErrBadEntry) {
				t.Errorf("get: %v, want ErrBadEntry", err)
			}
			if err := b.Set(key, job("@hourly")); !errors.Is(err, client.ErrInvalid) {
				t.Errorf("set: %v, want ErrInvalid", err)
			}
			noError(t, b.Remove(key))
			if keys, err := b.List(); err != nil || strings.Join(keys, " ") != "good good.too" {
				t.Errorf("keys are %q, %v", keys, err)
			}
		})
	}
}

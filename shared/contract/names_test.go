package contract_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// The values come from sha256(namespace 00 key 00 index nanoseconds), computed
// elsewhere. A change of any of them would run occurrences twice.
func TestOccurrenceIDIsPinned(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	cases := []struct {
		namespace, key string
		index          int
		at             time.Time
		want           string
	}{
		{"beta", "test", 0, at, "0021a17cb6e3bd59e45c62f67be68af8"},
		{"beta", "test", 0, at.Add(1), "9899266120cb9da388309a304657adc6"},
		{"beta", "test", 1, at, "9377661e222e2f6f497e78bb5cc6f4b5"},
		{"a", "b.c", 7, at.Add(123456789), "a445121783c736d95bd601697cc9bdb2"},
		{"n", "k", 0, time.Unix(0, -1), "32e8b2f8b1d0326168e69dff4df16f8d"},
	}
	for _, c := range cases {
		if got := contract.OccurrenceID(c.namespace, c.key, c.index, c.at); got != c.want {
			t.Errorf("OccurrenceID(%q, %q, %d, %s) is %s, want %s", c.namespace, c.key, c.index, c.at, got, c.want)
		}
		zone := c.at.In(time.FixedZone("", 3600))
		if got := contract.OccurrenceID(c.namespace, c.key, c.index, zone); got != c.want {
			t.Errorf("in another zone the ID is %s, want %s", got, c.want)
		}
	}
}

func TestOccurrenceIDKeepsItsPartsApart(t *testing.T) {
	t.Parallel()
	at := time.Unix(0, 0)
	seen := map[string]string{}
	for _, parts := range [][2]string{{"a", "bc"}, {"ab", "c"}, {"abc", ""}, {"", "abc"}} {
		id := contract.OccurrenceID(parts[0], parts[1], 0, at)
		if !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id) {
			t.Errorf("ID %q is not 32 hexadecimal digits", id)
		}
		if other, ok := seen[id]; ok {
			t.Errorf("%q and %q share an ID", parts, other)
		}
		seen[id] = fmt.Sprint(parts)
	}
}

// The values come from FNV-1a (64 bits), computed elsewhere. A change would
// move keys to other partitions, under cursors that never saw them.
func TestPartitionIsPinned(t *testing.T) {
	t.Parallel()
	counts := [4]int{1, 4, 16, 64}
	for key, want := range map[string][4]int{
		"test":                   {0, 1, 5, 37},
		"a":                      {0, 0, 12, 12},
		"orders/2026.daily":      {0, 0, 0, 48},
		"":                       {0, 1, 5, 37},
		strings.Repeat("x", 128): {0, 1, 5, 37},
	} {
		for i, count := range counts {
			if got := contract.Partition(key, count); got != want[i] {
				t.Errorf("Partition(%q, %d) is %d, want %d", key, count, got, want[i])
			}
		}
	}
}

func TestPartitionsAreEven(t *testing.T) {
	t.Parallel()
	for _, form := range []string{"%d", "job-%d", "orders/%05d.daily", "%08x", "tenant-%d/report"} {
		for _, count := range []int{2, 7, 16, 64} {
			sizes := make([]int, count)
			const keys = 20_000
			for i := range keys {
				sizes[contract.Partition(fmt.Sprintf(form, i), count)]++
			}
			for p, size := range sizes {
				if fair := keys / count; size < fair*6/10 || size > fair*14/10 {
					t.Errorf("%q: partition %d of %d has %d keys, fair were %d", form, p, count, size, fair)
				}
			}
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	n := contract.Names("beta")
	for _, c := range []struct{ got, want string }{
		{n.Bucket(), "beta_schedules"},
		{n.BucketStream(), "KV_beta_schedules"},
		{n.BucketSubject("a/b.c"), "$KV.beta_schedules.a/b.c"},
		{n.TriggerStream(), "beta_triggers"},
		{n.Triggers(), "beta.triggers.>"},
		{n.Trigger("HTTP", "a.b"), "beta.triggers.HTTP.a.b"},
		{n.Cursors(), "beta.cursors.*"},
		{n.Cursor(3), "beta.cursors.3"},
		{n.ResultStream(), "beta_results"},
		{n.Results(), "beta.results.>"},
		{n.Result("a.b"), "beta.results.a.b"},
		{n.Events(), "beta.events.>"},
		{n.Event("a.b"), "beta.events.a.b"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if key, ok := n.EventKey("beta.events.a.b"); !ok || key != "a.b" {
		t.Errorf("EventKey is %q, %t", key, ok)
	}
	if _, ok := n.EventKey("gamma.events.a"); ok {
		t.Error("EventKey takes another namespace's subject")
	}
}

func TestAnchorOr(t *testing.T) {
	t.Parallel()
	at := time.Unix(1000, 0)
	if got := (&contract.Schedule{}).AnchorOr(at); !got.Equal(at) {
		t.Errorf("without an anchor: %s", got)
	}
	if got := (&contract.Schedule{Anchor: at}).AnchorOr(at.Add(time.Hour)); !got.Equal(at) {
		t.Errorf("with an anchor: %s", got)
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	d := contract.Duration(90 * time.Second)
	text, err := d.MarshalText()
	if err != nil || string(text) != "1m30s" || d.String() != "1m30s" {
		t.Errorf("written as %q, %q, %v", text, d, err)
	}
	var back contract.Duration
	if err := back.UnmarshalText(text); err != nil || back != d {
		t.Errorf("read as %s, %v", back, err)
	}
	if err := back.UnmarshalText([]byte("90")); err == nil {
		t.Error("a duration without a unit was read")
	}
}

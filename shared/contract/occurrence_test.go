package contract_test

import (
	"strings"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// An ID of a run by hand is none of a planned occurrence, depends on all of its
// parts and goes where IDs go.
func TestManualID(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, id := range map[string]string{
		"one":             contract.ManualID("beta", "test", 0, "r"),
		"other request":   contract.ManualID("beta", "test", 0, "s"),
		"other index":     contract.ManualID("beta", "test", 1, "r"),
		"other key":       contract.ManualID("beta", "tes", 0, "r"),
		"other namespace": contract.ManualID("bet", "atest", 0, "r"),
		"no request":      contract.ManualID("beta", "test", 0, ""),
	} {
		if before, ok := seen[id]; ok {
			t.Errorf("%s has the ID of %s", name, before)
		}
		seen[id] = name
		if len(id) != 36 || !strings.HasPrefix(id, contract.ManualPrefix) || strings.Trim(id[4:], "0123456789abcdef") != "" {
			t.Errorf("%s: ID is %q", name, id)
		}
	}
	if got, want := contract.ManualID("beta", "test", 0, "r"), "run-bbce26f825013008a9e702ce59853bf9"; got != want {
		t.Errorf("ID is %q, want %q, as it was before", got, want)
	}
	if planned := contract.OccurrenceID("beta", "test", 0, nominal); strings.Contains(planned, "-") {
		t.Errorf("the planned ID %q could be one of a run by hand", planned)
	}
}

func TestAgainID(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 62)
	for _, c := range []struct{ name, origin, id, want string }{
		{"first", "5f", "5f", "5f-1"},
		{"second", "5f", "5f-1", "5f-2"},
		{"tenth", "5f", "5f-9", "5f-10"},
		{"of a run by hand", "run-5f", "run-5f", "run-5f-1"},
		{"again of a run by hand", "run-5f", "run-5f-1", "run-5f-2"},
		{"an ID that is none of ours", "5f", "5f-x", "5f-1"},
		{"an ID that belongs elsewhere", "5f", "60-7", "5f-1"},
		{"negative", "5f", "5f--3", "5f-1"},
		{"too large for a number", "5f", "5f-99999999999999999999", "5f-1"},
		{"longest", long, long, long + "-1"},
		{"too long", long + "x", long + "x", ""},
		{"becomes too long", long, long + "-9", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := contract.AgainID(c.origin, c.id); got != c.want {
				t.Errorf("ID is %q, want %q", got, c.want)
			}
		})
	}
}

func TestByHand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		id, origin string
		want       bool
	}{
		{"planned", contract.OccurrenceID("beta", "test", 0, nominal), "", false},
		{"run by hand", contract.ManualID("beta", "test", 0, "r"), "", true},
		{"sent again", "5f-1", "5f", true},
		{"sent again, without its origin", "5f-1", "", true},
	} {
		r := contract.Result{ID: c.id, Origin: c.origin}
		if got := r.ByHand(); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestDeadFilter(t *testing.T) {
	t.Parallel()
	letter := contract.Dead{Outcome: contract.OutcomeDead, ErrorClass: contract.ErrorTimeout}
	for _, c := range []struct {
		name   string
		filter contract.DeadFilter
		want   bool
	}{
		{"all", contract.DeadFilter{}, true},
		{"since then", contract.DeadFilter{Since: stored}, true},
		{"since later", contract.DeadFilter{Since: stored.Add(1)}, false},
		{"until then", contract.DeadFilter{Until: stored}, true},
		{"until earlier", contract.DeadFilter{Until: stored.Add(-1)}, false},
		{"between", contract.DeadFilter{Since: stored.Add(-time.Hour), Until: stored.Add(time.Hour)}, true},
		{"outcome", contract.DeadFilter{Outcome: contract.OutcomeDead}, true},
		{"other outcome", contract.DeadFilter{Outcome: contract.OutcomeExpired}, false},
		{"class", contract.DeadFilter{ErrorClass: contract.ErrorTimeout}, true},
		{"other class", contract.DeadFilter{ErrorClass: contract.ErrorStatus}, false},
	} {
		if got := c.filter.Match(&letter, stored); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

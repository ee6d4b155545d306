package cli

import (
	"bytes"
	"testing"
	"time"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
)

func TestOrigin(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]common.Result{
		"-":       {ID: "5f"},
		"by hand": {ID: "run-5f"},
		"again":   {ID: "run-5f-1", Origin: "run-5f"},
		"event":   {ID: "event-5f"},
	} {
		if got := origin(r); got != want {
			t.Errorf("origin of %q is %q, want %q", r.ID, got, want)
		}
	}
}

func TestShowAudit(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	clean := client.Audit{
		Key: "k", Since: at.Add(-time.Hour), Until: at, Demanded: 3600, Run: 3596, Missed: 2, Open: 1, Pending: 1,
		Outcomes: map[string]int64{"skipped": 9, "dead": 1, "success": 3586},
		Reasons:  map[string]int64{"late": 1, "changed": 1}, Differences: []client.Difference{},
	}
	different := clean
	different.Limits, different.Missed, different.Total = []string{"older records are not kept: the audit begins at …"}, 0, 3
	different.Differences = []client.Difference{
		{Kind: client.DiffMissing, Index: 1, Scheduled: at.Add(-1500 * time.Millisecond), Due: at, Revision: 7, Detail: "lost"},
		{Kind: client.DiffUnexpected, Scheduled: at, Detail: "odd"},
	}
	cases := map[string]struct {
		audit client.Audit
		want  string
		err   string
	}{
		"none": {clean, `audited 3600 occurrences of "k" from 2026-03-02T09:00:00Z to 2026-03-02T10:00:00Z: 3596 ended: 3586 success, 1 dead, 9 skipped; 2 missed (1 changed, 1 late); 1 open; 1 pending; 0 differences
`, ""},
		"some": {different, `SCHEDULED               JOB  DUE                   REVISION  DIFFERENCE  DETAIL
2026-03-02T09:59:58.5Z  1    2026-03-02T10:00:00Z  7         missing     lost
2026-03-02T10:00:00Z    0    -                     -         unexpected  odd
and 1 more

older records are not kept: the audit begins at …
audited 3600 occurrences of "k" from 2026-03-02T09:00:00Z to 2026-03-02T10:00:00Z: 3596 ended: 3586 success, 1 dead, 9 skipped; 1 open; 1 pending; 3 differences
`, "3 differences"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			s := &session{App: &App{Out: &out, Location: time.UTC}, output: outputTable}
			if err := s.showAudit(&c.audit); err == nil && c.err != "" || err != nil && err.Error() != c.err {
				t.Errorf("error is %v, want %q", err, c.err)
			}
			if out.String() != c.want {
				t.Errorf("output is\n%s\nwant\n%s", &out, c.want)
			}
		})
	}
}

package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/weplanx/workflow/schedule/internal/weplanx"
)

// importError says how many schedules were not taken over; which and why is in
// the output.
type importError struct{ failed, all int }

func (e *importError) Error() string {
	return fmt.Sprintf("%d of %d schedules cannot be imported: see their reasons above", e.failed, e.all)
}

// showImport writes what came of each schedule, and counts.
func (s *session) showImport(namespace string, from weplanx.Bucket, dry bool, all []importedSchedule) error {
	counts := map[string]int{imported: 0, unchanged: 0, failed: 0}
	for i := range all {
		counts[all[i].Result]++
	}
	var err error
	if s.output == outputJSON {
		err = s.document(map[string]any{
			"namespace": namespace, "from": map[string]string{"bucket": from.Name, "type": string(from.Kind)},
			"dry_run": dry, "schedules": all, "counts": counts,
		})
	} else {
		err = s.showImportTable(from, dry, all, counts)
	}
	if err == nil && counts[failed] > 0 {
		return &importError{counts[failed], len(all)}
	}
	return err
}

func (s *session) showImportTable(from weplanx.Bucket, dry bool, all []importedSchedule, counts map[string]int) error {
	would := imported
	if dry {
		would = "would be imported"
	}
	rows := [][]string{{"KEY", "RESULT", "JOBS", "NOTES"}}
	for i := range all {
		r := &all[i]
		result, jobs, notes := r.Result, strconv.Itoa(r.Jobs), r.Notes
		if result == imported {
			result = would
		}
		if r.Jobs == 0 {
			jobs = "-"
		}
		if r.Paused {
			notes = append([]string{"paused"}, notes...)
		}
		if r.Reason != "" {
			notes = []string{r.Reason}
		}
		if len(notes) == 0 {
			notes = []string{"-"}
		}
		rows = append(rows, []string{r.Key, result, jobs, strings.Join(notes, "; ")})
	}
	if err := s.table(rows); err != nil {
		return err
	}
	_, err := fmt.Fprintf(s.Out, "\n%s bucket %s: %s %d, %s %d, %s %d\n",
		from.Kind, from.Name, would, counts[imported], unchanged, counts[unchanged], failed, counts[failed])
	return err
}

package porttest

import (
	"bytes"
	"testing"

	"github.com/weplanx/workflow/shared/contract"
	"github.com/weplanx/workflow/worker/internal/core"
)

// DeadLetters are fresh ones under test.
type DeadLetters struct {
	core.DeadLetters
	// Kept returns what they hold, oldest first.
	Kept func(t *testing.T) []contract.Dead
}

// RunDeadLetters runs the suite of core.DeadLetters.
func RunDeadLetters(t *testing.T, fresh func(t *testing.T) DeadLetters) {
	t.Helper()
	for name, run := range map[string]func(*testing.T, DeadLetters){
		"keeps letters":              keepsLetters,
		"drops a letter that it has": dropsLetters,
		"keeps the largest letter":   keepsLargest,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, fresh(t))
		})
	}
}

func (d DeadLetters) put(t *testing.T, letters ...contract.Dead) {
	t.Helper()
	for _, letter := range letters {
		if err := d.Put(t.Context(), letter); err != nil {
			t.Fatal(err)
		}
	}
}

func keepsLetters(t *testing.T, d DeadLetters) {
	trigger := &contract.Trigger{ID: "1", Key: "a.b/c", Mode: contract.ModeHTTP}
	d.put(t, contract.Dead{ID: "1", Key: "a.b/c", Outcome: contract.OutcomeDead, Trigger: trigger})
	d.put(t, contract.Dead{ID: "2", Key: core.InvalidKey, Data: []byte{0xff, 0}})
	got := d.Kept(t)
	if len(got) != 2 || got[0].Key != "a.b/c" || got[0].Trigger == nil || got[0].Trigger.ID != "1" ||
		got[1].ID != "2" || !bytes.Equal(got[1].Data, []byte{0xff, 0}) {
		t.Errorf("got %+v", got)
	}
}

func dropsLetters(t *testing.T, d DeadLetters) {
	for range 2 {
		d.put(t, contract.Dead{ID: "1", Key: "k"}, contract.Dead{ID: "2", Key: "k"})
	}
	if got := d.Kept(t); len(got) != 2 {
		t.Errorf("got %d letters, want 2", len(got))
	}
}

func keepsLargest(t *testing.T, d DeadLetters) {
	d.put(t, contract.Dead{ID: "1", Key: "k", Data: bytes.Repeat([]byte{0xff}, contract.MaxDeadData)})
	if got := d.Kept(t); len(got) != 1 || len(got[0].Data) != contract.MaxDeadData {
		t.Errorf("got %d letters", len(got))
	}
}

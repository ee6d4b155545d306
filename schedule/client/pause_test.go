package client_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/shared/contract"
)

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	b := setup(t)
	noError(t, b.Set("a", job("@every 1h")))
	set, err := b.Entry("a")
	noError(t, err)

	noError(t, b.Pause("a"))
	paused, err := b.Entry("a")
	noError(t, err)
	if !paused.Paused || !paused.Jobs[0].State.Next.IsZero() {
		t.Errorf("paused entry is %+v", paused)
	}
	if raw := b.raw(t); !raw.Anchor.Equal(set.Stored) || len(raw.Gaps) != 0 {
		t.Errorf("paused value is %+v, want anchor %s and no gaps", raw, set.Stored)
	}
	noError(t, b.Pause("a"))
	if got := revision(t, b); got != paused.Revision {
		t.Errorf("pausing again made revision %d", got)
	}

	noError(t, b.Resume("a"))
	resumed, err := b.Entry("a")
	noError(t, err)
	raw := b.raw(t)
	if resumed.Paused || !raw.Anchor.Equal(set.Stored) || len(raw.Gaps) != 1 {
		t.Fatalf("resumed value is %+v", raw)
	}
	if gap := raw.Gaps[0]; !gap.From.Equal(paused.Stored) || !gap.To.IsZero() {
		t.Errorf("gap is %+v, want from %s to its own revision", gap, paused.Stored)
	}
	if next := resumed.Jobs[0].State.Next; !next.Equal(set.Jobs[0].State.Next) {
		t.Errorf("next is %s, want %s as before the pause", next, set.Jobs[0].State.Next)
	}
	noError(t, b.Resume("a"))
	if got := revision(t, b); got != resumed.Revision {
		t.Errorf("resuming again made revision %d", got)
	}

	noError(t, b.Pause("a"))
	if gap := b.raw(t).Gaps[0]; !gap.To.Equal(resumed.Stored) {
		t.Errorf("gap is %+v, want it closed at %s", gap, resumed.Stored)
	}
}

func TestGapsAreLimited(t *testing.T) {
	t.Parallel()
	b := setup(t)
	noError(t, b.Set("a", job("@every 1h")))
	for range contract.MaxGaps + 3 {
		noError(t, b.Pause("a"))
		noError(t, b.Resume("a"))
	}
	raw := b.raw(t)
	if len(raw.Gaps) != contract.MaxGaps {
		t.Errorf("%d gaps, want %d", len(raw.Gaps), contract.MaxGaps)
	}
	for i, gap := range raw.Gaps {
		if last := i == len(raw.Gaps)-1; gap.To.IsZero() != last {
			t.Errorf("gap %d is %+v", i, gap)
		}
	}
}

// Set keeps the pause and makes the jobs start anew.
func TestSetOnPaused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	noError(t, b.Set("a", job("@every 1h")))
	noError(t, b.Pause("a"))
	noError(t, b.Resume("a"))
	noError(t, b.Pause("a"))
	before := revision(t, b)
	noError(t, b.Set("a", job("@every 1h")))
	if got := revision(t, b); got != before {
		t.Errorf("setting the same made revision %d", got)
	}
	noError(t, b.Set("a", job("@every 2h")))
	if raw := b.raw(t); !raw.Paused || !raw.Anchor.IsZero() || len(raw.Gaps) != 0 {
		t.Errorf("value is %+v, want it paused, without anchor and gaps", raw)
	}
}

// What a newer version stored beside the fields we know survives a pause.
func TestPauseKeepsUnknownFields(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.put(t, "a", []byte(`{"v":1,"Paused":false,"later":{"x":[1]},"jobs":[{"mode":"HTTP","spec":"@hourly","option":{"url":"http://a","later":1},"later":"y"}]}`))
	noError(t, b.Pause("a"))
	if !b.raw(t).Paused {
		t.Error("not paused")
	}
	noError(t, b.Resume("a"))
	if b.raw(t).Paused {
		t.Error("still paused")
	}
	msg, err := b.js.GetLastMsg(b.names.BucketStream(), b.names.BucketSubject("a"))
	noError(t, err)
	var value struct {
		Later map[string][]int
		Jobs  []struct {
			Later  string
			Option struct{ Later int }
		}
	}
	noError(t, json.Unmarshal(msg.Data, &value))
	if value.Later["x"][0] != 1 || value.Jobs[0].Later != "y" || value.Jobs[0].Option.Later != 1 {
		t.Errorf("value is %s", msg.Data)
	}
}

// A schedule that is stored paused was never anything else.
func TestSetRevisionPaused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first, err := b.SetRevisionPaused(t.Context(), "a", 0, job("@every 1h"))
	noError(t, err)
	e, err := b.Entry("a")
	noError(t, err)
	if raw := b.raw(t); !e.Paused || e.Revision != first || !e.Jobs[0].State.Next.IsZero() || len(raw.Gaps) != 0 {
		t.Errorf("entry is %+v, value %+v", e, raw)
	}
	if same, err := b.SetRevisionPaused(t.Context(), "a", first, job("@every 1h")); err != nil || same != first {
		t.Errorf("the same again is revision %d, %v; want %d", same, err, first)
	}
	if _, err := b.SetRevisionPaused(t.Context(), "a", 0, job("@every 1h")); !errors.Is(err, client.ErrExists) {
		t.Errorf("error is %v, want ErrExists", err)
	}

	noError(t, b.Resume("a"))
	anchor := b.raw(t).Anchor
	again, err := b.SetRevisionPaused(t.Context(), "a", revision(t, b), job("@every 1h"))
	noError(t, err)
	if raw := b.raw(t); !raw.Paused || !raw.Anchor.Equal(anchor) || again == first {
		t.Errorf("value is %+v, want it paused and its anchor kept", raw)
	}
	noError(t, b.Resume("a"))
	_, err = b.SetRevisionPaused(t.Context(), "a", revision(t, b), job("@every 2h"))
	noError(t, err)
	if raw := b.raw(t); !raw.Paused || raw.Jobs[0].Spec != "@every 2h" {
		t.Errorf("value is %+v, want the other jobs, paused", raw)
	}
}

package fleet_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/weplanx/workflow/e2e/internal/fleet"
)

func TestDeckDealsEachCardOnceARound(t *testing.T) {
	t.Parallel()
	cards := slices.Concat(fleet.Times(2, "a"), fleet.Times(1, "b"))
	deal := func(seed uint64, n int) (dealt []string) {
		for d := fleet.NewDeck(rand.New(rand.NewPCG(seed, 0)), cards, "c", "d"); len(dealt) < n; {
			dealt = append(dealt, d.Deal())
		}
		return dealt
	}
	orders := map[string]bool{}
	for seed := range uint64(20) {
		dealt := deal(seed, 8)
		if !slices.Equal(dealt[:2], []string{"c", "d"}) {
			t.Fatalf("dealt %q, want c and d first", dealt)
		}
		orders[strings.Join(dealt[2:], "")] = true
		for _, round := range [][]string{dealt[2:5], dealt[5:8]} {
			if got := slices.Sorted(slices.Values(round)); !slices.Equal(got, []string{"a", "a", "b"}) {
				t.Errorf("a round of %q, want the whole deck", round)
			}
		}
	}
	if len(orders) < 2 {
		t.Error("every seed gives the same order")
	}
	if again := deal(7, 8); !slices.Equal(again, deal(7, 8)) {
		t.Error("a seed gives two orders")
	}
}

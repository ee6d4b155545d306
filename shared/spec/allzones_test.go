package spec

import (
	_ "embed"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weplanx/workflow/shared/contract"
)

// The reduced form of TestAllZones compares the zones below and a few others,
// chosen anew each time. The full form compares all, and takes minutes:
//
//	go test ./spec -run TestAllZones -v -timeout 60m -allzones
var (
	allZones  = flag.Bool("allzones", false, "compare all zones and all moves of their clocks with the oracle")
	zonesSeed = flag.Uint64("zonesseed", 0, "repeat what TestAllZones chose with this seed")
)

// zoneNames are the IANA zones, links included, one a line: what Go's
// lib/time/zoneinfo.zip lists, but Factory.
//
//go:embed testdata/zones.txt
var zoneNames string

// trickyZones have moves of half an hour, of a day, at midnight, in winter,
// twice within weeks, without daylight saving time, or none.
var trickyZones = []string{
	"UTC", "Europe/Berlin", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia",
	"Africa/Casablanca", "America/Santiago", "Antarctica/Troll", "Europe/Dublin", "Asia/Gaza", "America/Caracas",
	"America/Scoresbysund", "Antarctica/Casey", "Asia/Pyongyang", "America/Havana",
}

// policies are all there are; the empty one is the spec's own.
var policies = []contract.DST{
	{},
	{Gap: contract.GapAfter, Fold: contract.FoldFirst},
	{Gap: contract.GapAfter, Fold: contract.FoldBoth},
	{Gap: contract.GapSkip, Fold: contract.FoldFirst},
	{Gap: contract.GapSkip, Fold: contract.FoldBoth},
}

// zoneRun is one zone's comparison.
type zoneRun struct {
	t     *testing.T
	name  string
	clock *zoneClock
	rand  *rand.Rand
	sum   *zoneSum
}

// zoneSum counts what was compared.
type zoneSum struct{ zones, moves, specs, times atomic.Int64 }

func TestAllZones(t *testing.T) {
	t.Parallel()
	names := strings.Fields(zoneNames)
	if len(names) < 590 {
		t.Fatalf("the list has %d zones", len(names))
	}
	seed := *zonesSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-zonesseed %d", seed)
	chosen := names
	if !*allZones {
		chosen = slices.Clone(trickyZones)
		for _, i := range rand.New(rand.NewPCG(seed, 0)).Perm(len(names))[:24] {
			chosen = append(chosen, names[i])
		}
	}
	var sum zoneSum
	t.Cleanup(func() {
		t.Logf("%d zones, %d moves of the clock, %d specs under a policy, %d times",
			sum.zones.Load(), sum.moves.Load(), sum.specs.Load(), sum.times.Load())
	})
	for i, name := range chosen {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loc := loadZone(name)
			if loc == nil {
				t.Fatal("is no zone")
			}
			z := &zoneRun{t, name, newZoneClock(t, loc), rand.New(rand.NewPCG(seed, uint64(i+1))), &sum}
			z.run()
		})
	}
}

func (z *zoneRun) run() {
	z.sum.zones.Add(1)
	moves, elsewhere := z.clock.moves[1:], 200
	if !*allZones {
		moves, elsewhere = slices.Clone(moves), 20
		z.rand.Shuffle(len(moves), func(i, j int) { moves[i], moves[j] = moves[j], moves[i] })
		moves = moves[:min(len(moves), 12)]
	}
	for _, m := range moves {
		z.sum.moves.Add(1)
		for _, text := range append(z.around(m), z.random(), z.random(), z.random()) {
			z.compare(text, m.at-26*3600, m.at+26*3600, policies)
		}
	}
	for range elsewhere {
		begin := zonesFrom + z.rand.Int64N(zonesTo-zonesFrom)/60*60
		z.compare(z.random(), begin, begin+5*day, policies[:1])
	}
}

// around writes specs that touch a move of the clock: fixed times before it, in
// the gap or fold and after it, some of that date only, and wildcards.
func (z *zoneRun) around(m move) []string {
	before := m.at + z.clock.offset(m.at-60)
	low, high := min(before, m.at+m.offset), max(before, m.at+m.offset)
	middle := low + (high-low)/120*60
	month, date := civil(middle / day)
	h, minute := middle%day/3600, middle%3600/60
	texts := []string{
		"0 0 * * *", "59 23 * * *", "*/15 * * * *", "0 * * * *",
		fmt.Sprintf("%d %d %d %d *", minute, h, date, month),
		fmt.Sprintf("%d %d * * %d", minute, h, weekday(middle/day)),
		fmt.Sprintf("%d * * * *", minute),
		fmt.Sprintf("%d */2 * * *", minute),
		fmt.Sprintf("*/20 %d * * *", h),
		fmt.Sprintf("? %d * * ?", h),
		fmt.Sprintf("0-59/13 %d-23 * * *", h),
		fmt.Sprintf("0,%d 0-%d/2,%d * * *", minute, h, h),
		fmt.Sprintf("7,30/20 %d %d * * *", minute, h),
		fmt.Sprintf("*/30 59 %d * * *", (high-60)%day/3600),
		fmt.Sprintf("59 %d %d * * *", (low-60)%3600/60, (low-60)%day/3600), // the last second before a gap
	}
	for _, w := range []int64{low - 60, low, middle, high - 60, high, high + 60} {
		texts = append(texts, fmt.Sprintf("%d %d * * *", w%3600/60, w%day/3600))
	}
	return texts
}

// random writes a spec of 5 or 6 fields.
func (z *zoneRun) random() string {
	var fields []string
	for f := z.rand.IntN(2); f < 6; f++ {
		members := []string{z.member(f)}
		for z.rand.IntN(3) == 0 {
			members = append(members, z.member(f))
		}
		fields = append(fields, strings.Join(members, ","))
	}
	return strings.Join(fields, " ")
}

func (z *zoneRun) member(f int) string {
	values := oracleMax[f] - oracleMin[f] + 1
	low := oracleMin[f] + z.rand.IntN(values)
	text := "*"
	switch z.rand.IntN(5) {
	case 0:
		text = fmt.Sprint(low)
	case 1:
		text = fmt.Sprintf("%d-%d", low, low+z.rand.IntN(oracleMax[f]-low+1))
	case 2:
		text = fmt.Sprintf("%d/%d", low, 1+z.rand.IntN(values))
	case 3:
		text = fmt.Sprintf("*/%d", 1+z.rand.IntN(values))
	}
	if f < 2 && text == "*" { // every second and every minute are long lists
		return "?/7"
	}
	return text
}

// compare holds Next, Prev, Count and Shift of a spec against the oracle.
func (z *zoneRun) compare(text string, begin, end int64, under []contract.DST) {
	z.t.Helper()
	o := readCrontab(z.t, text)
	plain, err := Parse(text, z.name)
	if err != nil {
		if !o.everFires() && strings.Contains(err.Error(), "never fires") {
			return
		}
		z.t.Fatal(err)
	}
	view := &scan{o: o, clock: z.clock, begin: begin, end: end}
	for _, dst := range under {
		want := view.fires(
			dst.Gap == contract.GapSkip || dst.Gap == "" && o.gapSkip,
			dst.Fold == contract.FoldBoth || dst.Fold == "" && o.foldBoth)
		s := plain.WithDST(dst)
		next, prev := walk(s, begin, end+59)
		for name, got := range map[string][]int64{"Next": next, "Prev": prev} {
			if !slices.Equal(got, want) {
				z.t.Fatalf("%q %+v from %d to %d: %s %s", text, dst, begin, end, name, differ(got, want, loadZone(z.name)))
			}
		}
		if n := s.Count(time.Unix(begin, -1), time.Unix(end+59, 0), time.Time{}); n != int64(len(want)) {
			z.t.Fatalf("%q %+v from %d to %d: Count is %d, want %d", text, dst, begin, end, n, len(want))
		}
		for _, u := range want {
			if got, mark := s.Shift(time.Unix(u, 0)), view.mark(u); got != mark {
				z.t.Fatalf("%q %+v: Shift(%d) is %q, want %q", text, dst, u, got, mark)
			}
		}
		z.sum.specs.Add(1)
		z.sum.times.Add(int64(len(want)))
	}
}

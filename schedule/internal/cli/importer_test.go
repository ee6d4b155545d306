package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/schedule/client"
	"github.com/weplanx/workflow/schedule/common"
	"github.com/weplanx/workflow/schedule/internal/weplanx"
	"github.com/weplanx/workflow/shared/natstest"
)

// What somebody has stored since the old value was read is not overwritten.
func TestImportInPlaceComparesAndSets(t *testing.T) {
	t.Parallel()
	nc := natstest.Start(t).Connect(t)
	legacy, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	schedule, err := client.New("beta", nc, legacy)
	if err != nil {
		t.Fatal(err)
	}
	// [{mode: HTTP, spec: @hourly, option: {url: http://a, body: {}}}]
	old := "\x91\x83\xa4mode\xa4HTTP\xa4spec\xa7@hourly\xa6option\x82\xa3url\xa8http://a\xa4body\x80"
	for _, key := range []string{"changed", "same"} {
		if _, err := legacy.Publish("$KV.beta_schedules."+key, []byte(old)); err != nil {
			t.Fatal(err)
		}
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := weplanx.Read(t.Context(), js, weplanx.Bucket{Name: "beta_schedules", Kind: weplanx.KV})
	if err != nil || len(entries) != 2 {
		t.Fatalf("got %v, %v", entries, err)
	}
	if err := schedule.Set("changed", common.HttpJob("@daily", common.HttpOption{Url: "http://b"})); err != nil {
		t.Fatal(err)
	}
	i := importer{flags: &importFlags{}, schedule: schedule, inPlace: true, now: time.Now()}
	got := i.all(t.Context(), entries)
	if got[0].Result != failed || !strings.Contains(got[0].Reason, "changed meanwhile") || got[1].Result != imported {
		t.Errorf("got %+v", got)
	}
	if jobs, err := schedule.Get("changed"); err != nil || jobs[0].Spec != "@daily" {
		t.Errorf("got %+v, %v", jobs, err)
	}
}

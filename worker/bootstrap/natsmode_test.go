package bootstrap_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/weplanx/workflow/shared/contract"
)

// A job of mode NATS is a message with our headers; its reply is recorded. One
// that repeats another occurrence carries that one's ID.
func TestTriggerOfModeNATS(t *testing.T) {
	t.Parallel()
	b := setup(t)
	got := make(chan *nats.Msg, 10)
	_, err := b.nc.Subscribe(b.names.Job("report.>"), func(m *nats.Msg) {
		got <- m
		_ = m.Respond([]byte(`{"rows":3}`)) // none asks in one of the cases
	})
	if err == nil {
		err = b.nc.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	b.start(t, nil)
	for _, request := range []bool{true, false} {
		option, err := json.Marshal(contract.NatsOption{Subject: "report.daily", Body: map[string]any{"n": 1}, Request: request})
		if err != nil {
			t.Fatal(err)
		}
		trigger := b.trigger("test", "")
		trigger.Mode, trigger.Option = contract.ModeNATS, option
		if request {
			trigger.Origin, trigger.ID = trigger.ID, contract.AgainID(trigger.ID, trigger.ID)
		}
		b.publish(t, trigger)
		select {
		case m := <-got:
			id := trigger.ID
			if request {
				id = trigger.Origin
			}
			if string(m.Data) != `{"n":1}` || m.Header.Get(contract.HeaderID) != id || m.Header.Get(contract.HeaderKey) != "test" || (m.Reply != "") != request {
				t.Errorf("got %s %v", m.Data, m.Header)
			}
		case <-time.After(patience):
			t.Fatal("no message came")
		}
	}
	b.drained(t)
	again, first := contract.Result{}, contract.Result{}
	for _, r := range b.finals(t, 2) { // in the order in which they were recorded, which is any
		if r.Origin != "" {
			again = r
		} else {
			first = r
		}
	}
	if r := again; r.Outcome != contract.OutcomeSuccess || r.Mode != contract.ModeNATS || r.Bytes != 10 || r.Excerpt != `{"rows":3}` || r.TraceID == "" {
		t.Errorf("got %+v", r)
	}
	if r := first; r.Outcome != contract.OutcomeSuccess || r.Bytes != 0 {
		t.Errorf("got %+v", r)
	}
}

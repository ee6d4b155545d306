package natsresult

import (
	"testing"

	"github.com/nats-io/nats.go"
)

// Only an acknowledgement of every message confirms a batch.
func TestAnswersToABatch(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		data string
		ok   bool
	}{
		"all":             {`{"stream":"beta_results","seq":9,"batch":"a-1","count":3}`, true},
		"some":            {`{"stream":"beta_results","seq":8,"batch":"a-1","count":2}`, false},
		"another batch":   {`{"stream":"beta_results","seq":9,"batch":"b-1","count":3}`, false},
		"another stream":  {`{"stream":"x","seq":9,"batch":"a-1","count":3}`, false},
		"gap":             {`{"type":"gap","last_seq":2,"seq":3}`, false},
		"error":           {`{"type":"err","seq":2,"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"}}`, false},
		"refused":         {`{"stream":"beta_results","error":{"code":400,"err_code":10205,"description":"disabled"}}`, false},
		"no acknowledger": {`{}`, false},
		"not JSON":        {`+`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &answers{inbox: "_INBOX.a.", name: "a", batches: map[string]*batch{}}
			b := a.open(3)
			subject := b.reply(3)
			a.receive(&nats.Msg{Subject: b.reply(1), Data: []byte(`{"type":"ack","seq":0,"msgs":500}`)})
			a.receive(&nats.Msg{Subject: "_INBOX.a.a-9.1000.fail.3.2.$FI", Data: []byte(`{"error":{"code":1}}`)})
			a.receive(&nats.Msg{Subject: subject, Data: []byte(test.data)})
			a.receive(&nats.Msg{Subject: subject, Data: []byte(`late`)})
			if err := b.check(<-b.answer, "beta_results"); (err == nil) != test.ok {
				t.Errorf("got %v", err)
			}
			a.close([]*batch{b})
			if len(a.batches) > 0 {
				t.Error("the batch is kept")
			}
		})
	}
}

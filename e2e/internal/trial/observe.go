package trial

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/weplanx/workflow/e2e/internal/ledger"
	"github.com/weplanx/workflow/shared/contract"
)

// Audit copies every trigger from now on to a stream of its own, where the
// workers do not take them away. It is for a server that stays: where one is
// killed, the copying changes what a work queue does; use Observe.
func (tr *Trial) Audit() {
	tr.t.Helper()
	ctx, cancel := tr.timeout()
	defer cancel()
	name, now := fmt.Sprintf("audit_%s", tr.Names), time.Now()
	_, err := tr.admin.CreateStream(ctx, jetstream.StreamConfig{
		Name: name,
		Sources: []*jetstream.StreamSource{
			{Name: tr.Names.TriggerStream(), FilterSubject: tr.Names.Triggers(), OptStartTime: &now},
		},
	})
	if err != nil {
		tr.t.Fatalf("stream %s: %v", name, err)
	}
	tr.audit = &ledger.Reader{Stream: name, Read: func(m jetstream.Msg) error {
		trigger, err := contract.Decode[contract.Trigger](m.Data())
		if err != nil {
			return fmt.Errorf("trigger %s: %w", m.Subject(), err)
		}
		tr.publish(trigger)
		return nil
	}}
}

// publish books a trigger. Those that only say that others were missed have no
// ID; their records tell of them.
func (tr *Trial) publish(t contract.Trigger) {
	if t.Missed == nil {
		tr.Ledger.Published(t)
	}
}

// observed are the sequences of the triggers that were seen.
type observed struct {
	mu   sync.Mutex
	seen map[string]bool
}

// first says whether a sequence is new.
func (o *observed) first(sequence string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.seen[sequence] {
		return false
	}
	o.seen[sequence] = true
	return true
}

// Observe has the server publish a copy of each trigger that it has stored, below
// a subject that the user of the connections may subscribe to, and books each
// once, by its sequence. With a connection to each of the servers hardly any is
// missed while one is away: what its leader had no time to publish any more.
func (tr *Trial) Observe(prefix string, connections ...*nats.Conn) {
	tr.t.Helper()
	tr.observed = &observed{seen: map[string]bool{}}
	for _, nc := range connections {
		_, err := nc.Subscribe(prefix+".>", tr.see)
		if err = errors.Join(err, nc.FlushTimeout(callTimeout)); err != nil {
			tr.t.Fatalf("subscribe to copies of triggers: %v", err)
		}
	}
	ctx, cancel := tr.timeout()
	defer cancel()
	stream, err := tr.admin.Stream(ctx, tr.Names.TriggerStream())
	if err != nil {
		tr.t.Fatalf("stream of triggers: %v", err)
	}
	config := stream.CachedInfo().Config
	config.RePublish = &jetstream.RePublish{Source: tr.Names.Triggers(), Destination: prefix + ".>"}
	if _, err := tr.admin.UpdateStream(ctx, config); err != nil {
		tr.t.Fatalf("have triggers copied: %v", err)
	}
}

func (tr *Trial) see(m *nats.Msg) {
	if !tr.observed.first(m.Header.Get("Nats-Sequence")) {
		return
	}
	trigger, err := contract.Decode[contract.Trigger](m.Data)
	if err != nil {
		tr.t.Errorf("trigger %s: %v", m.Subject, err)
		return
	}
	tr.publish(trigger)
}
